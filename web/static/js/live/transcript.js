// What was said in a live session, as turns of the page, by the ids of the session's items.

import { createTurn } from "../state/turns.js";
import { LiveReply } from "./live_reply.js";

export class Transcript {
  #shown; // where turns are shown: live_talk.js
  #turns; // id of what the user said → turn
  #typed; // the same of what was typed
  #provisional = new Set(); // of these, whose final words are still to come
  #responses = new Map(); // response id → {turn_id, item_id}
  #replies = new Map(); // id of a reply → LiveReply
  #lastWritten = null; // id of what the user said

  /** `unanswered`: as it was of the session before, which goes on here. */
  constructor(shown, unanswered = new Map()) {
    this.#shown = shown;
    this.#typed = unanswered;
    this.#turns = new Map(unanswered);
  }

  /** What the user seems to be saying; empty where that was wrong. */
  caption(item_id, words) {
    if (!words) {
      if (this.#provisional.has(item_id)) this.#remove(item_id);
      return;
    }
    if (!this.#turns.has(item_id)) this.#provisional.add(item_id);
    if (!this.#provisional.has(item_id)) return;
    Object.assign(this.#turn(item_id), { question: words, isProvisional: true });
  }

  /** The user has finished. */
  await(item_id) {
    if (this.#turns.has(item_id)) return;
    this.#provisional.add(item_id);
    Object.assign(this.#turn(item_id), { note: "recognising", stage: "recognising" });
  }

  /** The user's words; empty where there were none. */
  write(item_id, words) {
    this.#lastWritten = item_id;
    if (words) this.#finish(item_id, { question: words, note: null });
    else this.#remove(item_id);
  }

  /** Nobody could tell what the user said. */
  fail(item_id) {
    this.#finish(item_id, { question: "", note: "not_understood" });
  }

  /** Whether the user has said this here. */
  has(item_id) {
    return this.#turns.has(item_id);
  }

  /** What the user has typed. */
  type(item_id, words) {
    const turn = this.#turn(item_id);
    turn.question = words;
    this.#typed.set(item_id, turn);
  }

  /** What was typed and has no reply. */
  get unanswered() {
    return new Map([...this.#typed].filter(([, { reply }]) => reply === null));
  }

  /** The turn that something belongs to: what the user said, a response, or both. */
  name({ turn_id, item_id, response_id }) {
    if (response_id) this.#responses.set(response_id, { turn_id, item_id });
    const turn = this.#turns.get(item_id);
    if (turn === undefined) return;
    if (response_id) turn.stage = "thinking";
    this.#name(turn, turn_id);
  }

  /** A response is over; false where nobody sees that of its turn, which is not known. */
  endResponse(response_id, error = null) {
    const turn = this.#turns.get(this.#responses.get(response_id)?.item_id);
    if (turn === undefined) return false;
    Object.assign(turn, { stage: null, error: error ?? turn.error });
    return true;
  }

  /** A reply begins. */
  openReply(item_id, response_id) {
    this.#replies.set(item_id, new LiveReply(this.#answered(this.#responses.get(response_id))));
  }

  /** The reply with this id; undefined where it began before what a reload has brought back. */
  reply(item_id) {
    return this.#replies.get(item_id);
  }

  /** What was answered leaves nothing open that was said before it. */
  tidy() {
    const item_ids = [...this.#turns.keys()];
    for (const item_id of item_ids.slice(0, Math.max(0, item_ids.indexOf(this.#lastWritten)))) {
      if (this.#provisional.has(item_id)) this.#remove(item_id);
    }
  }

  /** The session is over: what is unfinished stays so, and guesses are no words of the user. */
  settle() {
    for (const item_id of this.#provisional) this.#remove(item_id);
    for (const turn of this.#turns.values()) turn.stage = null;
    for (const reply of this.#replies.values()) reply.settle();
  }

  /** The turn of a reply; one of its own where the assistant speaks by itself. */
  #answered(response) {
    const asked = this.#turns.get(response?.item_id);
    if (asked && asked.reply === null) return asked;
    const turn = createTurn("live");
    this.#shown.addTurn(turn);
    if (response) this.#name(turn, response.turn_id);
    return turn;
  }

  #name(turn, turn_id) {
    if (turn.id === turn_id) return;
    turn.id = turn_id;
    this.#shown.nameTurn(turn);
  }

  #turn(item_id) {
    let turn = this.#turns.get(item_id);
    if (turn === undefined) {
      turn = createTurn("live");
      this.#turns.set(item_id, turn);
      this.#shown.addTurn(turn);
    }
    return turn;
  }

  #finish(item_id, values) {
    this.#provisional.delete(item_id);
    const turn = this.#turn(item_id);
    // Its reply can have begun before its words were told.
    Object.assign(turn, values, { isProvisional: false, stage: turn.reply ? turn.stage : null });
  }

  #remove(item_id) {
    const turn = this.#turns.get(item_id);
    this.#turns.delete(item_id);
    this.#provisional.delete(item_id);
    if (turn) this.#shown.removeTurn(turn);
  }
}
