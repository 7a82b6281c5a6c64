// Records the microphone with what the browser has: webm/opus, or mp4 on Safari.

import { SilenceWatch } from "../live/silence_watch.js";
import { clearLevels, noteLevel, watchLevels } from "./levels.js";
import { MicrophoneError, openMicrophone } from "./microphone.js";

const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
const SHORTEST_MS = 300;
const LEVEL_MS = 40;

/**
 * Starts recording. Raises MicrophoneError.
 * `finished` resolves when recording ends, be it by stop(), cancel() or an unplugged microphone: to the
 * sound, or to null where it was cancelled; it rejects with MicrophoneError where that was too short.
 * `onSilence(isSilent)`: the microphone gives nothing at all, or something again.
 */
export async function startRecording(onSilence) {
  const type = window.MediaRecorder && TYPES.find((name) => MediaRecorder.isTypeSupported(name));
  const stream = await openMicrophone();
  if (!type) throw new MicrophoneError("microphone_unsupported");

  const recorder = new MediaRecorder(stream, { mimeType: type });
  const parts = [];
  recorder.addEventListener("dataavailable", ({ data }) => parts.push(data));
  const silence = new SilenceWatch(onSilence);
  const unwatch = watchLevels(stream, (loudness, samples) => {
    noteLevel(loudness);
    silence.note(samples.every((sample) => sample === 0), LEVEL_MS);
  });
  const started_ms = performance.now();
  let isCancelled = false;

  const finished = new Promise((resolve, reject) => {
    recorder.addEventListener("stop", () => {
      stream.getTracks().forEach((track) => track.stop());
      unwatch();
      clearLevels();
      if (isCancelled) resolve(null);
      else if (performance.now() - started_ms < SHORTEST_MS) reject(new MicrophoneError("too_short"));
      else resolve(new Blob(parts, { type }));
    });
  });
  const end = () => recorder.state === "recording" && recorder.stop();
  recorder.start();
  return {
    finished,
    started_ms,
    filename: type.startsWith("audio/mp4") ? "recording.m4a" : `recording.${type.slice(6, type.indexOf(";"))}`,
    stop: end,
    cancel() {
      isCancelled = true;
      end();
    },
  };
}
