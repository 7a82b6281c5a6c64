// How fast replies are spoken, said in words beside the slider.

import { html } from "../../html.js";
import { language, t } from "../../i18n.js";
import { preferences } from "../../state/preferences.js";
import { IconButton } from "../icon.js";

const SLOWEST = 0.5;
const FASTEST = 2;
const STEP = 0.05;

/** Emits `changed` when the slider is let go. */
export function SpeedField(_, { emit }) {
  const { speed } = preferences;
  function reset() {
    preferences.speed = 1;
    emit("changed");
  }
  return html`<div class="setting">
    <div class="setting-row">
      <label class="setting-name" for="speed">${t("speed")}</label>
      <span class="speed-words">
        <output for="speed" aria-hidden="true">${inWords(speed)}</output>
        <${IconButton} name="again" label=${t("speed_reset")} disabled=${speed === 1} onClick=${reset} />
      </span>
    </div>
    <input
      type="range"
      id="speed"
      min=${SLOWEST}
      max=${FASTEST}
      step=${STEP}
      value=${speed}
      style=${{ "--share": (speed - SLOWEST) / (FASTEST - SLOWEST) }}
      aria-valuetext=${inWords(speed)}
      onInput=${({ target }) => (preferences.speed = target.valueAsNumber)}
      onChange=${() => emit("changed")}
    />
  </div>`;
}
SpeedField.emits = ["changed"];

function inWords(speed) {
  if (speed === 1) return t("speed_normal");
  const times = new Intl.NumberFormat(language(), { maximumFractionDigits: 2 }).format(speed);
  return t(wordOf(speed), { times });
}

function wordOf(speed) {
  if (speed < 0.75) return "speed_much_slower";
  if (speed < 1) return "speed_slower";
  return speed <= 1.5 ? "speed_faster" : "speed_much_faster";
}
