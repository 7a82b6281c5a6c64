// What the clients say, and whether what comes back is what was said. SOUNDS is a folder of WAV
// files, mono, 16 bits, 24 kHz, with their words in texts.json.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { toFile } from "openai";

const RATE_HZ = 24_000;
const HEADER_BYTES = 44;
const folder = process.env.SOUNDS;

export const texts = JSON.parse(readFileSync(`${folder}/texts.json`));
export const path = (name) => `${folder}/${name}.wav`;

const plain = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();

// Asserts that most words of `said` are heard; characters where it is Chinese.
export function assertSays(text, said) {
  const parts = (each) => (/[一-鿿]/.test(said) ? [...plain(each)] : plain(each).split(" "));
  const heard = new Set(parts(text));
  const wanted = parts(said);
  const missing = wanted.filter((each) => !heard.has(each));
  assert(missing.length <= 0.4 * wanted.length, `"${text}" is not "${said}"`);
}

// Resolves to what the server hears in a file.
export async function recognise(client, sound, name, language = "en") {
  const file = await toFile(sound, name);
  const given = { file, model: "whisper-1", language };
  return (await client.audio.transcriptions.create(given)).text;
}

// Returns the samples of a sound, and silence after them.
export function pcm(name, silenceSeconds) {
  const samples = readFileSync(path(name)).subarray(HEADER_BYTES);
  return Buffer.concat([samples, Buffer.alloc(2 * RATE_HZ * silenceSeconds)]);
}

export function wav(samples) {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write("RIFF", 0);
  header.writeUInt32LE(HEADER_BYTES - 8 + samples.length, 4);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20); // PCM
  header.writeUInt16LE(1, 22); // channels
  header.writeUInt32LE(RATE_HZ, 24);
  header.writeUInt32LE(2 * RATE_HZ, 28);
  header.writeUInt16LE(2, 32); // bytes a sample
  header.writeUInt16LE(16, 34);
  header.write("data", 36);
  header.writeUInt32LE(samples.length, 40);
  return Buffer.concat([header, samples]);
}
