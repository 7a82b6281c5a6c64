// Where a live session stood when its page went away, for the next page of the same tab.

import { read, write } from "../state/storage.js";

const STORED = "live_place";

/** `place`: as LiveSession.leave() returns it; null where there is nothing to go on with. */
export function keepPlace(place) {
  write(STORED, place && { ...place, left_ms: Date.now() }, "sessionStorage");
}

/** Returns the place while the server still keeps its session, else null. */
export function readPlace() {
  const place = read(STORED, "sessionStorage");
  return place && Date.now() < place.left_ms + place.kept_s * 1000 ? place : null;
}

export function forgetPlace() {
  write(STORED, null, "sessionStorage");
}
