// Keys that work anywhere on the page, but for where something is being written.

import { read, write } from "./state/storage.js";
import { press, release, live, cancel } from "./state/talk.js";
import { shallowReactive } from "../vendor/vue.runtime.esm-browser.prod.js";

const STORED = "single_keys";

/** `areOn`: keys without Ctrl or ⌘. Someone who speaks to their computer may need them off (WCAG 2.1.4). */
export const singleKeys = shallowReactive({ areOn: read(STORED) ?? true });

export function switchSingleKeys(areOn) {
  singleKeys.areOn = areOn;
  write(STORED, areOn);
}

/** As the window of shortcuts lists them. */
export const SHORTCUTS = [
  { keys: ["Space"], label: "shortcut_talk" },
  { keys: ["Esc"], label: "shortcut_cancel" },
  { keys: ["M"], label: "shortcut_mute" },
  { keys: ["/"], label: "shortcut_write" },
  { keys: ["N"], label: "shortcut_new" },
  { keys: ["Ctrl", "K"], label: "shortcut_search" },
  { keys: [","], label: "shortcut_settings" },
  { keys: ["F2"], label: "shortcut_rename" },
  { keys: ["Delete"], label: "shortcut_delete" },
  { keys: ["?"], label: "shortcut_help" },
];

const OWN_KEYS = "input, textarea, select, button, a, summary, audio, [contenteditable], [role=menu]";

/** `actions`: what the keys do that concern more than talking: write, new, search, settings, help. */
export function attachShortcuts(actions) {
  const keys = { "/": actions.write, n: actions.new, ",": actions.settings, "?": actions.help, m: mute };
  document.addEventListener("keydown", (event) => {
    const { key, repeat, target, altKey } = event;
    const isWindowOpen = document.querySelector("dialog[open]") !== null;
    if (isWindowOpen || event.defaultPrevented || event.isComposing || altKey) return;
    if (event.ctrlKey || event.metaKey) {
      if (key.toLowerCase() === "k") act(event, actions.search);
      return;
    }
    if (key === "Escape") return cancel();
    const isWritten = target.closest("input, textarea, select, [contenteditable]") !== null;
    if (isWritten || !singleKeys.areOn) return;
    if (key === " " && target.closest(OWN_KEYS) === null) act(event, repeat ? () => {} : press);
    else if (!repeat && keys[key.toLowerCase()]) act(event, keys[key.toLowerCase()]);
  });
  document.addEventListener("keyup", ({ key }) => key === " " && release());
}

function act(event, action) {
  event.preventDefault();
  action();
}

function mute() {
  if (live.state) live.isMuted = !live.isMuted;
}
