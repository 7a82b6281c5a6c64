// A hands-free conversation: what the microphone hears goes to the server, and what comes back is
// shown and played. Its state follows from facts, never from what ought to happen next.

import { MicrophoneError } from "../microphone.js";
import { requestFields } from "../settings.js";
import { Connection } from "./connection.js";
import { encode } from "./pcm.js";
import { Replies } from "./replies.js";
import { SilenceWatch } from "./silence_watch.js";
import { FRAME_MS, RATE_HZ, Sound } from "./sound.js";
import { Transcript } from "./transcript.js";

const AUTOMATIC_VOICE = "alloy"; // OpenAI's names mean the voice of the reply's language here
const LAST_REPORT_MS = 100; // the sound thread says where it stopped, for the server to know
const FORMAT = { type: "audio/pcm", rate: RATE_HZ };

export class LiveSession {
  #handlers;
  #silenceWatch;
  #sound = null;
  #connection = null;
  #transcript = null;
  #replies = null;
  #isStarted = false; // the server has answered once
  #isMuted = false;
  #isDeaf = false;
  #isHearing = false;
  #isWaiting = false; // for a reply to begin
  #isAsking = false; // by text, while the reply before is not over yet
  #optional = new Set(); // ids of our events whose failure means nothing
  #optionalCount = 0;
  #lastProblem = null; // since the session began

  /**
   * Call in a click or key handler. Raises MicrophoneError.
   * `onState()` runs when `state` may have changed, `onLevel(loudness)` every 40 ms, `onSilence(isSilent)`
   * when the microphone gives digital silence for long, and no longer; `onReplied()` after each reply;
   * `onProblem(error)` for what the user should read; `onEnd(error)` when it ends by itself, and
   * why.
   */
  static async start(conversationId, handlers) {
    const session = new LiveSession(handlers);
    session.#sound = await Sound.open({
      onFrame: (frame) => session.#hear(frame),
      onPlayed: (report) => session.#notePlayed(report),
      onAwake: () => session.#handlers.onState(),
      onLost: () => handlers.onEnd(new MicrophoneError("microphone_missing")),
    });
    session.#renew();
    session.#connection = new Connection({
      conversationId,
      timezone: requestFields().timezone,
      onEvent: (event) => session.#take(event),
      onBegin: () => session.#begin(),
      onChange: () => session.#handlers.onState(),
      onLost: (error) => handlers.onEnd(session.#lastProblem ?? error),
    });
    return session;
  }

  constructor(handlers) {
    this.#handlers = handlers;
    this.#silenceWatch = new SilenceWatch(handlers.onSilence);
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
    if (this.#isHearing) return "hearing";
    if (this.#isWaiting || this.#replies.isBusy) return "thinking";
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

  /** Takes over the page's settings. */
  configure() {
    const { speak, voice } = requestFields();
    if (!speak) this.#replies.silence();
    this.#connection.send({
      type: "session.update",
      session: {
        type: "realtime",
        output_modalities: [speak ? "audio" : "text"],
        audio: {
          input: {
            format: FORMAT,
            transcription: { model: "default" },
            turn_detection: { type: "semantic_vad", create_response: true, interrupt_response: true },
          },
          output: { format: FORMAT, voice: voice ?? AUTOMATIC_VOICE },
        },
      },
    });
  }

  /** Asks by text. */
  ask(words) {
    this.#replies.stop();
    this.#transcript.type(words);
    const content = [{ type: "input_text", text: words }];
    const item = { type: "message", role: "user", content };
    this.#connection.send({ type: "conversation.item.create", item });
    this.#isWaiting = this.#isAsking = true;
    if (!this.#replies.isBusy) this.#requestReply();
    this.#handlers.onState();
  }

  stopReply() {
    this.#isWaiting = this.#isAsking = false;
    this.#replies.stop();
    this.#handlers.onState();
  }

  /** After the page or the network was away. */
  wake() {
    this.#sound.wake();
    this.#connection.check();
  }

  /** Ends it, and the reply that is being made or heard. */
  async close() {
    this.#sound.isDeaf = true;
    this.#replies.stop();
    await new Promise((resolve) => setTimeout(resolve, LAST_REPORT_MS));
    this.#connection.close();
    this.#sound.close();
    this.#transcript.settle();
  }

  /** A session of the server, the first or one in place of it, knows nothing of what was before. */
  #renew() {
    this.#sound.clear();
    this.#transcript?.settle();
    this.#transcript = new Transcript();
    this.#replies = new Replies(this.#sound, this.#transcript, (event) => this.#sendOptional(event));
    this.#isHearing = this.#isWaiting = this.#isAsking = false;
    this.#lastProblem = null;
  }

  #begin() {
    const wasAsking = this.#isAsking;
    if (this.#isStarted) this.#renew();
    this.#isStarted = true;
    this.configure();
    // Once the connection has sent the question itself.
    if (wasAsking) queueMicrotask(() => this.#requestReply());
    this.#handlers.onState();
  }

  #requestReply() {
    this.#isAsking = false;
    this.#connection.send({ type: "response.create" });
  }

  #hear({ samples, loudness, isDigitalSilence }) {
    this.#connection?.sendSound(encode(samples));
    this.#handlers.onLevel(loudness);
    const isExpected = this.#isMuted || this.#isDeaf;
    this.#silenceWatch.note(isDigitalSilence && !isExpected, FRAME_MS);
  }

  #notePlayed(report) {
    this.#replies.notePlayed(report);
    this.#handlers.onState();
  }

  #sendOptional(event) {
    this.#optionalCount += 1;
    const event_id = `optional_${this.#optionalCount}`;
    this.#optional.add(event_id);
    this.#connection.send({ event_id, ...event });
  }

  #take(event) {
    const { item_id } = event;
    switch (event.type) {
      case "input_audio_buffer.speech_started":
        this.#isHearing = true;
        this.#replies.silence();
        break;
      case "input_audio_buffer.speech_stopped":
        this.#isHearing = false;
        break;
      case "input_audio_buffer.committed":
        this.#isHearing = false;
        this.#isWaiting = true;
        this.#transcript.await(item_id);
        break;
      case "x.caption":
        this.#transcript.caption(item_id, event.text);
        break;
      case "conversation.item.input_audio_transcription.completed":
        this.#transcript.write(item_id, event.transcript.trim());
        if (!event.transcript.trim()) this.#isWaiting = false;
        break;
      case "conversation.item.input_audio_transcription.failed":
        this.#transcript.fail(item_id);
        this.#isWaiting = false;
        break;
      case "error":
        if (this.#optional.has(event.error.event_id)) break;
        this.#isWaiting = false;
        this.#lastProblem = problemOf(event.error);
        this.#handlers.onProblem(this.#lastProblem);
        break;
      case "response.created":
        this.#isWaiting = this.#isAsking;
        this.#replies.take(event);
        break;
      case "response.done":
        this.#replies.take(event);
        this.#noteReplied(event.response);
        break;
      default:
        this.#replies.take(event);
    }
    this.#handlers.onState();
  }

  #noteReplied({ status, status_details, output }) {
    if (this.#isAsking) this.#requestReply();
    this.#transcript.tidy();
    const hasFailedUnseen = status === "failed" && output.length === 0;
    if (hasFailedUnseen) this.#handlers.onProblem(problemOf(status_details.error));
    this.#handlers.onReplied();
  }
}

function problemOf({ code, message }) {
  return { code, detail: message };
}
