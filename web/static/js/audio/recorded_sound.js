// The user's own recordings, so that their transcripts can be read along with them: only in the browser
// that sent them, as the server lets go of a recording once it is written down.

import { SoundStore } from "../state/sound_store.js";
import { stop as stopReply } from "./player.js";

const METADATA_MS = 3000;
const BEYOND_THE_END_S = 1e7;

const store = new SoundStore("recorded");
let heard = null; // the element that was played last

export function keepRecorded(turnId, { sound, filename }) {
  return store.put({ id: turnId, at: Date.now(), sound, filename });
}

/** Resolves to {sound, filename}; undefined where this browser does not have it, or no more. */
export function recordedOf(turnId) {
  return store.get(turnId);
}

export function forgetRecorded(turnId) {
  return store.delete(turnId);
}

/** Resolves to the duration in seconds; null where the browser cannot tell. */
export async function durationOf(sound) {
  const audio = new Audio();
  audio.preload = "metadata";
  const url = URL.createObjectURL(sound);
  try {
    return await new Promise((resolve) => {
      audio.addEventListener("loadedmetadata", () => resolve(Number.isFinite(audio.duration) ? audio.duration : null));
      audio.addEventListener("error", () => resolve(null));
      setTimeout(() => resolve(null), METADATA_MS);
      audio.src = url;
    });
  } finally {
    audio.removeAttribute("src");
    URL.revokeObjectURL(url);
  }
}

/** An audio element has begun to play: what else is heard stops. */
export function hearAlone({ target }) {
  stopReply();
  if (heard !== target) heard?.pause();
  heard = target;
}

/**
 * What a browser recorded says nothing of its length, and cannot be sought in before its end was looked
 * for. To be called once the metadata is there; resolves when the element is at its beginning.
 */
export async function learnDuration(audio) {
  if (audio.duration !== Infinity) return;
  audio.currentTime = BEYOND_THE_END_S;
  await new Promise((resolve) => {
    const check = () => {
      if (audio.duration === Infinity) return;
      audio.removeEventListener("durationchange", check);
      resolve();
    };
    audio.addEventListener("durationchange", check);
  });
  audio.currentTime = 0;
}
