// One sentence in one voice, to hear what it is like. One at a time.

import { shallowReactive, watch } from "../../vendor/vue.runtime.esm-browser.prod.js";
import { ApiError, request } from "../client/api.js";
import { followTurn } from "../client/turn_client.js";
import { addPiece, createReply } from "../state/turns.js";
import { play, playing, stop, unlockSound } from "./player.js";

const SENTENCES = {
  en: "Hello! This is my voice. I look forward to talking with you.",
  zh: "你好！这就是我的声音，很高兴和你聊天。",
  cs: "Dobrý den! Tohle je můj hlas. Těším se, až si popovídáme.",
  de: "Hallo! So klingt meine Stimme. Ich freue mich auf unser Gespräch.",
  es: "¡Hola! Esta es mi voz. Me encantará hablar contigo.",
  fr: "Bonjour ! Voici ma voix. Je me réjouis de parler avec vous.",
  hi: "नमस्ते! यह मेरी आवाज़ है। आपसे बात करके मुझे खुशी होगी।",
  id: "Halo! Inilah suara saya. Saya senang berbicara dengan Anda.",
  it: "Ciao! Questa è la mia voce. Sarà un piacere parlare con te.",
  nl: "Hallo! Dit is mijn stem. Ik kijk ernaar uit met je te praten.",
  pl: "Dzień dobry! To jest mój głos. Cieszę się na naszą rozmowę.",
  pt: "Olá! Esta é a minha voz. Vai ser um prazer conversar com você.",
  ru: "Здравствуйте! Это мой голос. Буду рад с вами поговорить.",
  sv: "Hej! Det här är min röst. Jag ser fram emot att prata med dig.",
};

/** `stage`: preparing or playing; null while none is wanted. `reply`: its words, as turns.js has them. */
export const sample = shallowReactive({ stage: null, reply: null, error: null });

let turnId = null;

export function sentenceIn(language) {
  return SENTENCES[language] ?? SENTENCES.en;
}

/**
 * Call in a click or key handler. `voice` empty: the usual one of `language`. Ends whatever sounds.
 */
export async function playSample({ voice, language, speed }) {
  stopSample();
  stop();
  unlockSound();
  const text = sentenceIn(language);
  const reply = createReply({ text });
  Object.assign(sample, { stage: "preparing", reply, error: null });
  const isWanted = () => sample.reply === reply;
  try {
    const wish = { text, language, speed, ...(voice && { voice }) };
    const { turn_id } = await request("POST", "/api/speech", wish);
    if (!isWanted()) return cancel(turn_id);
    turnId = turn_id;
    for await (const event of followTurn(turn_id)) {
      if (!isWanted()) return;
      take(event, reply);
    }
    if (reply.pieces.length === 0) throw new ApiError("sample_failed");
  } catch (error) {
    if (!isWanted()) return;
    stopSample();
    sample.error = error;
  }
}

/** Ends the sample; other sound goes on. */
export function stopSample() {
  const { reply } = sample;
  if (reply === null) return;
  if (turnId && !reply.isSpoken) cancel(turnId);
  turnId = null;
  Object.assign(sample, { stage: null, reply: null, error: null });
  if (isOpen(reply)) stop();
}

function take(event, reply) {
  if (event.type === "audio_ready") {
    const { index, text, audio_id, duration_s } = event;
    addPiece(reply, { index, text, audioId: audio_id, duration_s });
    if (sample.stage === "preparing") start(reply);
  } else if (event.type === "speech_failed" || event.type === "turn_failed") {
    throw new ApiError(event.code, event.message);
  } else if (event.type === "turn_finished") {
    reply.isSpoken = true;
  }
}

function start(reply) {
  play(reply);
  sample.stage = "playing";
  // The player lets go of it at its end, or for another sound.
  const unwatch = watch(
    () => isOpen(reply),
    (open) => {
      if (open) return;
      unwatch();
      if (sample.reply === reply) stopSample();
    },
  );
}

function isOpen(reply) {
  return playing.reply === reply;
}

function cancel(id) {
  request("POST", `/api/turns/${id}/stop`, {}).catch(() => {}); // nobody waits for it
}
