// One reply of a live session, as a turn of the page shows it.

import { addPiece, createReply, heardChars } from "../state/turns.js";

const REPORT_MS = 80;
const LONGEST_GUESS_MS = 1200; // the sound thread tells each second how far it is

export class LiveReply {
  #turn;
  #reply;
  #starts_ms = new Map(); // index of a piece → where in the sound it begins
  #told_ms = 0; // of the sound, as the sound thread said
  #told_at_ms = 0;
  #isOver = false; // no more is written, whatever comes
  #reporting = null;

  constructor(turn) {
    this.#turn = turn;
    turn.stage = "thinking";
    turn.reply = createReply();
    this.#reply = turn.reply; // the reactive one
  }

  append(words) {
    if (!this.#isOver) this.#reply.text += words;
  }

  complete(words) {
    if (!this.#isOver) this.#reply.text = words;
    this.#end();
  }

  /** `audio_id` names its sound over HTTP; empty where it has none there. */
  addPiece({ index, text, audio_id, audio_start_ms, duration_ms }) {
    this.#starts_ms.set(index, audio_start_ms);
    // Some could not be spoken, and none of them comes later.
    for (let i = (this.#reply.pieces.at(-1)?.index ?? -1) + 1; i < index; i += 1) {
      addPiece(this.#reply, { index: i, text: "", audioId: null, duration_s: 0 });
    }
    addPiece(this.#reply, { index, text, audioId: audio_id || null, duration_s: duration_ms / 1000 });
  }

  /** It ends here; what of it was heard, `truncate` says. */
  interrupt() {
    this.#reply.isInterrupted = true;
    this.#end();
  }

  truncate(words) {
    this.#reply.text = words;
    const wasHeard = ({ index }) => (this.#starts_ms.get(index) ?? 0) < this.#reply.played_ms;
    this.#reply.pieces = this.#reply.pieces.filter(wasHeard);
  }

  /** `error`: {code, detail}. */
  fail(error) {
    this.#turn.error = error;
    this.#end();
  }

  /** How much of its sound was played; `change` as playback_worklet.js tells it. */
  notePlayed(audio_ms, change) {
    this.#told_ms = audio_ms;
    this.#told_at_ms = performance.now();
    this.#reply.isPlaying = change === "started" || change === "progressed";
    clearInterval(this.#reporting);
    if (this.#reply.isPlaying) this.#reporting = setInterval(() => this.#report(), REPORT_MS);
    this.#report();
    if (change === "ended" || change === "cleared") this.#reply.heardChars = null;
  }

  /** Milliseconds of its sound, guessed between two reports. */
  get heard_ms() {
    if (!this.#reply.isPlaying) return this.#told_ms;
    return this.#told_ms + Math.min(LONGEST_GUESS_MS, performance.now() - this.#told_at_ms);
  }

  /** Milliseconds from the user's last sound to each stage of the reply. */
  noteTimings(stages) {
    this.#reply.timings = stages;
  }

  /** The session is over: what is unfinished stays so. */
  settle() {
    this.#end();
    clearInterval(this.#reporting);
    Object.assign(this.#reply, { isPlaying: false, heardChars: null });
  }

  #end() {
    this.#isOver = true;
    this.#turn.stage = null;
    Object.assign(this.#reply, { isComplete: true, isSpoken: true });
  }

  #report() {
    const heard_ms = this.heard_ms;
    this.#reply.played_ms = Math.round(heard_ms);
    const piece = this.#reply.pieces.findLast(({ index }) => this.#starts_ms.get(index) <= heard_ms);
    if (piece === undefined) return;
    const within_s = (heard_ms - this.#starts_ms.get(piece.index)) / 1000;
    const share = Math.min(1, within_s / piece.duration_s);
    this.#reply.heardChars = heardChars(this.#reply, piece.index, share);
  }
}
