// What the sections of the settings are made of.

import { html } from "../../html.js";
import { explain, t } from "../../i18n.js";
import { Icon } from "../icon.js";

/** What happened and what to do, or nothing. `error`: {code, detail, values}, or null. `onRetry`, if it helps. */
export function Problem({ error, onRetry }) {
  // The alert is there before its words are, else some screen readers miss them.
  return html`<div role="alert">
    ${error &&
    html`<div class="problem setting-problem">
      <p>${t(`settings_${error.code}`) ?? explain(error)}</p>
      ${onRetry && html`<button type="button" class="plain" onClick=${onRetry}>${t("retry")}</button>`}
    </div>`}
  </div>`;
}
Problem.props = ["error", "onRetry"];

/**
 * One of a few, all in sight: radio buttons. `options`: {value, label, icon, meaning, lang}. `layout`:
 * segments, side by side, or cards, each with a line of `meaning`. Emits `choose` with the value.
 */
export function Choices({ name, legend, hint, options, chosen, layout }, { emit }) {
  return html`<fieldset class="setting">
    <legend class="setting-name">${legend}</legend>
    ${hint && html`<p class="hint">${hint}</p>`}
    <div class=${layout}>
      ${options.map(
        ({ value, label, icon, meaning, lang }) => html`<label key=${value} class="choice" lang=${lang}>
          <input
            type="radio"
            name=${name}
            value=${value}
            checked=${chosen === value}
            aria-describedby=${meaning && `${name}-${value}`}
            onChange=${() => emit("choose", value)}
          />
          ${icon && html`<${Icon} name=${icon} />`}
          <span class="choice-words">
            <span>${label}</span>
            ${meaning && html`<span class="hint" id=${`${name}-${value}`} aria-hidden="true">${meaning}</span>`}
          </span>
        </label>`,
      )}
    </div>
  </fieldset>`;
}
Choices.props = ["name", "legend", "hint", "options", "chosen", "layout"];
Choices.emits = ["choose"];

/** One of many. `groups`: [{label, options: [{value, label}]}]; a group without a label is none. Emits `choose`. */
export function Selection({ id, label, groups, chosen, disabled, describedby }, { emit, slots }) {
  const listed = (options) => options.map(({ value, label }) => html`<option key=${value} value=${value}>${label}</option>`);
  return html`<div class="setting">
    <label class="setting-name" for=${id}>${label}</label>
    <div class="setting-row">
      <select
        id=${id}
        value=${chosen}
        disabled=${disabled}
        aria-describedby=${describedby}
        onChange=${({ target }) => emit("choose", target.value)}
      >
        ${groups.map((group) =>
          group.label
            ? html`<optgroup key=${group.label} label=${group.label}>${listed(group.options)}</optgroup>`
            : listed(group.options),
        )}
      </select>
      ${slots.default?.()}
    </div>
  </div>`;
}
Selection.props = ["id", "label", "groups", "chosen", "disabled", "describedby"];
Selection.emits = ["choose"];

/** On or off. Emits `choose` with a boolean. */
export function Switch({ id, label, hint, checked }, { emit }) {
  return html`<div class="setting">
    <label class="switch setting-switch">
      <span class="setting-name">${label}</span>
      <input
        type="checkbox"
        role="switch"
        checked=${checked}
        aria-describedby=${hint && `${id}-hint`}
        onChange=${({ target }) => emit("choose", target.checked)}
      />
    </label>
    ${hint && html`<p class="hint" id=${`${id}-hint`}>${hint}</p>`}
  </div>`;
}
Switch.props = ["id", "label", "hint", "checked"];
Switch.emits = ["choose"];
