// The one thing that the user should read now: what happened, and what to do about it.

import { shallowReactive } from "../../vendor/vue.runtime.esm-browser.prod.js";

export const AWAY = ["offline", "unreachable"];
const SETTLED = ["page", "recording"]; // nothing of these is lost, and what there is to do is offered elsewhere

/**
 * `error`: {code, detail, values}, or null. `about`: what it happened to, which has words of its own for some
 * codes: question, recording, opening or page; null for anything. `retry`: what the button does that says
 * `label` (a key), or null.
 */
export const notice = shallowReactive({ error: null, about: null, retry: null, label: "retry", isReading: false });

/** `isReading`: `retry` changes nothing, so it is done by itself once the server can be reached again. */
export function showNotice(error, retry = null, { about = null, label = "retry", isReading = false } = {}) {
  Object.assign(notice, { error, about, retry, label, isReading });
}

export function hideNotice() {
  showNotice(null);
}

/** What these codes tell of is so no more; a notice of something else stays. */
export function solve(...codes) {
  if (codes.includes(notice.error?.code)) hideNotice();
}

/** The server can be reached again. What failed meanwhile still waits for the user, in other words. */
export function noteReachable() {
  if (!AWAY.includes(notice.error?.code)) return;
  const { retry, isReading, about } = notice;
  if (isReading || SETTLED.includes(about)) hideNotice();
  else showNotice({ code: "reachable_again" }, retry, { about });
  if (isReading) retry();
}
