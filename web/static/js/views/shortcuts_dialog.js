// What the keyboard can do.

import { html } from "../html.js";
import { t } from "../i18n.js";
import { Dialog } from "./dialog.js";

/**
 * `shortcuts`: [{keys: ["Shift", "Enter"], label: key of what they do}…]; keys of one are
 * pressed together. The slot stands below the list. Emits `close`.
 */
export const ShortcutsDialog = {
  props: ["shortcuts"],
  emits: ["close"],
  setup(props, { emit, slots }) {
    return () => html`<${Dialog} class="shortcuts" title=${t("shortcuts")} onClose=${() => emit("close")}>
      ${() => html`<dl class="shortcuts-list">
        ${props.shortcuts.map(
          ({ keys, label }) => html`<div key=${label}>
            <dt>${keys.map((key, place) => [place > 0 && " + ", html`<kbd>${t(`key_${key}`) ?? key}</kbd>`])}</dt>
            <dd>${t(label)}</dd>
          </div>`,
        )}
      </dl>
      ${slots.default?.()}`}
    </>`;
  },
};
