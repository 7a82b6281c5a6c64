// Plays one reply at a time, piece after piece, each from the very sample where the one before it
// ends. The first starts as soon as it is there, while later ones are still being made.

import { reactive, watch } from "../../vendor/vue.runtime.esm-browser.prod.js";
import { preferences } from "../state/preferences.js";
import { heardChars } from "../state/turns.js";
import { stretch } from "./stretch.js";

const FETCH_ATTEMPTS = 3;
const START_DELAY_S = 0.03; // so that the first samples are not lost while the device wakes
const REPORT_MS = 80;

/**
 * `reply`: whose sound is open, or null. `isBlocked`: the browser keeps it silent until the user acts.
 */
export const playing = reactive({ reply: null, isBlocked: false });

let context = null;
let playback = null;

/** Call in a click or key handler: browsers keep sound silent until the user has acted. */
export function unlockSound() {
  if (context === null) {
    context = new AudioContext();
    context.addEventListener("statechange", noteBlocked);
    watch(() => preferences.loudspeaker, chooseLoudspeaker, { immediate: true });
  }
  context.resume();
}

/**
 * Plays the pieces that are there, and those still to come as they arrive. `rate` below 1 slows the
 * voice without lowering it. `from`: {index, offset_s}, where an earlier hearing stopped.
 */
export function play(reply, { rate = 1, from = { index: 0, offset_s: 0 } } = {}) {
  stop();
  unlockSound();
  playing.reply = reply;
  playback = new Playback(reply, rate, from);
  noteBlocked();
}

/** Ends the sound. Returns how many milliseconds of the open reply were heard; null where none is open. */
export function stop() {
  if (playback === null) return null;
  const { heard_ms } = playback;
  playback.close();
  playback = null;
  playing.reply = null;
  playing.isBlocked = false;
  return heard_ms;
}

/** Where in which reply the sound is: {index, offset_s}; null where none is open. */
export function position() {
  return playback?.position ?? null;
}

function noteBlocked() {
  playing.isBlocked = playing.reply !== null && context.state !== "running";
}

function chooseLoudspeaker(deviceId) {
  // One that is gone, or forbidden, leaves the system's own.
  context.setSinkId?.(deviceId).catch(() => {});
}

class Playback {
  #reply;
  #rate;
  #buffers = new Map(); // index → AudioBuffer, or null where the piece has no sound
  #scheduled = []; // {index, source, start_s, begin_s, duration_s} in order of playing
  #nextIndex;
  #skip_s; // of the first piece
  #end_s = 0; // in the context's time, of what is scheduled
  #stopping = new AbortController();
  #unwatch;
  #reporting;

  constructor(reply, rate, { index, offset_s }) {
    this.#reply = reply;
    this.#rate = rate;
    this.#nextIndex = index;
    this.#skip_s = offset_s;
    reply.heardChars = 0;
    this.#unwatch = watch(
      () => [reply.pieces.length, reply.isSpoken],
      () => this.#takePieces(),
      { immediate: true },
    );
    this.#reporting = setInterval(() => this.#report(), REPORT_MS);
  }

  get position() {
    const now_s = context.currentTime;
    const entry = this.#scheduled.findLast(({ start_s }) => start_s <= now_s) ?? this.#scheduled[0];
    if (entry === undefined) return { index: this.#nextIndex, offset_s: this.#skip_s };
    const played_s = Math.max(0, now_s - entry.start_s) * this.#rate;
    return { index: entry.index, offset_s: Math.min(entry.duration_s, entry.begin_s + played_s) };
  }

  get heard_ms() {
    const { index, offset_s } = this.position;
    const before = this.#reply.pieces.filter((piece) => piece.index < index);
    return Math.round(1000 * before.reduce((sum_s, { duration_s }) => sum_s + duration_s, offset_s));
  }

  close() {
    this.#stopping.abort();
    this.#unwatch();
    clearInterval(this.#reporting);
    for (const { source } of this.#scheduled) source.stop();
    this.#reply.isPlaying = false;
    this.#reply.heardChars = null;
  }

  #takePieces() {
    for (const { index, audioId } of this.#reply.pieces) {
      if (index < this.#nextIndex || this.#buffers.has(index)) continue;
      this.#buffers.set(index, undefined); // on its way
      this.#load(audioId).then((buffer) => {
        this.#buffers.set(index, buffer);
        this.#schedule();
      });
    }
    this.#report();
  }

  async #load(audioId) {
    const { signal } = this.#stopping;
    for (let attempt = 1; audioId && attempt <= FETCH_ATTEMPTS && !signal.aborted; attempt += 1) {
      try {
        const response = await fetch(`/api/audio/${audioId}`, { signal });
        if (!response.ok) throw new Error(response.statusText);
        const buffer = await context.decodeAudioData(await response.arrayBuffer());
        return this.#rate === 1 ? buffer : slowed(buffer, this.#rate);
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 300 * attempt));
      }
    }
    return null;
  }

  #schedule() {
    while (!this.#stopping.signal.aborted && this.#buffers.get(this.#nextIndex) !== undefined) {
      const buffer = this.#buffers.get(this.#nextIndex);
      if (buffer !== null) this.#start(buffer, this.#nextIndex);
      this.#nextIndex += 1;
      this.#skip_s = 0;
    }
  }

  #start(buffer, index) {
    const source = new AudioBufferSourceNode(context, { buffer });
    source.connect(context.destination);
    const start_s = Math.max(this.#end_s, context.currentTime + START_DELAY_S);
    source.start(start_s, this.#skip_s / this.#rate);
    this.#end_s = start_s + Math.max(0, buffer.duration - this.#skip_s / this.#rate);
    const duration_s = buffer.duration * this.#rate;
    this.#scheduled.push({ index, source, start_s, begin_s: this.#skip_s, duration_s });
  }

  #report() {
    const reply = this.#reply;
    const now_s = context.currentTime;
    reply.isPlaying = context.state === "running" && this.#scheduled.length > 0 && now_s < this.#end_s;
    if (this.#scheduled.length > 0) {
      const { index, offset_s } = this.position;
      const piece = reply.pieces.find((each) => each.index === index);
      reply.heardChars = heardChars(reply, index, piece.duration_s ? offset_s / piece.duration_s : 1);
      reply.played_ms = this.heard_ms;
    }
    const last = reply.pieces.at(-1)?.index ?? -1;
    if (reply.isSpoken && this.#nextIndex > last && now_s >= this.#end_s && playback === this) stop();
  }
}

/** Speech has one channel here. */
function slowed(buffer, rate) {
  const { sampleRate } = buffer;
  const samples = stretch(buffer.getChannelData(0), rate, sampleRate);
  const stretched = new AudioBuffer({ length: samples.length, sampleRate });
  stretched.copyToChannel(samples, 0);
  return stretched;
}
