// Opens the microphone, or says why it cannot be had.

import { preferences } from "../state/preferences.js";

const CODES = {
  NotAllowedError: "microphone_refused",
  SecurityError: "microphone_refused",
  NotFoundError: "microphone_missing",
  OverconstrainedError: "microphone_missing",
};

/** `code` is the key of the sentence that says what is wrong and what to do. */
export class MicrophoneError extends Error {
  constructor(code, values = {}) {
    super(code);
    Object.assign(this, { code, values, detail: null });
  }
}

/** Raises MicrophoneError where this page or this browser can have none; asks nobody yet. */
export function requireMicrophone() {
  if (!window.isSecureContext) {
    throw new MicrophoneError("microphone_insecure", { port: location.port || "80" });
  }
  if (!navigator.mediaDevices) throw new MicrophoneError("microphone_unsupported");
}

/** Asks for the chosen microphone and returns its MediaStream. Raises MicrophoneError. */
export async function openMicrophone(wishes = {}) {
  requireMicrophone();
  // A chosen one that is not plugged in today is no reason to say nothing: another takes its place.
  const deviceId = preferences.microphone && { deviceId: { ideal: preferences.microphone } };
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, ...deviceId, ...wishes },
    });
  } catch (error) {
    throw new MicrophoneError(CODES[error.name] ?? "microphone_busy");
  }
}
