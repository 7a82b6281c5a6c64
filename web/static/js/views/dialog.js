// A window over the page. The browser keeps the focus in it, closes it with Escape, and gives the
// focus back to where it was.

import { onMounted, ref } from "../../vendor/vue.runtime.esm-browser.prod.js";
import { html } from "../html.js";
import { t } from "../i18n.js";
import { IconButton } from "./icon.js";

/** Open as long as it is there. Emits `close`. */
export const Dialog = {
  props: ["title"],
  emits: ["close"],
  setup(props, { slots, emit }) {
    const element = ref(null);
    onMounted(() => element.value.showModal());
    const closeBeside = (event) => event.target === element.value && element.value.close();
    return () => html`
      <dialog ref=${element} class="dialog" aria-labelledby="dialog-title" onClose=${() => emit("close")} onClick=${closeBeside}>
        <div class="dialog-inside">
          <header class="dialog-head">
            <h2 id="dialog-title">${props.title}</h2>
            <${IconButton} name="close" label=${t("close")} class="quiet" onClick=${() => element.value.close()} />
          </header>
          ${slots.default()}
        </div>
      </dialog>`;
  },
};
