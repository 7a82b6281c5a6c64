// Three notes, to hear whether the loudspeaker is the right one.

import { preferences } from "../state/preferences.js";

const NOTES_HZ = [523.25, 659.25, 783.99]; // C, E, G
const APART_S = 0.18;
const LENGTH_S = 0.7;

/** Call in a click or key handler. Resolves when they have faded. */
export async function playChime() {
  const context = new AudioContext();
  // One that is gone leaves the system's own.
  if (preferences.loudspeaker) await context.setSinkId?.(preferences.loudspeaker).catch(() => {});
  const ends = NOTES_HZ.map((frequency, place) => note(context, frequency, context.currentTime + place * APART_S));
  await ends.at(-1);
  await context.close();
}

function note(context, frequency, start_s) {
  const loudness = new GainNode(context, { gain: 0 });
  loudness.gain.setValueAtTime(0, start_s);
  loudness.gain.linearRampToValueAtTime(0.25, start_s + 0.02);
  loudness.gain.exponentialRampToValueAtTime(0.001, start_s + LENGTH_S);
  const tone = new OscillatorNode(context, { type: "triangle", frequency });
  tone.connect(loudness).connect(context.destination);
  tone.start(start_s);
  tone.stop(start_s + LENGTH_S);
  return new Promise((resolve) => tone.addEventListener("ended", resolve, { once: true }));
}
