// Records the microphone with what the browser has: webm/opus, or mp4 on Safari.

import { MicrophoneError, openMicrophone, requireMicrophone } from "./microphone.js";

const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
const SHORTEST_MS = 300;

/**
 * Starts recording. Raises MicrophoneError.
 * `finished` resolves when recording ends, be it by stop(), cancel() or an unplugged microphone:
 * to the sound, or to null where it was cancelled. `level()` is the loudness now, from 0 to 1.
 */
export async function startRecording() {
  requireMicrophone();
  const type = window.MediaRecorder && TYPES.find((name) => MediaRecorder.isTypeSupported(name));
  if (!type) throw new MicrophoneError("microphone_unsupported");
  const stream = await openMicrophone();

  const recorder = new MediaRecorder(stream, { mimeType: type });
  const parts = [];
  recorder.addEventListener("dataavailable", ({ data }) => parts.push(data));
  const meter = createMeter(stream);
  const started_ms = performance.now();
  let isCancelled = false;

  const finished = new Promise((resolve, reject) => {
    recorder.addEventListener("stop", () => {
      stream.getTracks().forEach((track) => track.stop());
      meter.close();
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
    level: meter.level,
    filename: type.startsWith("audio/mp4") ? "recording.m4a" : `recording.${type.slice(6, type.indexOf(";"))}`,
    stop: end,
    cancel() {
      isCancelled = true;
      end();
    },
  };
}

function createMeter(stream) {
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: 1024 });
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  return {
    level() {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      return Math.min(1, Math.sqrt(power) * 6); // speech at arm's length has an RMS of about 0.1
    },
    close: () => context.close(),
  };
}
