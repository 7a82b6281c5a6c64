// The user's choices. Each applies at once and is kept.

import { nextTick, ref } from "../../../vendor/vue.runtime.esm-browser.prod.js";
import { html } from "../../html.js";
import { t } from "../../i18n.js";
import { Dialog } from "../dialog.js";
import { Icon } from "../icon.js";
import { DevicesSection } from "./devices.js";
import { GeneralSection } from "./general.js";
import { MannerSection } from "./manner.js";
import { MemorySection } from "./memory.js";
import { VoiceSection } from "./voice.js";

const SECTIONS = [
  { name: "general", icon: "settings", view: GeneralSection },
  { name: "voice", icon: "speaker", view: VoiceSection },
  { name: "manner", icon: "smile", view: MannerSection },
  { name: "memory", icon: "bookmark", view: MemorySection },
  { name: "devices", icon: "microphone", view: DevicesSection },
];
const STEPS = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1, Home: -Infinity, End: Infinity };

const opened = ref("general"); // where the user was last

/** `section`: one of SECTIONS by name, to begin with. Emits `close`. */
export const SettingsDialog = {
  props: ["section"],
  emits: ["close"],
  setup(props, { emit }) {
    if (props.section) opened.value = props.section;

    // As WAI-ARIA's tabs are used: one of them takes the Tab key, the arrows go between them.
    async function move(event) {
      const step = STEPS[event.key];
      if (step === undefined) return;
      event.preventDefault();
      const last = SECTIONS.length - 1;
      const place = SECTIONS.findIndex(({ name }) => name === opened.value) + step;
      const next = Number.isFinite(place) ? (place + SECTIONS.length) % SECTIONS.length : step > 0 ? last : 0;
      opened.value = SECTIONS[next].name;
      await nextTick();
      document.getElementById(`settings-tab-${opened.value}`).focus();
    }

    const tab = ({ name, icon }) => html`<button
      type="button"
      role="tab"
      key=${name}
      id=${`settings-tab-${name}`}
      aria-selected=${name === opened.value}
      aria-controls=${name === opened.value ? "settings-panel" : null}
      tabindex=${name === opened.value ? 0 : -1}
      autofocus=${name === opened.value}
      onClick=${() => (opened.value = name)}
    >
      <${Icon} name=${icon} /><span>${t(`section_${name}`)}</span>
    </button>`;

    return () => {
      const { name, view } = SECTIONS.find((section) => section.name === opened.value);
      return html`<${Dialog} class="settings" title=${t("settings")} onClose=${() => emit("close")}>
        ${() => html`<div class="settings-inside">
          <div class="settings-tabs" role="tablist" aria-label=${t("settings")} onKeydown=${move}>${SECTIONS.map(tab)}</div>
          <div class="settings-panel" role="tabpanel" id="settings-panel" key=${name} aria-labelledby=${`settings-tab-${name}`}>
            <${view} />
          </div>
        </div>`}
      </>`;
    };
  },
};
