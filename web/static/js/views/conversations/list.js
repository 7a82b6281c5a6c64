// The user's conversations: a side bar where there is room for it, a drawer over the page elsewhere.

import { nextTick, onBeforeUnmount, onMounted, ref, watch } from "../../../vendor/vue.runtime.esm-browser.prod.js";
import { html } from "../../html.js";
import { t } from "../../i18n.js";
import { preferences } from "../../state/preferences.js";
import { IconButton } from "../icon.js";
import { ConversationPanel } from "./panel.js";

const wide = matchMedia("(width >= 60rem)"); // as in conversations.css

/** True where the list is a side bar, which `preferences.isListOpen` shows or hides. */
export const isWide = ref(wide.matches);
wide.addEventListener("change", () => (isWide.value = wide.matches));

const searches = ref(0); // how often the user asked for the search field

/** Shows the list, if it is hidden, and goes to its search field. */
export function focusSearch() {
  searches.value += 1;
}

/** `isOpen`: of the drawer. Emits `open`(id, turn id or null), `new`, `show`, `close`, `deleted`(id). */
export const ConversationList = {
  props: ["currentId", "isOpen"],
  emits: ["open", "new", "show", "close", "deleted"],
  setup(props, { emit }) {
    const panel = ref(null);

    watch(searches, async () => {
      if (isWide.value) preferences.isListOpen = true;
      else emit("show");
      await nextTick();
      await nextTick(); // The drawer opens when it has heard of it.
      panel.value?.focusSearch();
    });

    // A drawer that was left open must not come back when the window is narrow again.
    watch(isWide, () => props.isOpen && emit("close"));

    function onKeydown(event) {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
      if (event.defaultPrevented || document.querySelector("dialog:modal:not(.conversation-drawer)")) return;
      event.preventDefault();
      focusSearch();
    }

    onMounted(() => document.addEventListener("keydown", onKeydown));
    onBeforeUnmount(() => document.removeEventListener("keydown", onKeydown));

    function leaveFor(event, ...values) {
      emit(event, ...values);
      if (!isWide.value) emit("close");
    }

    const renderPanel = () => html`
      <${ConversationPanel} ref=${panel} currentId=${props.currentId} onOpen=${(id, turnId) => leaveFor("open", id, turnId)}
        onNew=${() => leaveFor("new")} onDeleted=${(id) => emit("deleted", id)} />`;

    return () =>
      isWide.value
        ? html`<nav key="bar" id="conversations" class="conversation-bar" aria-label=${t("conversations")} hidden=${!preferences.isListOpen}>${renderPanel()}</nav>`
        : html`<${Drawer} key="drawer" isOpen=${props.isOpen} onClose=${() => emit("close")}>${renderPanel}<//>`;
  },
};

/** The browser keeps the focus in it, closes it with Escape, and gives the focus back to where it was. */
const Drawer = {
  props: ["isOpen"],
  emits: ["close"],
  setup(props, { slots, emit }) {
    const element = ref(null);

    function sync() {
      if (props.isOpen && !element.value.open) element.value.showModal();
      else if (!props.isOpen) element.value.close();
    }

    onMounted(sync);
    watch(() => props.isOpen, sync, { flush: "post" });
    const closeBeside = (event) => event.target === element.value && element.value.close();

    return () => html`
      <dialog ref=${element} id="conversations" class="conversation-drawer" aria-label=${t("conversations")} onClose=${() => emit("close")} onClick=${closeBeside}>
        <div class="conversation-drawer-inside">
          <header class="conversation-drawer-head">
            <h2>${t("conversations")}</h2>
            <${IconButton} name="close" label=${t("close")} onClick=${() => element.value.close()} />
          </header>
          ${slots.default()}
        </div>
      </dialog>`;
  },
};
