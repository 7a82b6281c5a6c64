// What was said in a live session, in the page's list of messages, by the ids of its items.

import { ReplyMessage, UserMessage } from "../conversation.js";

export class Transcript {
  #messages = new Map(); // item id → UserMessage
  #provisional = new Set(); // item ids whose final words are still to come
  #replies = new Map(); // item id → Reply
  #lastWritten = null; // item id

  /** What the user seems to be saying; empty where that was wrong. */
  caption(item_id, words) {
    if (words) {
      if (!this.#messages.has(item_id)) this.#provisional.add(item_id);
      if (this.#provisional.has(item_id)) this.#user(item_id).guess(words);
    } else if (this.#provisional.has(item_id)) this.#remove(item_id);
  }

  /** The user has finished. */
  await(item_id) {
    if (this.#messages.has(item_id)) return;
    this.#provisional.add(item_id);
    this.#user(item_id).note("recognising");
  }

  /** The user's words; empty where there were none. */
  write(item_id, words) {
    this.#provisional.delete(item_id);
    this.#lastWritten = item_id;
    if (words) this.#user(item_id).write(words);
    else this.#remove(item_id);
  }

  /** Nobody could tell what the user said. */
  fail(item_id) {
    this.#provisional.delete(item_id);
    this.#user(item_id).note("not_understood");
  }

  /** What the user has typed. */
  type(words) {
    new UserMessage().write(words);
  }

  /** The reply with this id; the first mention opens it. */
  reply(item_id) {
    let reply = this.#replies.get(item_id);
    if (reply === undefined) this.#replies.set(item_id, (reply = new Reply()));
    return reply;
  }

  /** What was answered leaves nothing open that was said before it. */
  tidy() {
    const item_ids = [...this.#messages.keys()];
    for (const item_id of item_ids.slice(0, Math.max(0, item_ids.indexOf(this.#lastWritten)))) {
      if (this.#provisional.has(item_id)) this.#remove(item_id);
    }
  }

  /** The session is over: what is unfinished stays so, and guesses are no words of the user. */
  settle() {
    for (const item_id of this.#provisional) this.#remove(item_id);
    for (const reply of this.#replies.values()) reply.settle();
  }

  #user(item_id) {
    let message = this.#messages.get(item_id);
    if (message === undefined) this.#messages.set(item_id, (message = new UserMessage()));
    return message;
  }

  #remove(item_id) {
    this.#messages.get(item_id)?.remove();
    this.#messages.delete(item_id);
    this.#provisional.delete(item_id);
  }
}

class Reply {
  #message = new ReplyMessage();
  #isOver = false;

  append(words) {
    if (!this.#isOver) this.#message.append(words);
  }

  complete(words) {
    if (!this.#isOver) this.#message.complete(words);
    this.#isOver = true;
  }

  /** It ends here; what of it was heard, `truncate` says. */
  interrupt() {
    if (this.#message.element.dataset.interrupted) return;
    this.#message.element.dataset.interrupted = "true";
    this.#isOver = true;
    this.#message.settle();
    this.#message.mark("interrupted_mark");
  }

  truncate(words) {
    this.#message.truncate(words);
  }

  fail(error) {
    this.#isOver = true;
    this.#message.fail(error);
  }

  /** How much of its sound was played. */
  notePlayed(audio_ms) {
    this.#message.element.dataset.playedMs = audio_ms;
  }

  /** Milliseconds from the user's last sound to each stage of the reply. */
  noteTimings(stages) {
    this.#message.element.dataset.timings = JSON.stringify(stages);
  }

  settle() {
    this.#message.settle();
  }
}
