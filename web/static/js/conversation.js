// The list of messages: what the user said and what came back, as elements of the page.

import { setText, text, translate } from "./i18n.js";

const scroller = document.getElementById("scroller");
const list = document.getElementById("messages");
const greeting = document.getElementById("greeting");
const announcer = document.getElementById("announcer");
const NEAR_END_PX = 80;

/** Runs `change`, then keeps the newest text in sight unless the reader has scrolled away. */
export function keepingPlace(change) {
  const isAtEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_END_PX;
  change();
  if (isAtEnd) scroller.scrollTop = scroller.scrollHeight;
}

function create(templateId) {
  const template = document.getElementById(templateId);
  const element = template.content.cloneNode(true).firstElementChild;
  translate(element);
  return element;
}

/** Writes what went wrong: the server's own sentence, or ours where it has none in this language. */
export function explain(element, error) {
  element.textContent = text(`problem_${error.code}`) ?? error.detail ?? text(error.code);
}

export function clearConversation() {
  list.replaceChildren();
  greeting.hidden = false;
}

export class UserMessage {
  constructor() {
    this.element = create("user-message");
    greeting.hidden = true;
    list.append(this.element);
    scroller.scrollTop = scroller.scrollHeight;
    this.text = this.element.querySelector(".text");
  }

  write(words) {
    keepingPlace(() => {
      delete this.text.dataset.text;
      this.element.classList.remove("provisional");
      this.text.classList.remove("pending");
      this.text.textContent = words;
    });
  }

  /** What the user seems to be saying, to be written or removed later. */
  guess(words) {
    this.write(words);
    this.element.classList.add("provisional");
  }

  /** A word of ours in place of the user's: the recording is on its way, or held no speech. */
  note(key) {
    this.text.classList.add("pending");
    setText(this.text, key);
  }

  caption(words) {
    const caption = this.element.querySelector(".caption");
    caption.textContent = words;
    caption.hidden = false;
  }

  remove() {
    this.element.remove();
    greeting.hidden = list.childElementCount > 0;
  }
}

export class ReplyMessage {
  /**
   * Stands below what it answers, or at the end. `onReplay(message)` runs when the user asks to hear
   * it again.
   */
  constructor(userMessage = null, onReplay = null) {
    this.element = create("reply-message");
    greeting.hidden = true;
    keepingPlace(() => (userMessage ? userMessage.element.after(this.element) : list.append(this.element)));
    this.text = this.element.querySelector(".text");
    this.pieces = new Map(); // index → address of its sound
    this.playlist = null;
    this.isSpoken = false;
    this.element.classList.add("pending");
    this.element.querySelector(".replay").addEventListener("click", () => onReplay(this));
  }

  append(words) {
    keepingPlace(() => this.text.append(words));
  }

  /** The whole reply, now that it is known; read out once by screen readers. */
  complete(words) {
    keepingPlace(() => (this.text.textContent = words));
    this.settle();
    announcer.textContent = words;
  }

  /** The reply ends here after all. */
  truncate(words) {
    keepingPlace(() => (this.text.textContent = words));
  }

  settle() {
    this.element.classList.remove("pending");
  }

  mark(key) {
    const mark = document.createElement("span");
    mark.className = "mark";
    setText(mark, key);
    keepingPlace(() => this.element.querySelector(".below").append(mark));
  }

  /** `url` is null where the piece could not be spoken. */
  addPiece(index, url) {
    this.pieces.set(index, url);
    this.playlist?.add(index, url);
    if (url !== null) keepingPlace(() => (this.element.querySelector(".replay").hidden = false));
  }

  /** No more pieces come; a turn that failed can have left gaps between those that did. */
  closePieces() {
    const pieceCount = Math.max(-1, ...this.pieces.keys()) + 1;
    for (let index = 0; index < pieceCount; index += 1) {
      if (!this.pieces.has(index)) this.addPiece(index, null);
    }
    this.isSpoken = true;
    this.playlist?.close(pieceCount);
  }

  /** Plays the pieces that are there, and those still to come as they arrive. */
  play(player) {
    this.playlist = player.open((index) => this.notePlayed(index));
    for (const [index, url] of this.pieces) this.playlist.add(index, url);
    if (this.isSpoken) this.closePieces();
  }

  /** Which pieces were heard to their end, in the order of hearing. */
  notePlayed(index) {
    this.element.dataset.played = `${this.element.dataset.played ?? ""} ${index}`.trim();
  }

  fail(error) {
    keepingPlace(() => {
      this.settle();
      const problem = this.element.querySelector(".problem");
      problem.hidden = false;
      explain(problem, error);
    });
  }

  remove() {
    this.element.remove();
  }
}

