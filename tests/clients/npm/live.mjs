// Live conversation by either of the package's Realtime clients.

import assert from "node:assert/strict";
import OpenAI from "openai";
import { assertSays, pcm, recognise, wav } from "./sounds.mjs";
import { serve } from "./tls.mjs";

// Asks aloud, and checks what is written and spoken. `prefix` is what the dialect puts before the
// names of a response's events.
export async function talk(Connection, session, prefix) {
  const client = new OpenAI();
  const proxy = await serve(client.baseURL);
  const live = new Connection({ model: "gpt-realtime" }, new OpenAI({ baseURL: proxy.url }));
  let written = "";
  const sound = [];
  try {
    await new Promise((resolve, reject) => {
      live.on("error", reject);
      live.on(`response.${prefix}audio_transcript.delta`, (event) => (written += event.delta));
      live.on(`response.${prefix}audio.delta`, (event) => {
        sound.push(Buffer.from(event.delta, "base64"));
      });
      live.on("response.done", resolve);
      live.socket.on("open", () => {
        live.send({ type: "session.update", session });
        const audio = pcm("question.en", 2).toString("base64");
        live.send({ type: "input_audio_buffer.append", audio });
      });
    });
  } finally {
    live.close();
    proxy.close();
  }
  assert.match(written, /Paris/);
  assertSays(await recognise(client, wav(Buffer.concat(sound)), "reply.wav"), written);
}
