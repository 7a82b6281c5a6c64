// The hands-free conversation as the user handles it: a button that begins and ends it, one that
// mutes the microphone and shows what it hears, and the page's coming back from sleep.

import { setLabel, setText } from "../i18n.js";
import { MicrophoneError } from "../microphone.js";
import { LiveSession } from "./session.js";

const toggle = document.getElementById("live");
const mute = document.getElementById("mute");
const IDLE_STATES = [null, "listening", "muted"];

export class LiveControl {
  #page;
  #session = null;
  #isOpening = false;
  #isSilent = false;
  #wakeLock = null;

  /**
   * `page`: conversationId(), onStart() before the microphone is asked for, onChange() when `state` may
   * have changed, onConversation(id), onReplied() after each reply, onProblem(error) and onSolved().
   */
  constructor(page) {
    this.#page = page;
    toggle.addEventListener("click", () => (this.#isOn ? this.end() : this.#start()));
    mute.addEventListener("click", () => this.#setMuted(!this.#session?.isMuted));
    const wake = () => document.visibilityState === "visible" && this.#wake();
    document.addEventListener("visibilitychange", wake);
    window.addEventListener("online", wake);
    // A system that has put the sound to sleep may want to see the user before it wakes it.
    document.addEventListener("pointerdown", () => this.state === "asleep" && this.#wake());
    document.addEventListener("keydown", () => this.state === "asleep" && this.#wake());
  }

  /** Null while there is no hands-free conversation. */
  get state() {
    if (this.#session) return this.#session.state;
    return this.#isOpening ? "connecting" : null;
  }

  /** True while the user or the assistant speaks, or a reply is awaited. */
  get isBusy() {
    return !IDLE_STATES.includes(this.state);
  }

  get isReplying() {
    return this.#session?.isReplying ?? false;
  }

  set isDeaf(isDeaf) {
    if (this.#session) this.#session.isDeaf = isDeaf;
  }

  /** Takes over the page's settings. */
  configure() {
    this.#session?.configure();
  }

  /** Asks by text; false where there is no session to ask. */
  ask(words) {
    if (this.#session === null) return false;
    this.#page.onSolved();
    this.#session.ask(words);
    return true;
  }

  stopReply() {
    this.#session?.stopReply();
  }

  /** Resolves once all is said to the server. */
  async end() {
    this.#isOpening = false;
    const session = this.#session;
    this.#session = null;
    if (this.#isSilent) this.#noteSilence(false);
    this.#show();
    await session?.close();
  }

  get #isOn() {
    return this.#session !== null || this.#isOpening;
  }

  async #start() {
    this.#page.onStart();
    this.#isOpening = true;
    this.#show();
    try {
      const session = await LiveSession.start(this.#page.conversationId(), this.#handlers());
      if (this.#isOpening) this.#session = session;
      else await session.close(); // ended while the browser asked for permission
    } catch (error) {
      if (!(error instanceof MicrophoneError)) throw error;
      this.#page.onProblem(error);
    } finally {
      this.#isOpening = false;
      this.#show();
    }
    await this.#keepAwake();
  }

  #handlers() {
    return {
      onState: () => {
        if (this.#session?.conversationId) this.#page.onConversation(this.#session.conversationId);
        this.#page.onChange();
      },
      onLevel: (loudness) => {
        // Speech at arm's length has a root mean square of about 0.1.
        mute.style.setProperty("--level", Math.min(1, loudness * 6).toFixed(2));
      },
      onSilence: (isSilent) => this.#noteSilence(isSilent),
      onReplied: () => this.#page.onReplied(),
      onProblem: (error) => this.#page.onProblem(error),
      onEnd: (error) => {
        this.end();
        this.#page.onProblem(error);
      },
    };
  }

  #noteSilence(isSilent) {
    this.#isSilent = isSilent;
    if (isSilent) this.#page.onProblem(new MicrophoneError("microphone_silent"));
    else this.#page.onSolved();
  }

  #setMuted(isMuted) {
    if (this.#session === null) return;
    this.#session.isMuted = isMuted;
    this.#show();
  }

  #wake() {
    this.#session?.wake();
    this.#keepAwake();
  }

  /** Nobody touches the screen of a phone that is talked to; it must not go to sleep over that. */
  async #keepAwake() {
    if (this.#session && !(this.#wakeLock?.released === false)) {
      this.#wakeLock = await navigator.wakeLock?.request("screen").catch(() => null);
    }
    if (this.#session === null) await this.#wakeLock?.release();
  }

  #show() {
    const isMuted = this.#session?.isMuted ?? false;
    document.body.classList.toggle("live", this.#isOn);
    toggle.setAttribute("aria-pressed", String(this.#isOn));
    setText(toggle.querySelector(".words"), this.#isOn ? "live_end" : "live_start");
    mute.setAttribute("aria-pressed", String(isMuted));
    mute.disabled = this.#session === null;
    setLabel(mute, isMuted ? "unmute" : "mute");
    if (!this.#isOn) this.#keepAwake();
    this.#page.onChange();
  }
}
