// What the server remembers about the user.

import { shallowReactive } from "../../vendor/vue.runtime.esm-browser.prod.js";
import { request } from "../client/api.js";
import { preferences } from "./preferences.js";

const ADDRESS = "/api/profile";

/**
 * `facts`: {id, text, at}, oldest first; null until they are known. `manner`: what the user asked for
 * in a conversation or chose here; null for none. `error`: what the last request ended in.
 */
export const profile = shallowReactive({ facts: null, isEnabled: true, manner: null, error: null });

let changes = 0; // that were begun

/** Like the others: true where the server did as it was told. */
export async function loadProfile() {
  const before = changes;
  const isDone = await attempt(async () => {
    const loaded = await request("GET", ADDRESS);
    if (changes === before) take(loaded);
  });
  return isDone && changes !== before ? loadProfile() : isDone;
}

export async function setLearning(isEnabled) {
  const before = profile.isEnabled;
  profile.isEnabled = isEnabled;
  const isDone = await change(async () => take(await request("PATCH", ADDRESS, { is_enabled: isEnabled })));
  if (!isDone) profile.isEnabled = before;
  return isDone;
}

export async function editFact(id, text) {
  return change(async () => take(await request("PATCH", `${ADDRESS}/facts/${id}`, { text })));
}

export async function forgetFact(id) {
  return change(async () => {
    await request("DELETE", `${ADDRESS}/facts/${id}`).catch((error) => {
      if (error.code !== "fact_unknown") throw error; // forgotten already, in another window or by word
    });
    profile.facts = profile.facts.filter((fact) => fact.id !== id);
  });
}

/** Facts and manner. */
export async function forgetEverything() {
  const isDone = await change(async () => {
    await request("DELETE", ADDRESS);
    Object.assign(profile, { facts: [], manner: null });
  });
  if (isDone) preferences.manner = "";
  return isDone;
}

/** Returns added; known where it said nothing new; failed. */
export async function addFact(text) {
  const before = new Set(profile.facts.map(({ id }) => id));
  const isDone = await change(async () => take(await request("POST", `${ADDRESS}/facts`, { text })));
  if (!isDone) return "failed";
  return profile.facts.some(({ id }) => !before.has(id)) ? "added" : "known";
}

/** formal, friendly, humorous or concise; empty: as the server is set. */
export function currentManner() {
  return preferences.manner || profile.manner || "";
}

/**
 * The server keeps it, since the user can also ask for a manner in a conversation, and the later wish
 * counts. It goes with each request instead while the server can't keep it. Returns whether it holds.
 */
export async function chooseManner(manner) {
  preferences.manner = manner;
  profile.manner = manner || null;
  const isKept = await change(async () => take(await request("PATCH", ADDRESS, { manner: manner || null })));
  if (isKept && preferences.manner === manner) preferences.manner = "";
  return isKept || manner !== "" || profile.error.code === "profile_off";
}

function take({ facts, is_enabled, manner }) {
  Object.assign(profile, { facts, isEnabled: is_enabled, manner });
}

async function change(act) {
  changes += 1;
  return attempt(act);
}

async function attempt(act) {
  try {
    await act();
    profile.error = null;
    return true;
  } catch (error) {
    profile.error = error;
    return false;
  }
}
