// Elements as tagged templates: html`<p class="x" onClick=${f}>${words}</p>`, for Vue's render
// functions. Vue's own templates would need a compiler on the page, and `unsafe-eval` for it.

import htm from "../vendor/htm.module.js";
import { h } from "../vendor/vue.runtime.esm-browser.prod.js";

export const html = htm.bind(function create(type, properties, ...children) {
  this[0] = 3; // makes htm build every element anew, where it would share the unchanging ones
  // A component takes its children as a function, which it calls when it wants them.
  const isSlot = children.length === 1 && typeof children[0] === "function";
  return h(type, properties, isSlot ? { default: children[0] } : children);
});
