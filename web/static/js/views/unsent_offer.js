// Recordings and files that the server did not take, some from before the page was reloaded.

import { onUnmounted, ref } from "../../vendor/vue.runtime.esm-browser.prod.js";
import { hearAlone } from "../audio/recorded_sound.js";
import { html } from "../html.js";
import { t } from "../i18n.js";
import { forget, soundOf, unsent } from "../state/unsent.js";
import { sendUnsent } from "../state/uploads.js";
import { moment } from "./figures.js";
import { Icon } from "./icon.js";

export function UnsentOffer() {
  return html`
    <section class="unsent" aria-label=${t("unsent")} hidden=${unsent.length === 0}>
      <p role="status" class="unseen">${unsent.length > 0 ? sentence(unsent[0]) : ""}</p>
      <ul>${unsent.map((item) => html`<${Item} key=${item.id} item=${item} />`)}</ul>
    </section>`;
}

const Item = {
  props: ["item"],
  setup(props) {
    const url = ref(null); // of the sound, once it is to be heard
    const isLost = ref(false);

    async function toggleSound() {
      if (url.value) return silence();
      const sound = await soundOf(props.item.id);
      isLost.value = sound === null;
      url.value = sound && URL.createObjectURL(sound);
    }

    function silence() {
      if (url.value) URL.revokeObjectURL(url.value);
      url.value = null;
    }
    onUnmounted(silence);

    function act(action) {
      document.querySelector("textarea")?.focus(); // the button is about to go
      action();
    }

    return () => {
      const { item } = props;
      return html`
        <li class="unsent-item">
          <p class="unsent-words"><${Icon} name=${item.kind === "voice" ? "microphone" : "file"} />${sentence(item)}</p>
          <div class="unsent-actions">
            <button type="button" class="plain" aria-expanded=${url.value !== null} onClick=${toggleSound}>${t("listen")}</button>
            <button type="button" class="primary" onClick=${() => act(() => sendUnsent(item))}>${t("send")}</button>
            <button type="button" class="quiet" onClick=${() => act(() => forget(item.id))}>${t("discard_unsent")}</button>
          </div>
          ${url.value && html`<audio class="unsent-sound" controls controlslist="nodownload noplaybackrate" autoplay onPlay=${hearAlone} src=${url.value} aria-label=${sentence(item)} />`}
          ${isLost.value && html`<p role="alert">${t("unsent_lost")}</p>`}
        </li>`;
    };
  },
};

function sentence({ kind, filename, at }) {
  if (kind === "voice") return t("unsent_recording", { time: moment(at) });
  return t("unsent_file", { name: filename, time: moment(at) });
}
