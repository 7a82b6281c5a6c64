// Which conversation the address names: `/` a new one, `/c/<conversation_id>` that one, and with
// `#<turn_id>` a place in it. The title of the window goes with it.

import { shallowReactive, watchEffect } from "../../vendor/vue.runtime.esm-browser.prod.js";
import { t } from "../i18n.js";

const CONVERSATION = /^\/c\/([A-Za-z0-9_-]{1,64})$/;

/**
 * `conversationId`, `turnId`: null where the address names none. `title`: the conversation's, written by
 * whoever knows it; "" until then.
 */
export const route = shallowReactive({ ...read(), title: "" });

/** The address to put in a link; of a new conversation without an id. */
export function addressOf(conversationId, turnId = null) {
  if (!conversationId) return "/";
  return `/c/${conversationId}${turnId ? `#${turnId}` : ""}`;
}

/**
 * Goes to that conversation, a new one for null. `isReplacing`: "back" does not return to the address
 * left; for a new conversation that has got its id.
 */
export function navigate(conversationId, { turnId = null, isReplacing = false } = {}) {
  const address = addressOf(conversationId, turnId);
  if (address !== location.pathname + location.hash) {
    history[isReplacing ? "replaceState" : "pushState"](null, "", address);
  }
  follow();
}

/** True where a click on a link means "here", not a new tab, a window or a download. */
export function isPlainClick(event) {
  return event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
}

function read() {
  const conversationId = CONVERSATION.exec(location.pathname)?.[1] ?? null;
  return { conversationId, turnId: (conversationId && location.hash.slice(1)) || null };
}

/** The title stays until another conversation is open. */
function follow() {
  const found = read();
  const title = found.conversationId === route.conversationId ? route.title : "";
  Object.assign(route, { ...found, title });
}

window.addEventListener("popstate", follow);

watchEffect(() => {
  document.title = route.title ? `${route.title} – ${t("title")}` : t("title");
});
