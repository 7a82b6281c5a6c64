// The server's voices, asked for once.

import { shallowReactive } from "../../vendor/vue.runtime.esm-browser.prod.js";
import { request } from "../client/api.js";
import { preferences } from "./preferences.js";

/** `list`: {id, title, languages}. `defaults`: voice id by language. `error`: why there is no list. */
export const voices = shallowReactive({ list: [], defaults: {}, error: null });

export async function loadVoices() {
  if (voices.list.length > 0) return;
  try {
    const { voices: list, defaults } = await request("GET", "/api/voices");
    Object.assign(voices, { list, defaults, error: null });
  } catch (error) {
    voices.error = error;
    return;
  }
  // One that the server no longer has would fail every question.
  if (!findVoice(preferences.voice)) preferences.voice = "";
}

export function findVoice(id) {
  return voices.list.find((voice) => voice.id === id);
}

/** [[language, voices]…] by the first language of each, in the server's order. */
export function voicesByLanguage() {
  const groups = new Map();
  for (const voice of voices.list) {
    const [language] = voice.languages;
    groups.set(language, [...(groups.get(language) ?? []), voice]);
  }
  return [...groups];
}
