// Notices a microphone that gives nothing: switched off at its cable, or by the system.

const AT_FIRST_MS = 4000; // of one that never gave a sound
const LATER_MS = 10000; // of one that did: noise suppression can give silence for a while

export class SilenceWatch {
  #silent_ms = 0;
  #limit_ms = AT_FIRST_MS;
  #onChange;

  /** `onChange(isSilent)`. */
  constructor(onChange) {
    this.#onChange = onChange;
  }

  note(isDigitalSilence, duration_ms) {
    const wasSilent = this.#silent_ms >= this.#limit_ms;
    this.#silent_ms = isDigitalSilence ? this.#silent_ms + duration_ms : 0;
    const isSilent = this.#silent_ms >= this.#limit_ms;
    if (isSilent !== wasSilent) this.#onChange(isSilent);
    if (!isDigitalSilence) this.#limit_ms = LATER_MS;
  }
}
