import { html } from "../../html.js";

/** `text` with each of the words that were looked for in a <mark>; capitals do not matter. */
export function highlight(text, search) {
  const words = search.split(/\s+/).filter(Boolean);
  if (!words.length) return text;
  const longestFirst = words.sort((one, other) => other.length - one.length).map(escape);
  const parts = text.split(new RegExp(`(${longestFirst.join("|")})`, "giu"));
  return parts.map((part, place) => (place % 2 ? html`<mark>${part}</mark>` : part));
}

function escape(word) {
  return word.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
