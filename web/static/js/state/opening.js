// Conversations opened: a new one, or one of before with what is still being answered in it.

import { stop } from "../audio/player.js";
import { request } from "../client/api.js";
import { add, conversation } from "./conversation.js";
import { follow } from "./following.js";
import { goOnHearing } from "./hearing.js";
import { hideNotice } from "./notice.js";
import { createReply, createTurn } from "./turns.js";

export function newConversation() {
  leave();
  Object.assign(conversation, { id: null, title: "", turns: [], isLoading: false });
}

/**
 * Shows what was said, and goes on with what is being answered. `without`: ids of turns that the live
 * session shows itself. Raises ApiError.
 */
export async function openConversation(id, without = []) {
  leave();
  Object.assign(conversation, { id, title: "", turns: [], isLoading: true });
  try {
    const stored = await request("GET", `/api/conversations/${id}`);
    if (conversation.id !== id) return; // another was opened meanwhile
    conversation.title = stored.title;
    const said = [...stored.turns, ...(stored.failed ?? [])].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
    conversation.turns = ordered(said.filter(({ turn_id }) => !without.includes(turn_id)));
    const running = stored.running.filter((turnId) => !without.includes(turnId));
    running.forEach(followRunning);
    if (running.length === 0 && without.length === 0) goOnHearing();
  } finally {
    if (conversation.id === id) conversation.isLoading = false;
  }
}

function leave() {
  stop();
  hideNotice();
  conversation.current = null;
}

/** The turns that count, each with those whose place it took. */
function ordered(stored) {
  const turns = new Map(stored.map((each) => [each.turn_id, storedTurn(each)]));
  const shown = [];
  for (const { turn_id, superseded_by } of stored) {
    const newer = turns.get(superseded_by);
    if (newer) newer.earlier.push(turns.get(turn_id));
    else shown.push(turns.get(turn_id));
  }
  return shown;
}

function storedTurn({ turn_id, kind, question, answer, source, language, rating, has_transcript, error }) {
  const turn = createTurn(kind ?? "text", { id: turn_id, question });
  Object.assign(turn, { language: language ?? null, rating: rating ?? null, hasTranscript: has_transcript ?? false, error: error ?? null });
  turn.isAnswered = source !== "transcript";
  if (answer) turn.reply = createReply({ text: answer, source, isComplete: true });
  return turn;
}

function followRunning(turnId) {
  if (!conversation.turns.some(({ id }) => id === turnId)) follow(add(createTurn("text", { id: turnId })));
}
