// Line icons of 24 by 24, drawn for this page.

import { html } from "../html.js";

const PATHS = {
  microphone: "M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3ZM5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3",
  muted: "M9 9v2a3 3 0 0 0 4.8 2.4M15 10.5V6a3 3 0 0 0-5.8-1M5.5 11.5a6.5 6.5 0 0 0 10.6 5M18.2 13.3c.2-.6.3-1.2.3-1.8M12 18v3M4 3l16 18",
  waves: "M4 10.5v3M8 7v10M12 4v16M16 7.5v9M20 10.5v3",
  dots: "M6 12h.01M12 12h.01M18 12h.01",
  speaker: "M4 9.5v5h3.5L12 18.5v-13L7.5 9.5ZM15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11",
  speaker_off: "M4 9.5v5h3.5L12 18.5v-13L7.5 9.5ZM16 9.5l5 5M21 9.5l-5 5",
  reconnect: "M4.5 12a7.5 7.5 0 0 1 13-5.1M19.5 12a7.5 7.5 0 0 1-13 5.1M17.8 3v4.2h-4.2M6.2 21v-4.2h4.2",
  pause: "M9 6v12M15 6v12",
  play: "M8 5.5v13l10.5-6.5z",
  stop: "M7.5 7.5h9v9h-9z",
  send: "M12 19V5.5M6 11l6-6 6 6",
  attach: "M19 11.5l-7.3 7.3a4.5 4.5 0 0 1-6.4-6.4l7.8-7.8a3 3 0 0 1 4.3 4.3l-7.7 7.7a1.5 1.5 0 0 1-2.2-2.2l6.8-6.7",
  new: "M12 5.5v13M5.5 12h13",
  close: "m7 7 10 10M17 7 7 17",
  menu: "M4 7h16M4 12h16M4 17h16",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M15 4.8v4.4M9 14.8v4.4",
  help: "M9.2 9.3a2.8 2.8 0 1 1 4.3 2.4c-1 .6-1.5 1.2-1.5 2.3M12 17.5h.01M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z",
  search: "M10.5 4.5a6 6 0 1 0 0 12 6 6 0 0 0 0-12ZM15 15l5 5",
  copy: "M9 9h10v10H9zM6 15H5V5h10v1",
  check: "m5 12.5 4.5 4.5L19 7.5",
  again: "M19.5 12a7.5 7.5 0 1 1-2.2-5.3M19.5 4v4.5H15",
  edit: "M5 19l.8-3.8L16 5l3 3L8.8 18.2ZM14 7l3 3",
  delete: "M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7",
  download: "M12 4.5V16M7.5 11.5 12 16l4.5-4.5M5 19.5h14",
  link: "M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3A4 4 0 0 0 11 18.7l1-1",
  thumb_up: "M7.5 11v8H4.5v-8ZM7.5 11l3.5-7c1.4 0 2.3 1 2.3 2.4V9.5h4.4a1.8 1.8 0 0 1 1.8 2.1l-1 5.8A1.9 1.9 0 0 1 16.6 19H7.5",
  thumb_down: "M7.5 13V5H4.5v8ZM7.5 13l3.5 7c1.4 0 2.3-1 2.3-2.4V14.5h4.4a1.8 1.8 0 0 0 1.8-2.1l-1-5.8A1.9 1.9 0 0 0 16.6 5H7.5",
  more: "M12 6h.01M12 12h.01M12 18h.01",
  warning: "M12 4 3.5 19h17ZM12 10v4.5M12 17h.01",
  file: "M7 3.5h7l4 4v13H7ZM14 3.5v4h4",
  sun: "M12 8.2a3.8 3.8 0 1 0 0 7.6 3.8 3.8 0 0 0 0-7.6ZM12 3v1.8M12 19.2V21M3 12h1.8M19.2 12H21M5.6 5.6l1.3 1.3M17.1 17.1l1.3 1.3M5.6 18.4l1.3-1.3M17.1 6.9l1.3-1.3",
  moon: "M19.5 14.3A8 8 0 0 1 9.7 4.5a8 8 0 1 0 9.8 9.8Z",
  screen: "M3.5 5h17v11.5h-17ZM9 20h6M12 16.5V20",
  smile: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17ZM8.5 14a4.2 4.2 0 0 0 7 0M9 9.5h.01M15 9.5h.01",
  bookmark: "M7 4h10v16l-5-4-5 4Z",
};

/** One of PATHS; decoration only, so a control that has nothing else needs a name. */
export function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
}
Icon.props = ["name"];

/** A button that shows an icon alone; `label` is its name and tooltip. */
export function IconButton({ name, label }, { attrs }) {
  return html`<button type="button" class="quiet" aria-label=${label} title=${label} ...${attrs}><${Icon} name=${name} /></button>`;
}
IconButton.props = ["name", "label"];
IconButton.inheritAttrs = false;
