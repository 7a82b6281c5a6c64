// The hands-free conversation, whatever shows it: begun, muted, ended, kept awake, and taken up
// again after the page was loaded anew.
//
//   const live = new LiveTalk(turns, handlers);
//
// `turns`, which shows them; every turn is one of state/turns.js, of the kind "live", and is
// written to directly from then on:
//   addTurn(turn)     It goes to the end of the list. Its `id` may come later. One that the assistant
//                     begins by itself has neither question nor note.
//   removeTurn(turn)  It was nothing: a noise, a caption that was withdrawn.
//   nameTurn(turn)    Its `id` has become known. Another turn of the list with that id, read over
//                     HTTP, is the same: let this one take its place.
// `handlers`:
//   onConversation(id)  The conversation that is talked in, once a session has begun.
//   onReplied()         A reply has ended, however: a reminder may have been set.
//   onProblem(error)    {code, detail, values}, to be read by the user; onSolved() when it is no more.
//   onLevel(loudness)   Of the microphone, every 40 ms: root mean square, 0 to 1; speech has about 0.1.
//
// Settings and devices are those of state/preferences.js; what changes there is followed.
//
// After a reload: `const kept = live.resumable()` is null or {conversationId, turnIds}. Show that
// conversation without the turns in turnIds, not even those that run, then call `await live.resume()`:
// true where the session goes on, which adds these turns itself and plays on where the sound was;
// false where it is gone (a new session has begun, or a problem was told), so show them, too.

import { shallowReactive, watch } from "../../vendor/vue.runtime.esm-browser.prod.js";
import { MicrophoneError } from "../audio/microphone.js";
import { preferences, requestFields } from "../state/preferences.js";
import { forgetPlace, keepPlace, readPlace } from "./place.js";
import { LiveSession } from "./session.js";

const IDLE_STATES = [null, "listening", "muted"];

export class LiveTalk {
  #turns;
  #handlers;
  #session = null;
  #opening = null; // what is being opened, by identity
  #isSilent = false;
  #wakeLock = null;
  #shown = shallowReactive({ state: null, isMuted: false, isReplying: false, level: 0 });

  constructor(turns, handlers) {
    this.#turns = turns;
    this.#handlers = handlers;
    const wake = () => document.visibilityState === "visible" && this.#wake();
    document.addEventListener("visibilitychange", wake);
    window.addEventListener("online", wake);
    // A system that has put the sound to sleep may want to see the user before it wakes it.
    document.addEventListener("pointerdown", () => this.state === "asleep" && this.#wake());
    document.addEventListener("keydown", () => this.state === "asleep" && this.#wake());
    window.addEventListener("pagehide", () => keepPlace(this.#session?.leave() ?? null));
    window.addEventListener("pageshow", ({ persisted }) => persisted && forgetPlace());
    watch(requestFields, () => this.#session?.configure());
    watch(
      () => preferences.microphone,
      () => this.#session?.changeMicrophone(),
    );
    watch(
      () => preferences.loudspeaker,
      () => this.#session?.chooseLoudspeaker(),
    );
  }

  // All of these are reactive.

  /**
   * null while there is no such conversation, else asleep (the browser waits for a touch of the page),
   * connecting, reconnecting, listening, hearing, thinking, speaking, held or muted.
   */
  get state() {
    return this.#shown.state;
  }

  get isMuted() {
    return this.#shown.isMuted;
  }

  set isMuted(isMuted) {
    if (this.#session === null) return;
    this.#session.isMuted = isMuted;
    this.#show();
  }

  /** True while there is a reply to be stopped. */
  get isReplying() {
    return this.#shown.isReplying;
  }

  /** True while the user or the assistant speaks, or a reply is awaited. */
  get isBusy() {
    return !IDLE_STATES.includes(this.state);
  }

  /** As `onLevel` tells it; 0 while there is no session. */
  get level() {
    return this.#shown.level;
  }

  /** Set while the page plays something else, which is not meant for this session's ears. */
  set isDeaf(isDeaf) {
    if (this.#session) this.#session.isDeaf = isDeaf;
  }

  /** Call in a click or key handler. What goes wrong is told to `onProblem`. */
  async start(conversationId = null) {
    if (this.state !== null) return;
    forgetPlace();
    await this.#open({ conversationId });
  }

  /** What a reload has cut short and can still be taken up; null where there is nothing. */
  resumable() {
    const place = readPlace();
    return place && { conversationId: place.conversationId, turnIds: place.turnIds };
  }

  /** Returns whether the session before the reload goes on. */
  async resume() {
    const place = readPlace();
    forgetPlace();
    if (place === null || this.state !== null) return false;
    const session = await this.#open(place);
    return (await session?.isTakenUp) ?? false;
  }

  /** Resolves once all is said to the server. */
  async end() {
    this.#opening = null;
    const session = this.#session;
    this.#session = null;
    if (this.#isSilent) this.#noteSilence(false);
    this.#show();
    await session?.close();
  }

  /** Asks by text; false where there is no session to ask. */
  ask(words) {
    if (this.#session === null) return false;
    this.#handlers.onSolved();
    this.#session.ask(words);
    return true;
  }

  /** Ends the reply that is made or heard; the conversation goes on. */
  stopReply() {
    this.#session?.stopReply();
  }

  /** Returns the session; null where there is none in the end. */
  async #open(place) {
    const opening = (this.#opening = {});
    this.#show();
    try {
      const session = await LiveSession.start(place, this.#turns, this.#sessionHandlers());
      if (this.#opening !== opening) {
        await session.close(); // ended while the browser asked for permission
        return null;
      }
      this.#session = session;
    } catch (error) {
      if (!(error instanceof MicrophoneError)) throw error;
      this.#handlers.onProblem(error);
    } finally {
      if (this.#opening === opening) this.#opening = null;
      this.#show();
    }
    await this.#keepAwake();
    return this.#session;
  }

  #sessionHandlers() {
    return {
      onState: () => this.#show(),
      onConversation: (id) => this.#handlers.onConversation(id),
      onLevel: (loudness) => {
        this.#shown.level = loudness;
        this.#handlers.onLevel(loudness);
      },
      onSilence: (isSilent) => this.#noteSilence(isSilent),
      onReplied: () => this.#handlers.onReplied(),
      onProblem: (error) => this.#handlers.onProblem(error),
      onEnd: (error) => {
        this.end();
        this.#handlers.onProblem(error);
      },
    };
  }

  #noteSilence(isSilent) {
    this.#isSilent = isSilent;
    if (isSilent) this.#handlers.onProblem(new MicrophoneError("microphone_silent"));
    else this.#handlers.onSolved();
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
    const session = this.#session;
    Object.assign(this.#shown, {
      state: session?.state ?? (this.#opening ? "connecting" : null),
      isMuted: session?.isMuted ?? false,
      isReplying: session?.isReplying ?? false,
    });
    if (session === null) this.#shown.level = 0;
    if (this.state === null) this.#keepAwake();
  }
}
