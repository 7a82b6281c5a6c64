// The user's choices, kept in this browser.

import { reactive, watch } from "../../vendor/vue.runtime.esm-browser.prod.js";
import { read, write } from "./storage.js";

const STORED = "preferences";
const DEFAULTS = {
  isSpeaking: true, // replies are spoken
  voice: "", // empty: the usual one of the reply's language
  speed: 1, // of speaking
  spokenLanguage: "", // ISO 639-1; empty: heard from the words
  manner: "", // formal, friendly, humorous, concise; empty: as the server is set
  theme: "", // light, dark; empty: as the system is set
  microphone: "", // device id; empty: as the system is set
  loudspeaker: "",
  isListOpen: true, // the list of conversations, where there is room for it
};

export const preferences = reactive({ ...DEFAULTS, ...read(STORED) });

watch(preferences, (chosen) => write(STORED, chosen));

/** The fields that go with every request for a reply. */
export function requestFields() {
  const { isSpeaking, voice, speed, spokenLanguage, manner } = preferences;
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  return {
    speak: isSpeaking,
    ...(voice && { voice }),
    ...(speed !== 1 && { speed }),
    ...(spokenLanguage && { language: spokenLanguage }),
    ...(manner && { manner }),
    ...(timeZone && { timezone: timeZone }),
  };
}
