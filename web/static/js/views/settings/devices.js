// Which microphone and which loudspeaker, and whether they work.

import { onMounted, onUnmounted, ref } from "../../../vendor/vue.runtime.esm-browser.prod.js";
import { playChime } from "../../audio/chime.js";
import { MicrophoneError, requireMicrophone } from "../../audio/microphone.js";
import { html } from "../../html.js";
import { t } from "../../i18n.js";
import { canChooseLoudspeaker, devices, microphonePermission, refreshDevices, watchDevices } from "../../state/devices.js";
import { preferences } from "../../state/preferences.js";
import { Icon } from "../icon.js";
import { Problem, Selection } from "./fields.js";
import { LevelMeter } from "./level_meter.js";

export const DevicesSection = {
  setup() {
    const error = ref(null); // of the microphone
    const canRecord = ref(true);
    const isMetering = ref(false);
    const isChiming = ref(false);
    let isGone = false;
    let unwatch = null;

    onMounted(async () => {
      unwatch = watchDevices();
      try {
        requireMicrophone();
      } catch (problem) {
        error.value = problem;
        canRecord.value = false;
        return;
      }
      // Where the user has said yes before, nobody needs to press anything.
      isMetering.value = (await microphonePermission()) === "granted" && !isGone;
    });
    onUnmounted(() => {
      isGone = true;
      unwatch();
    });

    function open() {
      error.value = null;
      isMetering.value = true;
    }

    function fail(problem) {
      error.value = problem;
      isMetering.value = false;
    }

    async function chime() {
      if (isChiming.value) return;
      isChiming.value = true;
      await playChime().finally(() => (isChiming.value = false));
    }

    const metering = () =>
      isMetering.value
        ? html`<${LevelMeter}
            key=${preferences.microphone}
            onOpened=${refreshDevices}
            onFailed=${fail}
            onLost=${() => fail(new MicrophoneError("microphone_missing"))}
          />`
        : html`<p class="hint">${t("microphone_test_hint")}</p>
            <button type="button" class="plain" onClick=${open}><${Icon} name="microphone" />${t("microphone_test")}</button>`;

    const test = () => html`<button type="button" class="plain" onClick=${chime} aria-disabled=${isChiming.value}>
      <${Icon} name="speaker" />${t("sound_test")}
    </button>`;

    const loudspeaker = () =>
      canChooseLoudspeaker
        ? html`<${Selection}
            id="loudspeaker-choice"
            label=${t("loudspeaker")}
            groups=${deviceGroups(devices.loudspeakers, preferences.loudspeaker, "loudspeaker")}
            chosen=${preferences.loudspeaker}
            disabled=${!devices.areNamed}
            describedby="loudspeaker-hint"
            onChoose=${(id) => (preferences.loudspeaker = id)}
          >
            ${test}
          </>`
        : html`<div class="setting">
            <h3 class="setting-name">${t("loudspeaker")}</h3>
            <div class="setting-row">${test()}</div>
          </div>`;

    return () => html`
      <${Selection}
        id="microphone-choice"
        label=${t("microphone")}
        groups=${deviceGroups(devices.microphones, preferences.microphone, "microphone")}
        chosen=${preferences.microphone}
        disabled=${!devices.areNamed}
        onChoose=${(id) => (preferences.microphone = id)}
      />
      <div class="setting-meter">
        <${Problem} error=${error.value} />
        ${canRecord.value && metering()}
      </div>
      ${loudspeaker()}
      <p class="hint setting-hint" id="loudspeaker-hint">
        ${t(canChooseLoudspeaker ? "sound_test_hint" : "loudspeaker_system_only")}
      </p>`;
  },
};

function deviceGroups(list, chosen, kind) {
  const options = [
    { value: "", label: t("device_system") },
    ...list.map(({ id, name }, place) => ({ value: id, label: name || `${t(kind)} ${place + 1}` })),
  ];
  if (!options.some(({ value }) => value === chosen)) options.push({ value: chosen, label: t("device_gone") });
  return [{ options }];
}
