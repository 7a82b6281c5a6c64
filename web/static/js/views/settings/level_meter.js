// What the chosen microphone hears, as a bar and in words. Its microphone is open as long as it is there.

import { onMounted, onUnmounted, ref } from "../../../vendor/vue.runtime.esm-browser.prod.js";
import { openLevel } from "../../audio/meter.js";
import { html } from "../../html.js";
import { t } from "../../i18n.js";

const NOTHING_MS = 3000; // of silence, before it is said
const AUDIBLE = 0.3; // -42 dB: more than a quiet room
const FALL = 0.04; // of the bar for each report: a peak is to be seen

/** Emits `opened`, or `failed` with a MicrophoneError; `lost` when it is unplugged. */
export const LevelMeter = {
  emits: ["opened", "failed", "lost"],
  setup(_, { emit }) {
    const level = ref(0);
    const words = ref("level_waiting");
    let silentSince_ms = null;
    let close = null;
    let isGone = false;

    onMounted(async () => {
      try {
        close = await openLevel({ onLevel: note, onLost: () => emit("lost") });
      } catch (error) {
        if (!isGone) emit("failed", error);
        return;
      }
      if (isGone) close();
      else emit("opened");
    });
    onUnmounted(() => {
      isGone = true;
      close?.();
    });

    function note({ level: now, isSilent }) {
      level.value = Math.max(now, level.value - FALL, 0);
      silentSince_ms = isSilent ? (silentSince_ms ?? performance.now()) : null;
      if (now > AUDIBLE) words.value = "level_heard";
      else if (isSilent && performance.now() - silentSince_ms >= NOTHING_MS) words.value = "microphone_silent";
      else if (!isSilent && words.value === "microphone_silent") words.value = "level_waiting";
    }

    return () => html`
      <div
        class="level"
        role="meter"
        aria-label=${t("level")}
        aria-valuemin="0"
        aria-valuemax="100"
        aria-valuenow=${10 * Math.round(10 * level.value)}
        data-words=${words.value}
      >
        <div class="level-bar" style=${{ "--level": level.value.toFixed(2) }}></div>
      </div>
      <p class="level-words hint" role="status">${t(words.value)}</p>`;
  },
};
