// Opens the microphone, or says why it cannot be had.

import { text } from "./i18n.js";

const CODES = {
  NotAllowedError: "microphone_refused",
  SecurityError: "microphone_refused",
  NotFoundError: "microphone_missing",
  OverconstrainedError: "microphone_missing",
};

/** `code` is the key of the sentence that says what is wrong and what to do. */
export class MicrophoneError extends Error {
  constructor(code, detail = null) {
    super(code);
    Object.assign(this, { code, detail });
  }
}

/** Raises MicrophoneError where this page or this browser can have none; asks nobody yet. */
export function requireMicrophone() {
  if (!window.isSecureContext) {
    const port = location.port || "80";
    throw new MicrophoneError("microphone_insecure", text("microphone_insecure", { port }));
  }
  if (!navigator.mediaDevices) throw new MicrophoneError("microphone_unsupported");
}

/** Asks for the microphone and returns its MediaStream. Raises MicrophoneError. */
export async function openMicrophone(wishes = {}) {
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, ...wishes },
    });
  } catch (error) {
    throw new MicrophoneError(CODES[error.name] ?? "microphone_busy");
  }
}
