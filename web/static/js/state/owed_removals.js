// Deletions that the server has perhaps not been told of: a browser that closes a page gives it half a
// second to say its last words, which a busy machine may not find. The next visit makes up for them.

import { read, write } from "./storage.js";

const STORED = "removals";
const LEFT_ALONE_MS = 60_000; // Another tab may still be undoing it.

export function noteRemoval(id) {
  write(STORED, { ...read(STORED), [id]: Date.now() });
}

/** Call when the server knows, or the user does not want it any more. */
export function settleRemoval(id) {
  const left = Object.entries(read(STORED) ?? {}).filter(([other]) => other !== id);
  write(STORED, left.length > 0 ? Object.fromEntries(left) : null);
}

/** Returns the ids of those that a page before this one has left behind. */
export function owedRemovals() {
  const since = Object.entries(read(STORED) ?? {});
  return since.filter(([, at_ms]) => Date.now() - at_ms > LEFT_ALONE_MS).map(([id]) => id);
}
