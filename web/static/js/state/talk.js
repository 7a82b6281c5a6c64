// Talking, whichever way: the control is held and its recording sent, or tapped and the conversation
// goes on by itself. One word says at any time what the assistant is doing.

import { computed, reactive, watch } from "../../vendor/vue.runtime.esm-browser.prod.js";
import { noteLevel } from "../audio/levels.js";
import { MicrophoneError } from "../audio/microphone.js";
import { playing, stop as stopSound, unlockSound } from "../audio/player.js";
import { startRecording } from "../audio/recorder.js";
import { pause } from "../client/pause.js";
import { LiveTalk } from "../live/live_talk.js";
import { ask, askBySound, stopReply, tellUnsent } from "./asking.js";
import { add, conversation, noteConversationId, page, replaceNamesake, takeBack } from "./conversation.js";
import { followAnnounced } from "./following.js";
import { hideNotice, showNotice, solve } from "./notice.js";

const HOLD_MS = 350;
const IDLE_CHECK_MS = 500;

/** `isLatched`: the recording goes on after the control was let go, until it is pressed again. */
export const talk = reactive({
  isReachable: true, // the server, as far as is known
  isReady: false,
  waitingFor: [], // parts of the server that are not warm yet: asr, chat, tts, redis
  isOpening: false, // the browser asks for the microphone
  isRecording: false,
  isLatched: false,
  recordingSince_ms: null,
});

export const live = new LiveTalk(
  { addTurn: add, removeTurn: takeBack, nameTurn: replaceNamesake },
  {
    onConversation: noteConversationId,
    onReplied: () => page.onTurnOver(),
    onProblem: (error) => showNotice(error),
    onSolved: () => solve("microphone_silent"),
    onLevel: noteLevel,
  },
);

/**
 * away, warming_up, ready, opening, recording, uploading, decoding, recognising, thinking, speaking, reconnecting,
 * connecting, listening, hearing, held, muted or asleep.
 */
export const state = computed(() => {
  if (talk.isRecording) return "recording";
  if (talk.isOpening) return "opening";
  if (playing.isBlocked) return "asleep";
  if (playing.reply?.isPlaying) return "speaking";
  if (live.state) return live.state;
  if (conversation.current?.stage) return conversation.current.stage;
  if (playing.reply) return "thinking"; // the last of the sound is on its way
  if (!talk.isReachable) return "away";
  return talk.isReady ? "ready" : "warming_up";
});

/** True while there is a reply to be stopped, made or heard. */
export const isReplying = computed(
  () => playing.reply !== null || live.isReplying || Boolean(conversation.current?.stage),
);

// One voice at a time.
page.mayHear = () => !talk.isRecording && !talk.isOpening && !live.isBusy;
page.onAsk = stopLiveReply;
watch(
  () => playing.reply !== null,
  (isPlaying) => {
    live.isDeaf = isPlaying;
    if (isPlaying) stopLiveReply();
  },
);

let recording = null;
let pressed_ms = null;
let isTapped = false; // so what was about to be recorded is not wanted

// The control

/** It goes down. */
export function press() {
  unlockSound();
  hideNotice();
  if (live.state) actInLive();
  else if (talk.isRecording) recording.stop();
  else if (!talk.isOpening) {
    pressed_ms = performance.now();
    record();
  }
}

/** It is let go: after a hold the recording is sent, after a tap the conversation is hands-free. */
export function release() {
  if (pressed_ms === null) return;
  const isHeld = performance.now() - pressed_ms >= HOLD_MS;
  pressed_ms = null;
  if (!isHeld) startLive();
  else if (talk.isRecording) recording.stop();
  else talk.isLatched = true; // let go while the browser asks for permission
}

/** A press by something that cannot hold, as a screen reader's. */
export function activate() {
  if (live.state || talk.isRecording) return press();
  unlockSound();
  startLive();
}

function actInLive() {
  if (state.value === "asleep") return; // the touch itself wakes it
  if (playing.reply) stopReply();
  else if (live.isReplying) live.stopReply();
  else if (live.state === "connecting") live.end();
  else live.isMuted = !live.isMuted;
}

/** Ends whatever goes on, one thing at a time: the recording, the reply, the conversation. */
export function cancel() {
  pressed_ms = null;
  if (recording) recording.cancel();
  else if (live.isReplying && !playing.reply) live.stopReply();
  else if (playing.reply || conversation.current?.stage) stopReply();
  else live.end();
}

export async function endLive() {
  if (live.state) await live.end();
}

async function startLive() {
  recording?.cancel();
  isTapped = true;
  talk.isLatched = false;
  stopSound();
  await live.start(conversation.id);
}

function stopLiveReply() {
  if (live.isReplying) live.stopReply();
}

async function record() {
  stopSound(); // the assistant must not hear itself
  talk.isOpening = true;
  isTapped = false;
  try {
    recording = await startRecording(noteSilence);
    if (isTapped) recording.cancel();
    else Object.assign(talk, { isOpening: false, isRecording: true, recordingSince_ms: recording.started_ms });
    const { filename, finished } = recording;
    const sound = await finished;
    endRecording();
    if (sound) await sendRecording(sound, filename);
  } catch (error) {
    if (!(error instanceof MicrophoneError)) throw error;
    endRecording();
    if (!live.state) showNotice(error);
  }
}

function endRecording() {
  recording = null;
  Object.assign(talk, { isOpening: false, isRecording: false, isLatched: false });
}

function noteSilence(isSilent) {
  if (isSilent) showNotice(new MicrophoneError("microphone_silent"));
  else solve("microphone_silent");
}

async function sendRecording(sound, filename) {
  const error = await askBySound(sound, { filename, kind: "voice", answer: "always" });
  if (error) tellUnsent(error);
}

/** Asks by text, in the live conversation where there is one. */
export function askByText(words) {
  unlockSound();
  hideNotice();
  stopSound();
  if (!live.ask(words)) ask(words);
}

// The server

/** A turn of the assistant's own is shown once the user is neither speaking nor being answered. */
export async function showAnnounced(turnId) {
  while (!["ready", "listening", "muted"].includes(state.value)) await pause(IDLE_CHECK_MS);
  await followAnnounced(turnId);
}
