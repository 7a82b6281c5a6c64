// The replies of one live session: written as they come, played, held, and cut where the user
// interrupts. What is told to the server of their playing is what the sound thread reports.

import { decode } from "./pcm.js";
import { RATE_HZ } from "./sound.js";

export class Replies {
  #sound;
  #transcript;
  #send;
  #current = null; // {item_id} of the response in the making; its item may be still to come
  #itemIds = new Map(); // response id → item id
  #sounding = new Set(); // ids of items with sound that is not played to its end
  #silenced; // ids of items of which no more is played
  #playing = null; // item id
  #isHeld = false;
  #played_ms = new Map(); // item id → of its sound
  #skipped_ms = new Map(); // item id → what a page before this one has played
  #left_samples = new Map(); // item id → of what is skipped, still to come

  /**
   * `send(event)`: one that may come too late, so that its failure means nothing. `heard`: what
   * `leave` of the page before this one returned.
   */
  constructor(sound, transcript, send, heard = { played_ms: {}, silenced: [] }) {
    this.#sound = sound;
    this.#transcript = transcript;
    this.#send = send;
    this.#silenced = new Set(heard.silenced);
    for (const [item_id, played_ms] of Object.entries(heard.played_ms)) {
      this.#skipped_ms.set(item_id, played_ms);
      this.#left_samples.set(item_id, Math.round((played_ms * RATE_HZ) / 1000));
    }
  }

  get isPlaying() {
    return this.#playing !== null;
  }

  get isHeld() {
    return this.#isHeld;
  }

  /** True while one is being made. */
  get isBusy() {
    return this.#current !== null;
  }

  /** True while there is one to be stopped. */
  get isOpen() {
    return this.isBusy || this.#sounding.size > 0;
  }

  stop() {
    if (this.isBusy) this.#send({ type: "response.cancel" });
    this.silence();
  }

  /** Ends all sound, now and to come. */
  silence() {
    for (const item_id of this.#sounding) this.#silenced.add(item_id);
    if (this.#current?.item_id) this.#silenced.add(this.#current.item_id);
    this.#isHeld = false;
    this.#sound.clear();
  }

  /** A report of the sound thread. */
  notePlayed({ item_id, audio_ms: since_ms, change }) {
    if (!this.#sounding.has(item_id)) return; // of a session before this one
    const audio_ms = since_ms + (this.#skipped_ms.get(item_id) ?? 0);
    const is_playing = change === "started" || change === "progressed";
    if (is_playing) this.#playing = item_id;
    else if (this.#playing === item_id) this.#playing = null;
    if (change === "ended" || change === "cleared") this.#sounding.delete(item_id);
    this.#played_ms.set(item_id, audio_ms);
    this.#send({ type: "x.playback.position", item_id, audio_ms, is_playing });
    const reply = this.#transcript.reply(item_id);
    reply.notePlayed(audio_ms, change);
    if (change !== "cleared") return;
    const audio_end_ms = audio_ms;
    this.#send({ type: "conversation.item.truncate", item_id, content_index: 0, audio_end_ms });
    reply.interrupt();
  }

  /** The page goes away: returns how much of each reply was played, and of which no more is to be. */
  leave() {
    const played_ms = Object.fromEntries([...this.#skipped_ms, ...this.#played_ms]);
    const item_id = this.#playing;
    if (item_id !== null) {
      const audio_ms = Math.round(this.#transcript.reply(item_id).heard_ms);
      played_ms[item_id] = audio_ms;
      this.#send({ type: "x.playback.position", item_id, audio_ms, is_playing: false });
    }
    return { played_ms, silenced: [...this.#silenced] };
  }

  /** An event of the server. */
  take(event) {
    const { item_id } = event;
    switch (event.type) {
      case "response.created":
        this.#current = { item_id: null };
        break;
      case "response.output_item.added":
        if (this.#current) this.#current.item_id = event.item.id;
        this.#itemIds.set(event.response_id, event.item.id);
        this.#transcript.openReply(event.item.id, event.response_id);
        break;
      case "response.output_audio_transcript.delta":
      case "response.output_text.delta":
        this.#transcript.reply(item_id)?.append(event.delta);
        break;
      case "response.output_audio.delta":
        if (this.#silenced.has(item_id) || !this.#transcript.reply(item_id)) break;
        this.#sounding.add(item_id);
        this.#sound.push(item_id, this.#afterSkipped(item_id, decode(event.delta)));
        break;
      case "x.speech.piece":
        this.#transcript.reply(item_id)?.addPiece(event);
        break;
      case "response.output_audio.done":
        this.#sound.end(item_id);
        break;
      case "response.done":
        this.#current = null;
        for (const item of event.response.output) this.#finish(item, event.response);
        break;
      case "x.playback.hold":
        this.#isHeld = true;
        this.#sound.hold();
        break;
      case "x.playback.resume":
        this.#isHeld = false;
        this.#sound.resume();
        break;
      case "x.turn.timings": {
        const timed = this.#itemIds.get(event.response_id);
        this.#transcript.reply(timed)?.noteTimings(event.stages);
        break;
      }
      case "conversation.item.truncated":
        this.#transcript.reply(item_id)?.interrupt();
        // Which words were heard, the server knows.
        this.#send({ type: "conversation.item.retrieve", item_id });
        break;
      case "conversation.item.retrieved":
        this.#transcript.reply(event.item.id)?.truncate(wordsOf(event.item));
        break;
    }
  }

  #finish(item, { status, status_details }) {
    const reply = this.#transcript.reply(item.id);
    if (reply === undefined) return;
    this.#sound.end(item.id);
    if (status === "cancelled") {
      this.#silenced.add(item.id);
      if (this.#sounding.has(item.id)) this.#sound.clear();
      reply.interrupt();
      if (item.content.length > 0) reply.truncate(wordsOf(item));
    } else if (status === "failed") {
      const { code, message } = status_details?.error ?? {};
      reply.fail({ code: code ?? "server_error", detail: message });
    } else reply.complete(wordsOf(item));
  }

  /** What of the next samples the page before this one has not played. */
  #afterSkipped(item_id, samples) {
    const left = this.#left_samples.get(item_id) ?? 0;
    if (left > 0) this.#left_samples.set(item_id, Math.max(0, left - samples.length));
    return samples.slice(Math.min(left, samples.length));
  }
}

function wordsOf(item) {
  return item.content.map(({ transcript, text }) => transcript ?? text ?? "").join("");
}
