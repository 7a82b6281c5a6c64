// A hands-free conversation: what the microphone hears goes to the server, and what comes back is
// shown and played. Its state follows from facts, never from what ought to happen next.

import { preferences, requestFields } from "../state/preferences.js";
import { Bookmark } from "./bookmark.js";
import { Connection } from "./connection.js";
import { encode } from "./pcm.js";
import { Questions } from "./questions.js";
import { Replies } from "./replies.js";
import { sessionUpdate } from "./session_update.js";
import { SilenceWatch } from "./silence_watch.js";
import { FRAME_MS, Sound } from "./sound.js";
import { Transcript } from "./transcript.js";

const LAST_REPORT_MS = 100; // the sound thread says where it stopped, for the server to know
// Of a session that ends: how far its reply was heard. Another conversation may be open by now.
const AFTERMATH = ["response.done", "conversation.item.truncated", "conversation.item.retrieved"];

export class LiveSession {
  #handlers;
  #silenceWatch;
  #sound = null;
  #connection = null;
  #shown;
  #transcript = null;
  #questions = null;
  #replies = null;
  #bookmark = null;
  #isStarted = false; // the server has answered once
  #isMuted = false;
  #isDeaf = false;
  #isClosed = false;
  #lastProblem = null; // since the session began
  #resolveTakenUp;

  /**
   * Call in a click or key handler. Raises MicrophoneError. `place`: {conversationId}, or what `leave`
   * of a page before this one returned. `shown`: where turns are shown, see live_talk.js.
   * `onState()` runs when `state` may have changed, `onConversation(id)` when a session has begun,
   * `onLevel(loudness)` every 40 ms, `onSilence(isSilent)` when the microphone gives digital silence for
   * long, and no longer; `onReplied()` after each reply; `onProblem(error)` for what the user should
   * read; `onEnd(error)` when it ends by itself, and why.
   */
  static async start(place, shown, handlers) {
    const session = new LiveSession(shown, handlers);
    session.#sound = await Sound.open({
      onFrame: (frame) => session.#hear(frame),
      onPlayed: (report) => session.#notePlayed(report),
      onAwake: () => session.#handlers.onState(),
      onLost: () => session.changeMicrophone(handlers.onEnd),
    });
    session.chooseLoudspeaker();
    session.#renew(place);
    if (place.isMuted) session.isMuted = true;
    session.#connection = new Connection({
      conversationId: place.conversationId,
      timezone: requestFields().timezone,
      place: place.token ? place : null,
      onEvent: (event) => session.#take(event),
      onBegin: () => session.#begin(),
      onResume: () => session.#goOn(place),
      onChange: () => session.#handlers.onState(),
      onLost: (error) => {
        session.#resolveTakenUp(false);
        handlers.onEnd(session.#lastProblem ?? error);
      },
    });
    return session;
  }

  constructor(shown, handlers) {
    this.#shown = shown;
    this.#handlers = handlers;
    this.#silenceWatch = new SilenceWatch(handlers.onSilence);
    /** Whether the session that `place` tells of goes on. */
    this.isTakenUp = new Promise((resolve) => (this.#resolveTakenUp = resolve));
  }

  get conversationId() {
    return this.#connection.conversationId;
  }

  /** asleep, speaking, held, connecting, reconnecting, hearing, thinking, muted or listening. */
  get state() {
    if (!this.#sound.isAwake) return "asleep";
    if (this.#replies.isPlaying) return "speaking";
    if (!this.#connection.isReady) return this.#isStarted ? "reconnecting" : "connecting";
    if (this.#replies.isHeld) return "held";
    if (this.#questions.isHearing) return "hearing";
    if (this.#questions.isAwaited || this.#replies.isOpen) return "thinking";
    return this.#isMuted ? "muted" : "listening";
  }

  get isMuted() {
    return this.#isMuted;
  }

  set isMuted(isMuted) {
    this.#isMuted = isMuted;
    this.#sound.isDeaf = this.#isMuted || this.#isDeaf;
    this.#handlers.onState();
  }

  /** While the page plays something else, which is not meant for this session's ears. */
  set isDeaf(isDeaf) {
    if (this.#isDeaf === isDeaf) return;
    this.#isDeaf = isDeaf;
    this.#sound.isDeaf = this.#isMuted || this.#isDeaf;
  }

  /** True while there is a reply to be stopped. */
  get isReplying() {
    return this.#replies.isOpen;
  }

  /** Takes over the user's settings. */
  configure() {
    if (!preferences.isSpeaking) this.#replies.silence();
    this.#connection.send(sessionUpdate());
  }

  /** Opens the microphone that is chosen now; `onFailure(error)` where that can't be. */
  async changeMicrophone(onFailure = this.#handlers.onProblem) {
    try {
      await this.#sound.changeMicrophone();
    } catch (error) {
      if (!this.#isClosed) onFailure(error);
    }
  }

  chooseLoudspeaker() {
    this.#sound.chooseLoudspeaker(preferences.loudspeaker);
  }

  /** Asks by text. */
  ask(words) {
    this.#replies.stop();
    this.#questions.ask(words, this.#replies.isBusy);
    this.#handlers.onState();
  }

  stopReply() {
    this.#questions.drop();
    this.#replies.stop();
    this.#handlers.onState();
  }

  /** After the page or the network was away. */
  wake() {
    this.#sound.wake();
    this.#connection.check();
  }

  /** The page goes away: returns what `start` on the next one needs, null where nothing can go on. */
  leave() {
    const { place } = this.#connection;
    if (place === null) return null;
    return {
      ...place,
      lastEventId: this.#bookmark.lastEventId,
      turnIds: this.#bookmark.turnIds,
      conversationId: this.conversationId,
      heard: this.#replies.leave(),
      isMuted: this.#isMuted,
      isAsking: this.#questions.isAsking,
    };
  }

  /** Ends it, and the reply that is being made or heard. */
  async close() {
    this.#isClosed = true;
    this.#resolveTakenUp(false);
    this.#sound.isDeaf = true;
    this.#questions.drop();
    this.#replies.stop();
    await new Promise((resolve) => setTimeout(resolve, LAST_REPORT_MS));
    this.#connection.close();
    this.#sound.close();
    this.#transcript.settle();
  }

  /** A session of the server, the first or one in place of it, knows nothing of what was before. */
  #renew({ lastEventId = null, turnIds, heard }) {
    this.#sound.clear();
    this.#transcript?.settle();
    this.#transcript = new Transcript(this.#shown, this.#transcript?.unanswered);
    this.#questions = new Questions(this.#transcript, (event) => this.#connection.send(event), this.#questions);
    const sendOptional = (event) => this.#connection.sendOptional(event);
    this.#replies = new Replies(this.#sound, this.#transcript, sendOptional, heard);
    this.#bookmark = new Bookmark(lastEventId, turnIds);
    this.#lastProblem = null;
  }

  #begin() {
    if (this.#isClosed) return;
    this.#renew({ lastEventId: this.#connection.lastEventId });
    this.#isStarted = true;
    this.#resolveTakenUp(false);
    this.configure();
    // Once the connection has sent the question itself.
    queueMicrotask(() => this.#questions.askAgain());
    this.#handlers.onConversation(this.conversationId);
    this.#handlers.onState();
  }

  /** The session goes on: after a drop, or at the `place` where the page before this one left it. */
  #goOn(place) {
    if (this.#isStarted) return;
    this.#isStarted = true;
    if (place.isAsking) this.#questions.await(true);
    this.configure();
    this.#resolveTakenUp(true);
    this.#handlers.onConversation(this.conversationId);
  }

  #hear({ samples, loudness, isDigitalSilence }) {
    this.#connection?.sendSound(encode(samples));
    this.#handlers.onLevel(loudness);
    const isExpected = this.#isMuted || this.#isDeaf;
    this.#silenceWatch.note(isDigitalSilence && !isExpected, FRAME_MS);
  }

  #notePlayed(report) {
    this.#replies.notePlayed(report);
    this.#noteState();
  }

  #take(event) {
    if (this.#isClosed && !AFTERMATH.includes(event.type)) return;
    this.#bookmark.note(event);
    this.#questions.take(event);
    if (event.type === "input_audio_buffer.speech_started") this.#replies.silence();
    else if (event.type === "error") this.#noteProblem(event.error);
    else this.#replies.take(event);
    if (event.type === "response.done") this.#noteReplied(event.response);
    this.#noteState();
  }

  #noteState() {
    this.#bookmark.move(this.#replies.isOpen || this.#questions.isAwaited, this.#questions.isHearing);
    this.#handlers.onState();
  }

  #noteProblem(error) {
    this.#lastProblem = problemOf(error);
    this.#handlers.onProblem(this.#lastProblem);
  }

  #noteReplied({ id, status, status_details }) {
    this.#questions.askAgain();
    this.#transcript.tidy();
    const error = status === "failed" ? problemOf(status_details?.error ?? { code: "server_error" }) : null;
    const isSeen = this.#transcript.endResponse(id, error);
    if (error && !isSeen) this.#handlers.onProblem(error);
    this.#handlers.onReplied();
  }
}

function problemOf({ code, message }) {
  return { code, detail: message };
}
