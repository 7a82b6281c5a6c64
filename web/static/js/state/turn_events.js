// What an event of the server changes in a turn of the page.

import { addPiece, createReply } from "./turns.js";

const SOURCE_MARKS = { fallback: "fallback_mark", refusal: "refusal_mark" };

/** `event`: assistant/events.py; or connection_dropped, while the stream is being taken up again. */
export function applyEvent(turn, event) {
  const changes = CHANGES[event.type];
  if (turn.stage === "reconnecting") turn.stage = turn.reply ? "thinking" : "recognising";
  changes?.(turn, event);
}

/** The turn is over for this page: nothing more comes of it. */
export function endTurn(turn, error = null) {
  turn.stage = null;
  turn.progress = null;
  turn.error ??= error;
  if (turn.reply === null) return;
  turn.reply.isComplete = true;
  turn.reply.isSpoken = true;
}

function openReply(turn) {
  turn.stage = "thinking";
  turn.progress = null;
  turn.reply ??= createReply();
}

const CHANGES = {
  connection_dropped(turn) {
    turn.stage = "reconnecting";
  },
  turn_started(turn, { turn_id, kind, question }) {
    turn.id = turn_id;
    if (question) turn.question = question;
    if (kind === "voice") {
      if (turn.kind === "text") turn.kind = kind; // found running, when nothing more was known of it
      turn.stage = "decoding";
    } else openReply(turn);
  },
  audio_decoded(turn, { duration_s, is_answered }) {
    turn.duration_s = duration_s;
    turn.isAnswered = is_answered ?? true;
    turn.stage = "recognising";
    turn.progress = null; // until there is more than one window
  },
  transcript_progress(turn, { done_s, duration_s, segments }) {
    turn.progress = Math.min(1, done_s / duration_s);
    turn.duration_s = duration_s;
    const known_s = turn.segments.at(-1)?.end_s ?? 0;
    turn.segments.push(...segments.filter(({ end_s }) => end_s > known_s));
  },
  transcript_ready(turn, { text, language, no_speech }) {
    turn.language = language;
    turn.note = no_speech ? "nothing_heard" : null;
    turn.question = text;
    turn.hasTranscript = !no_speech;
    if (!no_speech && turn.isAnswered) openReply(turn);
  },
  reply_delta(turn, { text }) {
    openReply(turn);
    turn.reply.text += text;
  },
  reply_ready(turn, { text, source }) {
    openReply(turn);
    Object.assign(turn.reply, { text, source, isComplete: true });
    if (SOURCE_MARKS[source]) turn.reply.marks.push(SOURCE_MARKS[source]);
  },
  audio_ready(turn, { index, text, audio_id, duration_s }) {
    addPiece(turn.reply, { index, text, audioId: audio_id, duration_s });
  },
  speech_failed(turn, { index }) {
    addPiece(turn.reply, { index, text: "", audioId: null, duration_s: 0 });
    if (!turn.reply.marks.includes("partly_unspoken")) turn.reply.marks.push("partly_unspoken");
  },
  turn_finished(turn, { source }) {
    // A recording that is only written down has no reply.
    if (source === "none" || source === "transcript") turn.reply = null;
    endTurn(turn);
  },
  turn_failed(turn, { code, message }) {
    endTurn(turn, { code, detail: message });
  },
  turn_cancelled(turn, { heard }) {
    if (turn.reply && heard) {
      turn.reply.text = heard;
      turn.reply.isInterrupted = true;
    } else {
      turn.reply = null;
      turn.note ??= "cancelled_mark";
    }
    endTurn(turn);
  },
};
