// What the server says of a turn, shown and heard as it comes.

import { playing } from "../audio/player.js";
import { ApiError } from "../client/api.js";
import { followTurn } from "../client/turn_client.js";
import { add, conversation, noteConversationId, page } from "./conversation.js";
import { hearFirst } from "./hearing.js";
import { applyEvent, endTurn } from "./turn_events.js";
import { createTurn } from "./turns.js";

/** Shows the events as they come; resolves to the ApiError that ended them, or to null. */
export async function run(turn, events) {
  try {
    for await (const event of events) {
      applyEvent(turn, event);
      if (event.type === "turn_started") noteConversation(turn, event.conversation_id);
      const isNew = turn.reply && playing.reply !== turn.reply && turn.reply.heardChars === null;
      if (isNew && event.type !== "turn_cancelled") hearFirst(turn);
    }
    return turn.error;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    endTurn(turn, error);
    return error;
  } finally {
    endTurn(turn);
    page.onTurnOver(turn);
  }
}

/** Shows what becomes of a turn that the server has; also after the connection to it was lost. */
export function follow(turn) {
  turn.error = null;
  return run(turn, followTurn(turn.id));
}

/** Shows a turn that the assistant began by itself. */
export function followAnnounced(turnId) {
  return run(add(createTurn("reminder", { id: turnId, note: "reminder_due" })), followTurn(turnId));
}

/** The server has taken the turn, in this conversation. */
export function noteConversation(turn, id) {
  if (turn.kind !== "reminder" && conversation.turns.includes(turn)) noteConversationId(id);
}
