// From which event on a page that is loaded anew has to be told again: what was said before it is
// over and done with, and can be read over HTTP.

import { numberOf } from "./connection.js";

const BEGINNINGS = ["x.caption", "input_audio_buffer.speech_started", "input_audio_buffer.committed"];

export class Bookmark {
  #last; // id of the last event
  #place; // id of the last event that need not be told again
  #item_id = null; // what the user said last
  #beforeItem = null; // id of the event before it
  #turns; // turn id → number of the event after #place that named it

  /** Both as they were on the page before this one. */
  constructor(lastEventId, turnIds = []) {
    this.#last = this.#place = lastEventId;
    this.#turns = new Map(turnIds.map((turn_id) => [turn_id, Infinity])); // named soon
  }

  get lastEventId() {
    return this.#place;
  }

  /** The turns that will be told again. */
  get turnIds() {
    return [...this.#turns.keys()];
  }

  /** Call with each event. */
  note({ type, event_id, item_id, turn_id }) {
    if (BEGINNINGS.includes(type) && item_id !== this.#item_id) {
      this.#item_id = item_id;
      this.#beforeItem = this.#last;
    }
    if (type === "x.turn") this.#turns.set(turn_id, numberOf(event_id));
    this.#last = event_id ?? this.#last;
  }

  /** Call when one of these may have changed: is a reply awaited, made or heard; does the user speak? */
  move(isReplying, isHearing) {
    if (isReplying) return;
    this.#place = isHearing ? (this.#beforeItem ?? this.#place) : this.#last;
    for (const [turn_id, number] of this.#turns) {
      if (number <= numberOf(this.#place)) this.#turns.delete(turn_id);
    }
  }
}
