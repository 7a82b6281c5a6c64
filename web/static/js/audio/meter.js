// How loud the chosen microphone is, without recording.

import { watchLevels } from "./levels.js";
import { openMicrophone } from "./microphone.js";

const QUIETEST_DB = -60;
const SILENCE = 1e-4; // of full scale; a live microphone's own noise is above it, a switched-off one is below

/**
 * Opens the microphone as it is, without noise suppression. `onLevel({level, isSilent})` runs 25 times
 * a second: 0 (-60 dB) to 1 (full scale), by the peak. `onLost()`: it was unplugged. Returns what
 * closes it. Raises MicrophoneError.
 */
export async function openLevel({ onLevel, onLost }) {
  const stream = await openMicrophone({ noiseSuppression: false, echoCancellation: false });
  const unwatch = watchLevels(stream, (_, samples) => {
    const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    const level = 1 - (20 * Math.log10(peak)) / QUIETEST_DB;
    onLevel({ level: Math.min(1, Math.max(0, level)), isSilent: peak < SILENCE });
  });
  const [track] = stream.getAudioTracks();
  track.addEventListener("ended", onLost);
  return () => {
    unwatch();
    track.removeEventListener("ended", onLost);
    track.stop();
  };
}
