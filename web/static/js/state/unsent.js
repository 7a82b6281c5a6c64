// What the user made and the server has not taken: recordings and files, and a text being typed. It
// outlives the page, and is offered again.

import { shallowReactive } from "../../vendor/vue.runtime.esm-browser.prod.js";
import { SoundStore } from "./sound_store.js";
import { read, write } from "./storage.js";

const DRAFTS = "drafts";
const MAX_DRAFTS = 20;
const NEW = "new"; // the conversation that has no id yet
const WRITE_AFTER_MS = 300;
// That the sound itself is at fault; sent again, it would fare no better.
const REFUSALS = [400, 413, 415, 422];

/** What is offered, the newest first: {id, filename, kind, conversationId, at (ms since 1970), size (bytes)}. */
export const unsent = shallowReactive([]);

const store = new SoundStore("unsent");
const holds = new Map(); // id → ends the hold, of those that this page is sending

offerWhatWasLeft();

/**
 * Keeps a sound that is about to be sent; it is not offered before `offer`, or before the page is gone.
 * Resolves to its id.
 */
export async function keep({ sound, filename, kind, conversationId = null }) {
  const id = `${Date.now()}-${Math.random().toString(36).slice(2)}`;
  hold(id);
  const dropped = await store.put({ id, at: Date.now(), sound, filename, kind, conversationId });
  dropped.forEach(remove);
  return id;
}

/** It has arrived, or nobody wants it any more. */
export async function forget(id) {
  remove(id);
  release(id);
  await store.delete(id);
}

/** It could not be sent now. */
export async function offer(id) {
  const record = await store.get(id);
  release(id);
  if (record && !unsent.some((each) => each.id === id)) unsent.unshift(described(record));
}

/** It is being sent again. Resolves to the sound; null where this browser has lost it. */
export async function takeUp(id) {
  hold(id);
  remove(id);
  return soundOf(id);
}

/** Resolves to the sound; null where this browser has lost it. */
export async function soundOf(id) {
  return (await store.get(id))?.sound ?? null;
}

/** True where the same sound would be refused again. */
export function isRefused(error) {
  return REFUSALS.includes(error.status);
}

async function offerWhatWasLeft() {
  const elsewhere = await heldElsewhere();
  for (const record of await store.list()) {
    const isOurs = holds.has(record.id) || unsent.some(({ id }) => id === record.id);
    if (!isOurs && !elsewhere.has(record.id)) unsent.push(described(record));
  }
}

function described({ id, filename, kind, conversationId, at, sound }) {
  return { id, filename, kind, conversationId, at, size: sound.size };
}

function remove(id) {
  const place = unsent.findIndex((each) => each.id === id);
  if (place !== -1) unsent.splice(place, 1);
}

// Another tab must not offer what this one is sending. Insecure pages have no locks.

function hold(id) {
  const held = new Promise((resolve) => holds.set(id, resolve));
  navigator.locks?.request(`unsent ${id}`, () => held);
}

function release(id) {
  holds.get(id)?.();
  holds.delete(id);
}

async function heldElsewhere() {
  const locks = await navigator.locks?.query();
  return new Set(locks?.held.map(({ name }) => name.replace("unsent ", "")));
}

// Text

const drafts = new Map(Object.entries(read(DRAFTS) ?? {}));
let writing = null;

/** The text that was being typed in a conversation, null for a new one; "" where there is none. */
export function draft(conversationId) {
  return drafts.get(conversationId ?? NEW) ?? "";
}

export function setDraft(conversationId, text) {
  const name = conversationId ?? NEW;
  drafts.delete(name); // so that the last written is the last in order
  if (text) drafts.set(name, text);
  writing ??= setTimeout(writeDrafts, WRITE_AFTER_MS);
}

/** The new conversation has got its id. */
export function nameDraft(conversationId) {
  if (drafts.has(NEW)) setDraft(conversationId, draft(null));
  setDraft(null, "");
}

function writeDrafts() {
  clearTimeout(writing);
  writing = null;
  write(DRAFTS, Object.fromEntries([...drafts].slice(-MAX_DRAFTS)));
}

window.addEventListener("pagehide", () => writing && writeDrafts());
