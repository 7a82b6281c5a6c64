// The user's conversations as a list, the last used first, or those in which something was found.

import { reactive } from "../../vendor/vue.runtime.esm-browser.prod.js";
import { request, send } from "../client/api.js";
import { noteRemoval, owedRemovals, settleRemoval } from "./owed_removals.js";

const ADDRESS = "/api/conversations";
const PAGE = 40;
const SEARCH_WAIT_MS = 250; // since the last letter
const UNDO_MS = 6000;

const known = new Map(); // id → conversation, the same object in every listing
const gone = new Set(); // ids; a list that was on its way must not bring them back
const titling = new Set(); // ids whose new title the server does not have yet
const removals = new Map(); // id → {left_ms, since, timer}

/**
 * A part of the list, which grows as one scrolls. `entries`: {conversation: {id, title, updated, removal},
 * match: {turn_id, text}, null where the title matched}. `removal`: "undoable", "final", or null.
 */
function createListing(search) {
  return reactive({ search, entries: [], isLoaded: false, isLoading: false, isComplete: false, error: null });
}

const all = createListing("");

/**
 * `search`: what is in the field; `shown` answers an earlier one while `isSearching`. `problem`: what
 * could not be done to a conversation, {key, error, retry}, `retry` null where it would fare no better.
 */
export const conversations = reactive({ search: "", isSearching: false, shown: all, problem: null });

/** The conversation with that id, where it is in the list. */
export function find(id) {
  return all.entries.concat(conversations.shown.entries).find(({ conversation }) => conversation.id === id)?.conversation;
}

// Reading

/** The next part of what is shown. What goes wrong is in the listing's `error`. */
export async function loadMore(listing = conversations.shown, signal = undefined) {
  if (listing.isLoading || listing.isComplete) return;
  Object.assign(listing, { isLoading: true, error: null });
  try {
    const found = await fetchPart(listing.search, listing.entries.length, signal);
    // What was begun meanwhile has pushed the others down.
    const fresh = found.entries.filter(({ conversation }) => !listing.entries.some((entry) => entry.conversation === conversation));
    listing.entries.push(...fresh);
    listing.isComplete = fresh.length === 0 || found.isLast;
  } catch (error) {
    if (!signal?.aborted) listing.error = error;
  } finally {
    Object.assign(listing, { isLoading: false, isLoaded: true });
  }
}

/** After each turn, and when the user comes back: new titles, a new order, what other devices did. */
export async function refresh() {
  if (!all.isLoaded || all.isLoading) return loadMore(all);
  let found;
  try {
    found = await fetchPart("", 0);
  } catch {
    return undefined; // What is shown stays; the next one may tell.
  }
  const fresh = new Set(found.entries.map(({ conversation }) => conversation));
  const oldest = found.entries.at(-1)?.conversation.updated;
  const isOlder = ({ conversation }) => conversation.updated <= oldest && !fresh.has(conversation);
  all.entries = found.entries.concat(found.isLast ? [] : all.entries.filter(isOlder));
  Object.assign(all, { isComplete: found.isLast || all.isComplete, error: null });
  return undefined;
}

async function fetchPart(search, start, signal) {
  const query = new URLSearchParams({ ...(search && { search }), start, count: PAGE });
  const response = await send(`${ADDRESS}?${query}`, { signal });
  const found = (await response.json()).conversations;
  const entries = found.filter(({ conversation_id }) => !gone.has(conversation_id)).map(adopt);
  return { entries, isLast: found.length < PAGE };
}

function adopt({ conversation_id: id, title, updated_at, match = null }) {
  if (!known.has(id)) known.set(id, reactive({ id, title, updated: null, removal: null }));
  const conversation = known.get(id);
  conversation.updated = new Date(updated_at);
  if (!titling.has(id)) conversation.title = title;
  return { conversation, match };
}

// Searching

let waiting = null;
let searching = null;

/** Titles and all that was said; the empty string shows all again. */
export function search(words) {
  clearTimeout(waiting);
  searching?.abort();
  const wanted = words.trim();
  Object.assign(conversations, { search: words, isSearching: wanted !== conversations.shown.search });
  if (!conversations.isSearching) return;
  if (wanted) waiting = setTimeout(searchNow, SEARCH_WAIT_MS, wanted);
  else Object.assign(conversations, { shown: all, isSearching: false });
}

async function searchNow(wanted) {
  searching = new AbortController();
  const { signal } = searching;
  const hits = createListing(wanted);
  await loadMore(hits, signal);
  if (!signal.aborted) Object.assign(conversations, { shown: hits, isSearching: false });
}

// Changing

export async function rename(id, title) {
  const conversation = known.get(id);
  const before = conversation.title;
  conversation.title = title;
  titling.add(id);
  try {
    await request("PATCH", `${ADDRESS}/${id}`, { title });
  } catch (error) {
    conversation.title = before;
    if (error.status === 404) drop(id);
    report("rename_failed", error, () => rename(id, title));
  } finally {
    titling.delete(id);
  }
}

/** The server is told when the time to undo it is over, or the user leaves the page. */
export function remove(id) {
  known.get(id).removal = "undoable";
  removals.set(id, { left_ms: UNDO_MS, since: 0, timer: null });
  noteRemoval(id);
  resumeRemoval(id);
}

export function restore(id) {
  clearTimeout(removals.get(id)?.timer);
  removals.delete(id);
  settleRemoval(id);
  known.get(id).removal = null;
}

/** The time to undo stands still, since the user is about to. */
export function pauseRemoval(id) {
  const removal = removals.get(id);
  if (!removal?.timer) return;
  clearTimeout(removal.timer);
  removal.left_ms -= Date.now() - removal.since;
  removal.timer = null;
}

export function resumeRemoval(id) {
  const removal = removals.get(id);
  if (!removal || removal.timer) return;
  removal.since = Date.now();
  removal.timer = setTimeout(finishRemoval, Math.max(removal.left_ms, UNDO_MS / 4), id);
}

async function finishRemoval(id) {
  clearTimeout(removals.get(id)?.timer);
  removals.delete(id);
  known.get(id).removal = "final";
  try {
    await tellOfRemoval(id);
  } catch (error) {
    if (document.visibilityState === "visible") settleRemoval(id); // The user sees that it is still there.
    known.get(id).removal = null;
    report("delete_failed", error, () => finishRemoval(id));
  }
}

async function tellOfRemoval(id) {
  try {
    await send(`${ADDRESS}/${id}`, { method: "DELETE", keepalive: true });
  } catch (error) {
    if (error.status !== 404) throw error;
  }
  settleRemoval(id);
  drop(id);
}

function drop(id) {
  gone.add(id);
  known.delete(id);
  for (const listing of new Set([all, conversations.shown])) {
    listing.entries = listing.entries.filter(({ conversation }) => conversation.id !== id);
  }
}

export function forgetProblem() {
  conversations.problem = null;
}

function report(key, error, retry) {
  const again = () => {
    forgetProblem();
    return retry();
  };
  conversations.problem = { key, error, retry: error.isFinal ? null : again };
}

document.addEventListener("visibilitychange", () => {
  // No later moment is certain: a phone ends a page in the background without a word.
  if (document.visibilityState === "hidden") [...removals.keys()].forEach(finishRemoval);
  else if (all.isLoaded) refresh();
});

for (const id of owedRemovals()) tellOfRemoval(id).catch(() => undefined); // The next visit tries again.
