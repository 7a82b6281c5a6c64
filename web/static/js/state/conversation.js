// The conversation that is open, as the rest of the page finds it: its turns, and which is the current
// one, whose reply is awaited or heard.

import { reactive } from "../../vendor/vue.runtime.esm-browser.prod.js";

/** `turns`: state/turns.js, the oldest first. */
export const conversation = reactive({ id: null, title: "", turns: [], current: null, isLoading: false });

/** What the rest of the page has a say in, or wants to know; set once, by state/talk.js and the views. */
export const page = {
  mayHear: () => true, // a reply that comes now, aloud
  onConversation: () => {}, // its id is known
  onAsk: () => {}, // something new is asked, beside the live conversation
  onTurnOver: () => {},
  onUnsent: () => {}, // words that the server did not take
  takeUnsent: () => "", // those, as the user has left them
};

/** Where it is not there yet. */
export function add(turn) {
  if (!conversation.turns.includes(turn)) conversation.turns.push(turn);
  conversation.current = turn;
  return turn;
}

/** The server never took it: everything is as it was before. */
export function takeBack(turn) {
  const place = conversation.turns.indexOf(turn);
  if (place !== -1) conversation.turns.splice(place, 1, ...turn.earlier);
  if (conversation.current === turn) conversation.current = null;
}

/** The server has named the conversation that was begun. */
export function noteConversationId(id) {
  if (conversation.id !== null) return;
  conversation.id = id;
  page.onConversation(id);
}

/** `turn` has become known by its id: another of the same id, read from the server, was this one. */
export function replaceNamesake(turn) {
  conversation.turns = conversation.turns.filter((each) => each === turn || each.id !== turn.id);
}
