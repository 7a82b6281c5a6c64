// Shows one turn: its events become the user's words, the reply's text and its sound.

import { ReplyMessage, UserMessage } from "./conversation.js";
import { TurnError } from "./turn_client.js";

const SOURCE_MARKS = { fallback: "fallback_mark", refusal: "refusal_mark" };

export class Turn {
  #player;
  #isHeard;
  #onStage;
  #onTool;
  #stage;
  #reply = null;

  /**
   * `onStage(stage)` tells where the turn stands: uploading, recognising, thinking, reconnecting,
   * or null once it is over. `isHeard()`: may the reply be played as it comes? `onTool()` runs when a
   * tool has answered.
   */
  constructor({ player, isHeard, onStage, onTool }) {
    this.#player = player;
    this.#isHeard = isHeard;
    this.#onStage = onStage;
    this.#onTool = onTool;
    this.user = new UserMessage();
    this.id = null; // until the server has taken the turn
    this.conversationId = null;
  }

  /** Raises TurnError where the turn failed; a turn that the server took shows that by itself. */
  async show(events) {
    try {
      for await (const event of events) {
        if (event.type === "connection_dropped") this.#onStage("reconnecting");
        else {
          this.#take(event);
          this.#onStage(this.#stage);
        }
      }
    } catch (error) {
      if (!(error instanceof TurnError)) throw error;
      if (this.id === null) {
        this.user.remove();
        this.#reply?.remove();
      } else {
        this.#openReply();
        this.#reply.fail(error);
      }
      throw error;
    } finally {
      this.#reply?.closePieces();
      this.#onStage(null);
    }
  }

  /** Moves on to `stage`; the reply's place in the conversation opens with "thinking". */
  enter(stage) {
    this.#stage = stage;
    this.#onStage(stage);
    if (stage === "thinking") this.#openReply();
  }

  #openReply() {
    if (this.#reply !== null) return;
    this.#reply = new ReplyMessage(this.user, (reply) => reply.play(this.#player));
    if (this.#isHeard()) this.#reply.play(this.#player);
  }

  #take(event) {
    switch (event.type) {
      case "turn_started":
        this.id = event.turn_id;
        this.conversationId = event.conversation_id;
        this.user.element.dataset.turnId = event.turn_id;
        break;
      case "audio_decoded":
        this.enter("recognising");
        break;
      case "transcript_ready":
        if (event.no_speech) this.user.note("nothing_heard");
        else {
          this.user.write(event.text);
          this.enter("thinking");
        }
        break;
      case "tool_returned":
        this.#onTool();
        break;
      case "reply_delta":
        this.#reply.append(event.text);
        break;
      case "reply_ready":
        this.#reply.complete(event.text);
        if (SOURCE_MARKS[event.source]) this.#reply.mark(SOURCE_MARKS[event.source]);
        break;
      case "audio_ready":
        this.#reply.addPiece(event.index, `/api/audio/${event.audio_id}`);
        break;
      case "speech_failed":
        this.#reply.addPiece(event.index, null);
        this.#reply.mark("partly_unspoken");
        break;
      case "turn_failed":
        throw new TurnError(event.code, event.message);
    }
  }
}
