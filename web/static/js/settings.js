// What the user has chosen, kept in this browser: whether replies are spoken, and by which voice.

import { setText } from "./i18n.js";
import { read, write } from "./storage.js";

const speak = document.getElementById("speak");
const voice = document.getElementById("voice");

export function isSpeakOn() {
  return speak.checked;
}

/** The fields that go with every request. No voice means one that suits the reply's language. */
export function requestFields() {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  return {
    speak: speak.checked,
    ...(voice.value && { voice: voice.value }),
    ...(timeZone && { timezone: timeZone }),
  };
}

/** `onChange` runs when the user has chosen something else. */
export function attachSettings(onChange) {
  speak.checked = read("speak") !== "false";
  speak.addEventListener("change", () => {
    write("speak", String(speak.checked));
    onChange();
  });
  voice.addEventListener("change", () => {
    write("voice", voice.value);
    onChange();
  });
}

export async function loadVoices() {
  const response = await fetch("/api/voices").catch(() => null);
  if (!response?.ok) return; // the automatic voice stands
  const { voices } = await response.json();
  const automatic = new Option("", "");
  setText(automatic, "voice_automatic");
  voice.replaceChildren(automatic, ...voices.map(({ id, title }) => new Option(title, id)));
  const chosen = read("voice");
  if (voices.some(({ id }) => id === chosen)) voice.value = chosen;
}
