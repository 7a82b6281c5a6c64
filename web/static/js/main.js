// Ties the page together: what the user does becomes a turn, and what the turn does becomes a state.
// The newest turn is the current one; an older one goes on being written, but is not heard.

import { expectAnnouncements, watchAnnouncements } from "./announcements.js";
import { clearConversation, explain, keepingPlace } from "./conversation.js";
import { attachFiles } from "./files.js";
import { setLabel, setText, switchLanguage, text, translate } from "./i18n.js";
import { LiveControl } from "./live/control.js";
import { MicrophoneError } from "./microphone.js";
import { Player } from "./player.js";
import { attachPressToTalk } from "./press_to_talk.js";
import { startRecording } from "./recorder.js";
import { attachSettings, isSpeakOn, loadVoices, requestFields } from "./settings.js";
import { Turn } from "./turn.js";
import { askText, askVoice, followTurn, TurnError } from "./turn_client.js";

const find = (id) => document.getElementById(id);
const question = find("question");
const microphone = find("microphone");
const LIVE_HINTS = { listening: "live_hint", muted: "muted_hint", asleep: "asleep_hint" };
const READY_CHECK_MS = 2000;
const ANNOUNCEMENT_CHECK_MS = 500;

const player = new Player(showState);
const live = new LiveControl({
  conversationId: () => conversationId,
  onStart() {
    hideNotice();
    stop();
    player.unlock();
  },
  onChange: showState,
  onConversation: (id) => (conversationId = id),
  onReplied: () => expectAnnouncements(showAnnounced),
  onProblem: showNotice,
  onSolved: hideNotice,
});
let conversationId = null;
let currentTurn = null;
let stage = null; // of the current turn
let recording = null;
let isOpeningMicrophone = false;
let isServerReady = false;

// The state, in a word

function showState() {
  let state = isServerReady ? "ready" : "warming_up";
  if (recording) state = "listening";
  else if (player.isPlaying) state = "speaking";
  else if (live.state) state = live.state;
  else if (stage) state = stage;
  else if (player.isOpen) state = "thinking"; // the last of the sound is on its way
  live.isDeaf = player.isPlaying;
  find("stop").disabled = !recording && !player.isOpen && !live.isReplying;
  setLabel(find("stop"), recording ? "discard" : "stop_sound");
  if (document.body.dataset.state === state) return;
  document.body.dataset.state = state;
  setText(find("state"), state);
  microphone.setAttribute("aria-pressed", String(recording !== null));
  setLabel(microphone, recording ? "microphone_stop" : "microphone_start");
  const hints = live.state ? LIVE_HINTS : { listening: "listening_hint", ready: "microphone_hint" };
  find("state-hint").hidden = !(state in hints);
  if (state in hints) setText(find("state-hint"), hints[state]);
}

async function watchReadiness() {
  const response = await fetch("/readyz").catch(() => null);
  isServerReady = response?.ok ?? false;
  showState();
  if (response?.status === 503) showWaiting((await response.json()).waiting_for);
  if (isServerReady) await loadVoices();
  else setTimeout(watchReadiness, READY_CHECK_MS);
}

/** Says which parts of the server are not warm yet: asr, chat, tts or redis. */
function showWaiting(parts) {
  if (document.body.dataset.state !== "warming_up") return;
  find("state-hint").textContent = parts.map((part) => text(`part_${part}`)).join(text("comma"));
  find("state-hint").hidden = false;
}

/** `retry` is offered to the user where it is given. */
function showNotice(error, retry = null) {
  keepingPlace(() => {
    explain(find("notice-text"), error);
    find("notice").hidden = false;
    find("retry").hidden = retry === null;
    find("retry").onclick = retry;
  });
}

function hideNotice() {
  find("notice").hidden = true;
}

// Turns

function startTurn() {
  hideNotice();
  player.stop();
  const turn = new Turn({
    player,
    // An older turn must not talk over a newer one, nor into the open microphone.
    isHeard: () => turn === currentTurn && isSpeakOn() && !recording && !isOpeningMicrophone,
    onStage(newStage) {
      if (turn !== currentTurn) return;
      conversationId = turn.conversationId ?? conversationId;
      stage = newStage;
      showState();
    },
    onTool: () => expectAnnouncements(showAnnounced),
  });
  currentTurn = turn;
  return turn;
}

function turnFields() {
  return { ...requestFields(), ...(conversationId && { conversation_id: conversationId }) };
}

async function sendQuestion(words) {
  if (live.ask(words)) return;
  const turn = startTurn();
  turn.user.write(words);
  turn.enter("thinking");
  try {
    await turn.show(askText({ question: words, ...turnFields() }));
  } catch (error) {
    if (!(error instanceof TurnError)) throw error;
    question.value = question.value ? `${words}\n${question.value}` : words;
    if (turn.id === null) refuseTurn(error);
  }
}

async function sendSound(sound, filename, caption = null) {
  await live.end();
  const turn = startTurn();
  turn.user.note("your_recording");
  if (caption) turn.user.caption(caption);
  turn.enter("uploading");
  try {
    const onAccepted = () => turn.enter("recognising");
    await turn.show(askVoice(sound, filename, turnFields(), onAccepted));
  } catch (error) {
    if (!(error instanceof TurnError)) throw error;
    const isRefused = error.status >= 400 && error.status < 500;
    if (turn.id === null) refuseTurn(error, isRefused ? null : () => sendSound(sound, filename, caption));
  }
}

/** A turn of the assistant's own, once the user is neither speaking nor being answered. */
async function showAnnounced(turnId) {
  while (recording || isOpeningMicrophone || stage || player.isOpen || live.isBusy) {
    await new Promise((resolve) => setTimeout(resolve, ANNOUNCEMENT_CHECK_MS));
  }
  const talkedIn = conversationId;
  const turn = startTurn();
  turn.user.note("reminder_due");
  turn.enter("thinking");
  await turn.show(followTurn(turnId)).catch((error) => {
    if (!(error instanceof TurnError)) throw error;
  });
  conversationId = talkedIn ?? conversationId;
}

/** The server never took the turn. */
function refuseTurn(error, retry = null) {
  showNotice(error, retry);
  if (isServerReady && error.status === 0) watchReadiness();
}

attachFiles((file) => {
  player.unlock();
  const limit = Number(document.body.dataset.maxUploadBytes);
  if (limit && file.size > limit) {
    const limit_mb = Math.floor(limit / 1024 ** 2);
    showNotice(new TurnError("file_too_large", text("file_too_large", { limit: limit_mb })));
    return;
  }
  sendSound(file, file.name, file.name);
});

// The microphone

async function listen() {
  if (isOpeningMicrophone) return;
  isOpeningMicrophone = true;
  hideNotice();
  player.unlock();
  player.stop(); // the assistant must not hear itself
  try {
    recording = await startRecording();
    isOpeningMicrophone = false;
    showState();
    showLevel();
    const sound = await recording.finished;
    const { filename } = recording;
    recording = null;
    showState();
    if (sound) await sendSound(sound, filename);
  } catch (error) {
    if (!(error instanceof MicrophoneError)) throw error;
    recording = null;
    showState();
    showNotice(error);
  } finally {
    isOpeningMicrophone = false;
  }
}

function showLevel() {
  if (!recording) return;
  microphone.style.setProperty("--level", recording.level().toFixed(2));
  const seconds = Math.floor((performance.now() - recording.started_ms) / 1000);
  find("elapsed").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  requestAnimationFrame(showLevel);
}

function stop() {
  if (recording) recording.cancel();
  else {
    player.stop();
    live.stopReply();
  }
}

attachPressToTalk(microphone, {
  begin: listen,
  end: () => recording?.stop(),
  isListening: () => recording !== null,
});

// Text

find("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const words = question.value.trim();
  if (!words) return;
  question.value = "";
  player.unlock();
  sendQuestion(words);
});

question.addEventListener("keydown", (event) => {
  // While an input method composes, Enter picks a word. Safari says so only by key code 229.
  const isComposing = event.isComposing || event.keyCode === 229;
  if (event.key !== "Enter" || event.shiftKey || isComposing) return;
  event.preventDefault();
  find("composer").requestSubmit();
});

// The rest

find("stop").addEventListener("click", stop);
find("dismiss").addEventListener("click", hideNotice);
find("switch-language").addEventListener("click", switchLanguage);
find("new-conversation").addEventListener("click", () => {
  live.end();
  player.stop();
  hideNotice();
  clearConversation();
  conversationId = null;
  currentTurn = null;
  stage = null;
  showState();
  question.focus();
});
document.addEventListener("keydown", ({ key }) => {
  if (key === "Escape") stop();
});

translate(document);
attachSettings(() => {
  if (!isSpeakOn()) player.stop();
  live.configure();
});
watchReadiness();
watchAnnouncements(showAnnounced);
