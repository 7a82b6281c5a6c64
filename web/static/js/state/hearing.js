// Replies made audible: as they come, once more, slowly, and after a reload from where they were.

import { play, playing, position } from "../audio/player.js";
import { request } from "../client/api.js";
import { followTurn } from "../client/turn_client.js";
import { conversation, page } from "./conversation.js";
import { preferences, requestFields } from "./preferences.js";
import { read, write } from "./storage.js";
import { applyEvent } from "./turn_events.js";
import { addPiece, createTurn } from "./turns.js";

const HEARING = "hearing"; // in this tab: which reply is being heard, and how far

/** Plays a reply that has just begun, if it is the current one; after a reload from where it was. */
export function hearFirst({ id, reply }) {
  reply.heardChars = 0;
  if (conversation.current?.id !== id || !preferences.isSpeaking || !page.mayHear()) return;
  const heard = read(HEARING, "sessionStorage");
  play(reply, heard?.turnId === id ? { from: heard } : {});
}

/** Plays a reply once more. `rate` below 1: slowly. */
export async function hear(turn, rate = 1) {
  if (!turn.reply.isSpoken || (await hasSound(turn))) play(turn.reply, { rate });
  else await speakAgain(turn, rate);
}

/** Goes on with a reply that was whole when the page was left, and not heard to its end. */
export async function goOnHearing() {
  const heard = read(HEARING, "sessionStorage");
  const turn = conversation.turns.at(-1);
  if (!heard || !turn?.reply || turn.id !== heard.turnId || !preferences.isSpeaking) return;
  if (await hasSound(turn)) play(turn.reply, { from: heard });
}

/** To be called when the page is left. */
export function noteHearing() {
  const turn = conversation.turns.find(({ reply }) => reply && reply === playing.reply);
  write(HEARING, turn ? { turnId: turn.id, ...position() } : null, "sessionStorage");
}

/** The server keeps a reply's sound for a day. */
async function hasSound({ id, reply }) {
  if (reply.pieces.length === 0 && id !== null) {
    const stored = await request("GET", `/api/turns/${id}`).catch(() => null);
    for (const { index, text, url, duration_s } of stored?.audio ?? []) {
      addPiece(reply, { index, text, audioId: url.split("/").at(-1), duration_s });
    }
  }
  return reply.pieces.some(({ audioId }) => audioId !== null);
}

async function speakAgain({ reply }, rate) {
  const { voice, speed } = requestFields();
  const { turn_id } = await request("POST", "/api/speech", { text: reply.text, voice, speed });
  const spoken = createTurn("text", { id: turn_id });
  spoken.reply = reply;
  reply.isSpoken = false;
  play(reply, { rate });
  const text = reply.text;
  for await (const event of followTurn(turn_id)) {
    if (["audio_ready", "speech_failed"].includes(event.type)) applyEvent(spoken, event);
  }
  Object.assign(reply, { text, isSpoken: true });
}
