// What one turn looks like on the page, whichever way it came: typed, recorded, uploaded, live, or
// read from an earlier day. Views read these values; the turn's client and the live session write.

import { reactive } from "../../vendor/vue.runtime.esm-browser.prod.js";

// A spoken question is no longer than these, as a rule.
const SPOKEN_QUESTION_SEGMENTS = 3;
const SPOKEN_QUESTION_CHARS = 400;

let count = 0;

/**
 * `kind`: text, voice, upload, live or reminder. `question`: the user's words, empty while they are
 * not known; `note` names words of ours in their place. `isProvisional`: a guess while the user speaks.
 */
export function createTurn(kind, { id = null, question = "", note = null, filename = null } = {}) {
  count += 1;
  return reactive({
    key: count, // in this page
    id, // the server's; null until it has taken the turn
    kind,
    question,
    note,
    filename,
    language: null,
    isProvisional: false,
    stage: null, // waiting, uploading, decoding, recognising, thinking, reconnecting; null once nothing is awaited
    progress: null, // of the stage, from 0 to 1; null where nobody knows
    segments: [], // of a recording's transcript: {start_s, end_s, text}
    duration_s: null, // of the recording
    hasTranscript: false,
    isAnswered: true, // false where a recording is only written down
    error: null, // {code, detail}
    rating: null, // up or down
    earlier: [], // turns that this one took the place of
    reply: null,
  });
}

/** `isSpoken`: no sound is still to come. */
export function createReply({ text = "", source = null, isComplete = false } = {}) {
  return reactive({
    text,
    source,
    isComplete, // nothing more is written
    isInterrupted: false,
    marks: [], // keys of remarks on how it came about
    pieces: [], // {index, text, audioId, duration_s}, in order; audioId null where it has no sound
    isSpoken: isComplete,
    isPlaying: false,
    heardChars: null, // of the text; null where nobody is hearing it
    played_ms: 0, // of its sound
    timings: null, // milliseconds from the user's last sound to each stage
  });
}

/** True for a recording whose transcript is read, rather than a question that is answered. */
export function isWrittenDown({ kind, question, segments, hasTranscript, isAnswered, reply, stage }) {
  if (segments.length > SPOKEN_QUESTION_SEGMENTS) return true;
  if (!hasTranscript || stage !== null) return false;
  return question.length > SPOKEN_QUESTION_CHARS || (reply === null && (kind === "upload" || !isAnswered));
}

/** Puts a piece in its place; pieces can come out of order, and more than once. */
export function addPiece(reply, piece) {
  const place = reply.pieces.findIndex(({ index }) => index >= piece.index);
  if (place === -1) reply.pieces.push(piece);
  else if (reply.pieces[place].index !== piece.index) reply.pieces.splice(place, 0, piece);
}

/**
 * How many characters of the reply were heard when `share` (0 to 1) of piece `index` was, at the end
 * of a word. Pieces are cut from the text in order, some with marks left out.
 */
export function heardChars(reply, index, share) {
  let from = 0;
  for (const piece of reply.pieces) {
    const words = piece.text.trim();
    const found = reply.text.indexOf(words, from);
    const begin = found === -1 ? from : found;
    if (piece.index === index) return endOfWord(reply.text, begin, Math.round(words.length * share));
    from = begin + words.length;
  }
  return from;
}

function endOfWord(text, begin, length) {
  if (length === 0) return begin;
  const place = begin + length;
  const rest = text.slice(place).search(/[\s\p{Script=Han}\p{P}]/u);
  return rest === -1 ? text.length : Math.min(text.length, place + rest);
}
