// What the user does becomes a turn: it is asked, asked again in other words, answered anew, stopped, rated.

import { shallowReactive } from "../../vendor/vue.runtime.esm-browser.prod.js";
import { playing, stop } from "../audio/player.js";
import { forgetRecorded, keepRecorded } from "../audio/recorded_sound.js";
import { ApiError, request } from "../client/api.js";
import { config } from "../config.js";
import { askText, sendSound } from "../client/turn_client.js";
import { add, conversation, page, takeBack } from "./conversation.js";
import { follow, noteConversation, run } from "./following.js";
import { hideNotice, showNotice } from "./notice.js";
import { newConversation } from "./opening.js";
import { requestFields } from "./preferences.js";
import { createReply, createTurn, isWrittenDown } from "./turns.js";
import { forget, isRefused, keep, offer } from "./unsent.js";

const sending = new WeakMap(); // turn → AbortController, until the server has it

/** Asks by text. `replaces`: a turn whose place it takes; `isFresh`: no remembered answer will do. */
export async function ask(words, { replaces = null, isFresh = false } = {}) {
  const tooLong = problemOfLength(words);
  if (tooLong) return giveBack(tooLong, words, replaces, isFresh);
  const turn = createTurn("text", { question: words });
  begin(turn, replaces);
  Object.assign(turn, { stage: "thinking", reply: createReply() });
  const wishes = { ...(replaces && { replaces: replacedId(replaces) }), ...(isFresh && { fresh: true }) };
  const error = await run(turn, askText({ question: words, ...turnFields(), ...wishes }));
  if (error && turn.id === null) {
    takeBack(turn);
    giveBack(error, words, replaces, isFresh);
  } else if (!error) dropFailed(turn);
  return undefined;
}

/** The words were not asked. They are in the text box again, unless they still stand in the conversation. */
function giveBack(error, words, replaces, isFresh) {
  const isShown = replaces?.question === words;
  if (!isShown) page.onUnsent(words);
  const unsent = () => (isShown ? words : page.takeUnsent() || words);
  const again = () => ask(unsent(), { replaces, isFresh });
  if (error.code === "conversation_unknown") {
    showNotice(error, () => askElsewhere(unsent()), { label: "ask_in_new" });
  } else showNotice(error, error.isFinal ? null : again, { about: "question" });
}

function askElsewhere(words) {
  beginElsewhere();
  return ask(words);
}

function beginElsewhere() {
  newConversation();
  page.onConversation(null);
}

function problemOfLength(words) {
  const limit = config.limits.question_chars;
  const length = [...words].length; // as the server counts
  if (length <= limit) return null;
  return Object.assign(new ApiError("question_too_long_by", null, 413), { values: { limit, excess: length - limit } });
}

/** One that failed took nothing's place for the server; what it was asked in place of is replaced. */
function replacedId({ error, earlier, id }) {
  return (error && earlier[0]?.id) || id;
}

/** Attempts that came to nothing are no earlier versions. */
function dropFailed(turn) {
  turn.earlier = turn.earlier.flatMap((each) => (each.error && !each.reply?.text ? each.earlier : [each]));
}

// Once more

const failedSounds = shallowReactive(new WeakMap()); // turn → {sound, filename, unsentId}; no words came of it
const HOPELESS = ["question_empty", "question_too_long", "turn_unknown"];

/** True for a turn that failed, and may fare better. */
export function canTryAgain(turn) {
  if (turn.error === null || turn.stage !== null || HOPELESS.includes(turn.error.code)) return false;
  return turn.error.code === "connection_lost" || Boolean(turn.question) || failedSounds.has(turn);
}

/** In the turn's place, where nothing was said after it; else as the newest. */
export async function tryAgain(turn) {
  if (turn.error.code === "connection_lost") return follow(turn);
  const replaces = conversation.turns.at(-1) === turn ? turn : null;
  if (turn.question) return ask(turn.question, { replaces });
  const { sound, filename, unsentId } = failedSounds.get(turn);
  failedSounds.delete(turn);
  const error = await askBySound(sound, { filename, kind: turn.kind, answer: "always", replaces, unsentId });
  return error && tellUnsent(error);
}

/** Of a recording, which state/unsent.js offers again. */
export function tellUnsent(error) {
  if (error.code === "conversation_unknown") showNotice(error, beginElsewhere, { label: "new_conversation" });
  else showNotice(error, null, { about: "recording" });
}

/**
 * Sends what was spoken. Resolves to the ApiError with which the server did not take it, or to null once
 * it has; the turn then goes on by itself. What did not arrive is offered again by state/unsent.js, unless
 * the user gave it up or the server refused it. `unsentId`: of a sound that was kept there.
 */
export async function askBySound(sound, { filename, kind, answer = null, replaces = null, unsentId = null }) {
  const turn = createTurn(kind, { filename: kind === "upload" ? filename : null });
  begin(turn, replaces);
  const fields = { ...turnFields(), ...(answer && { answer }), ...(replaces && { replaces: replacedId(replaces) }) };
  try {
    await sendTurn(turn, sound, { filename, fields, unsentId });
    return null;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    takeBack(turn);
    if (error.unsentId) offer(error.unsentId);
    return error;
  }
}

/**
 * Sends the sound of a turn that is shown. Resolves to the server's {turn_id, conversation_id}. Raises
 * ApiError; its `unsentId` is that of the kept sound, or null where there is no use in sending it again.
 */
export async function sendTurn(turn, sound, { filename, fields, unsentId = null }) {
  const controller = new AbortController();
  sending.set(turn, controller);
  Object.assign(turn, { stage: "uploading", progress: 0 });
  const conversationId = fields.conversation_id ?? null;
  const keptId = unsentId ?? (await keep({ sound, filename, kind: turn.kind, conversationId }));
  let accepted;
  try {
    const onSent = (share) => (turn.progress = share);
    accepted = await sendSound(sound, filename, fields, { onSent, signal: controller.signal });
  } catch (error) {
    const isOver = error.code === "cancelled" || isRefused(error);
    if (isOver) forget(keptId);
    throw Object.assign(error, { unsentId: isOver ? null : keptId });
  } finally {
    sending.delete(turn);
  }
  Object.assign(turn, { id: accepted.turn_id, stage: "decoding", progress: null });
  noteConversation(turn, accepted.conversation_id);
  if (turn.kind === "upload") await keepRecorded(turn.id, { sound, filename });
  forget(keptId);
  follow(turn).then(() => keepWhatIsWanted(turn, { sound, filename, conversationId: accepted.conversation_id }));
  return accepted;
}

/** A recording is read along with its transcript, and sent again where no words came of it. */
async function keepWhatIsWanted(turn, { sound, filename, conversationId }) {
  if (!turn.error) dropFailed(turn);
  else if (turn.kind === "voice" && !turn.question) {
    const unsentId = await keep({ sound, filename, kind: turn.kind, conversationId });
    failedSounds.set(turn, { sound, filename, unsentId });
  }
  if (!isWrittenDown(turn)) forgetRecorded(turn.id);
  else if (turn.kind === "voice") keepRecorded(turn.id, { sound, filename });
}

/** Asks again in other words, as where something else was heard than what was said. */
export function correct(turn, words) {
  return ask(words, { replaces: turn });
}

export function regenerate(turn) {
  return ask(turn.question, { replaces: turn, isFresh: true });
}

/** Ends a turn wherever it is; what is written of its reply stays. */
export async function cancel(turn) {
  sending.get(turn)?.abort();
  if (turn.reply && playing.reply === turn.reply) stop();
  if (turn.id !== null && turn.stage !== null) await request("POST", `/api/turns/${turn.id}/stop`, {});
}

/** Silence, and no more of a reply that is still being made. */
export function stopReply() {
  stop();
  const turn = conversation.current;
  if (turn?.stage) cancel(turn).catch((error) => showNotice(error));
}

function turnFields() {
  return { ...requestFields(), ...(conversation.id && { conversation_id: conversation.id }) };
}

function begin(turn, replaces) {
  hideNotice();
  stop();
  page.onAsk();
  if (replaces) {
    const place = conversation.turns.indexOf(replaces);
    turn.earlier = conversation.turns.splice(place, Infinity);
  }
  add(turn);
}

export async function rate(turn, rating) {
  const before = turn.rating;
  turn.rating = rating;
  try {
    if (rating === null) await request("DELETE", `/api/turns/${turn.id}/rating`);
    else await request("PUT", `/api/turns/${turn.id}/rating`, { rating });
  } catch (error) {
    turn.rating = before;
    throw error;
  }
}
