// Sound files of the user. Each is a turn; two are sent at a time, in the order in which they were given.

import { watch } from "../../vendor/vue.runtime.esm-browser.prod.js";
import { config } from "../config.js";
import { durationOf } from "../audio/recorded_sound.js";
import { ApiError } from "../client/api.js";
import { askBySound, cancel, sendTurn, tellUnsent } from "./asking.js";
import { add, conversation, page, takeBack } from "./conversation.js";
import { follow } from "./following.js";
import { hideNotice, showNotice } from "./notice.js";
import { newConversation, openConversation } from "./opening.js";
import { requestFields } from "./preferences.js";
import { endTurn } from "./turn_events.js";
import { createTurn } from "./turns.js";
import { forget, isRefused, offer, takeUp } from "./unsent.js";

const MAX_SENDING = 2;
const CANCELLED = "cancelled_mark";
// By what the browser says of them. A type that it does not know is the server's to judge.
const SOUND_TYPES = /^$|^(audio|video)\/|^application\/(ogg|octet-stream|x-matroska|mxf)$/;

const uploads = new Map(); // turn → {file, place, unsentId, attempt}, while this page has the file
const waiting = [];
const sending = new Set(); // turns on their way
let newPlace = null;

/**
 * Sends files as turns of the open conversation, which it returns. What cannot be sent is a turn with an
 * error. `unsentId`: of a file that state/unsent.js kept.
 */
export function upload(files, { unsentId = null } = {}) {
  hideNotice();
  const place = placeOfNew();
  const turns = files.map((file) => {
    const turn = add(createTurn("upload", { filename: file.name }));
    uploads.set(turn, { file, place, unsentId, attempt: 0 });
    enqueue(turn);
    if (turn.error) passOn(turn);
    return turn;
  });
  sendNext();
  return turns;
}

/** Sends one of state/unsent.js again, in the conversation that it was meant for. */
export async function sendUnsent({ id, kind, filename, conversationId }) {
  const sound = await takeUp(id);
  if (sound === null) return showNotice({ code: "unsent_lost" });
  if (conversationId !== null && conversationId !== conversation.id) await goTo(conversationId);
  if (kind === "upload") return upload([new File([sound], filename, { type: sound.type })], { unsentId: id });
  const error = await askBySound(sound, { filename, kind, answer: "always", unsentId: id });
  return error && tellUnsent(error);
}

async function goTo(conversationId) {
  try {
    await openConversation(conversationId);
    page.onConversation(conversationId);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    newConversation(); // it was deleted meanwhile
  }
}

/** The file's size in bytes; null where an earlier page sent it. */
export function sizeOf(turn) {
  return uploads.get(turn)?.file.size ?? null;
}

/** True where the user may send the same file once more: it did not arrive, or no words came of it. */
export function canRetry(turn) {
  if (!uploads.has(turn) || turn.stage !== null || turn.question) return false;
  return turn.note === CANCELLED || (turn.error !== null && !isHopeless(turn.error));
}

/** True where the turn is nothing but a file that was not sent. */
export function canRemove(turn) {
  return uploads.has(turn) && turn.stage === null && turn.id === null;
}

export function retry(turn) {
  if (turn.error?.code === "connection_lost") return follow(turn);
  Object.assign(turn, { id: null, note: null, segments: [], duration_s: null });
  enqueue(turn);
  return sendNext();
}

/** Takes a file that was not sent off the page, and forgets it. */
export function remove(turn) {
  const { unsentId } = uploads.get(turn);
  if (unsentId) forget(unsentId);
  uploads.delete(turn);
  takeBack(turn);
}

/** At any stage. Raises ApiError. */
export async function cancelUpload(turn) {
  if (turn.stage !== "waiting") return cancel(turn);
  if (waiting.includes(turn)) waiting.splice(waiting.indexOf(turn), 1);
  Object.assign(turn, { stage: null, note: CANCELLED });
  passOn(turn);
}

/** Nothing is awaited of it: the newest turn of which something is, is the current one. */
function passOn(turn) {
  if (conversation.current !== turn) return;
  conversation.current = conversation.turns.findLast(({ stage }) => stage !== null) ?? null;
}

function enqueue(turn) {
  const upload = uploads.get(turn);
  upload.attempt += 1;
  turn.error = problemOf(upload.file);
  if (turn.error) return;
  turn.stage = "waiting";
  waiting.push(turn);
}

function sendNext() {
  while (waiting.length > 0 && sending.size < MAX_SENDING) {
    const { place } = uploads.get(waiting[0]);
    // A new conversation has its id from the first of them; the others must not begin one each.
    if (place.id === null && [...sending].some((turn) => uploads.get(turn)?.place === place)) return;
    const turn = waiting.shift();
    sending.add(turn);
    send(turn).finally(() => {
      sending.delete(turn);
      sendNext();
    });
  }
}

async function send(turn) {
  const upload = uploads.get(turn);
  const { file, place, attempt } = upload;
  const problem = await problemOfLength(file);
  if (turn.stage !== "waiting" || upload.attempt !== attempt) return; // cancelled meanwhile
  if (problem) {
    Object.assign(turn, { stage: null, error: problem });
    passOn(turn);
    return;
  }
  if (place.id === null && isOpen(place)) place.id = conversation.id;
  const fields = { ...requestFields(), ...(place.id && { conversation_id: place.id }) };
  try {
    const accepted = await sendTurn(turn, file, { filename: file.name, fields, unsentId: upload.unsentId });
    place.id = accepted.conversation_id;
    upload.unsentId = null;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    upload.unsentId = error.unsentId;
    const isCancelled = error.code === "cancelled";
    if (isCancelled) turn.note = CANCELLED;
    endTurn(turn, isCancelled ? null : error);
    passOn(turn);
  }
}

// Whoever comes back to a conversation finds what is still on its way there.
watch(
  () => [conversation.turns, conversation.isLoading],
  ([turns, isLoading]) => {
    if (isLoading) return;
    for (const [turn, { place, unsentId }] of uploads) {
      if (turn.id !== null || turns.includes(turn)) continue;
      if (turn.stage !== null) {
        if (place.id !== null && place.id === conversation.id) add(turn);
      } else {
        if (unsentId) offer(unsentId);
        uploads.delete(turn);
      }
    }
  },
);

/** Where the files of one new conversation go. */
function placeOfNew() {
  if (conversation.id !== null) return { id: conversation.id };
  if (newPlace === null || newPlace.id !== null || !isOpen(newPlace)) newPlace = { id: null, turns: conversation.turns };
  return newPlace;
}

function isOpen({ turns }) {
  return turns === conversation.turns;
}

function isHopeless(error) {
  return isRefused(error) || error.code.startsWith("file_") || error.code.startsWith("audio_");
}

function problemOf({ size, type }) {
  const { upload_bytes } = config.limits;
  if (size === 0) return new ApiError("file_empty");
  if (!SOUND_TYPES.test(type)) return new ApiError("file_unsupported");
  if (size > upload_bytes) return problem("file_too_large", { limit: Math.floor(upload_bytes / 2 ** 20) });
  return null;
}

async function problemOfLength(file) {
  const { audio_s } = config.limits;
  const duration_s = await durationOf(file);
  return duration_s > audio_s ? problem("file_too_long", { limit: Math.floor(audio_s / 60) }) : null;
}

function problem(code, values) {
  return Object.assign(new ApiError(code), { values });
}
