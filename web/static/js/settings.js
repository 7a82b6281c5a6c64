// What the user has chosen, kept in this browser: whether replies are spoken, and by which voice.

import { setText } from "./i18n.js";

const speak = document.getElementById("speak");
const voice = document.getElementById("voice");

function read(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null; // storage is forbidden: the choice lasts as long as the page
  }
}

function write(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // As above.
  }
}

export function isSpeakOn() {
  return speak.checked;
}

/** The fields that go with every request. No voice means one that suits the reply's language. */
export function requestFields() {
  return { speak: speak.checked, ...(voice.value && { voice: voice.value }) };
}

/** `onSilence` runs when the user switches speech off. */
export function attachSettings(onSilence) {
  speak.checked = read("speak") !== "false";
  speak.addEventListener("change", () => {
    write("speak", String(speak.checked));
    if (!speak.checked) onSilence();
  });
  voice.addEventListener("change", () => write("voice", voice.value));
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
