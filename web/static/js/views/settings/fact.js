// One thing that is remembered, to be corrected in place or forgotten.

import { nextTick, ref } from "../../../vendor/vue.runtime.esm-browser.prod.js";
import { html } from "../../html.js";
import { t } from "../../i18n.js";
import { IconButton } from "../icon.js";

/** The server keeps no more of one (assistant/memory/profile.py). */
export const MAX_FACT_CHARS = 120;

/** `fact`: {id, text}. Emits `edit` with the new text, and `forget` once the user is sure. */
export const Fact = {
  props: ["fact"],
  emits: ["edit", "forget"],
  setup(props, { emit }) {
    const mode = ref("shown"); // or editing, or asking whether to forget it
    const words = ref("");
    const field = ref(null);
    const keep = ref(null);
    const id = (part) => `${part}-${props.fact.id}`;

    async function turnTo(next, focused) {
      mode.value = next;
      await nextTick();
      focused().focus();
    }

    function edit() {
      words.value = props.fact.text;
      turnTo("editing", () => field.value);
    }

    // `part`: of the buttons that the row shows otherwise, the one that led away from them.
    const show = (part) => turnTo("shown", () => document.getElementById(id(part)));

    function save(event) {
      event.preventDefault();
      const text = words.value.trim();
      if (!text) return;
      if (text !== props.fact.text) emit("edit", text);
      show("edit");
    }

    // Escape leaves the row, not the whole dialog.
    function leave(event, part) {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      show(part);
    }

    const shown = () => html`<li class="fact">
      <span class="fact-text">${props.fact.text}</span>
      <${IconButton} id=${id("edit")} name="edit" label=${t("memory_edit", { fact: props.fact.text })} onClick=${edit} />
      <${IconButton} id=${id("forget")} name="delete" label=${t("memory_forget", { fact: props.fact.text })}
        onClick=${() => turnTo("asking", () => keep.value)} />
    </li>`;

    const editing = () => html`<li class="fact">
      <form class="fact-form" onSubmit=${save} onKeydown=${(event) => leave(event, "edit")}>
        <input
          type="text"
          ref=${field}
          aria-label=${t("memory_edit", { fact: props.fact.text })}
          maxlength=${MAX_FACT_CHARS}
          autocomplete="off"
          enterkeyhint="done"
          value=${words.value}
          onInput=${({ target }) => (words.value = target.value)}
        />
        <button type="submit" class="primary">${t("save")}</button>
        <button type="button" class="quiet" onClick=${() => show("edit")}>${t("cancel")}</button>
      </form>
    </li>`;

    const asking = () => html`<li class="fact">
      <div class="memory-question" role="group" aria-labelledby=${id("question")} onKeydown=${(event) => leave(event, "forget")}>
        <p id=${id("question")}>${t("memory_forget_question", { fact: props.fact.text })}</p>
        <div class="setting-row">
          <button type="button" class="plain" ref=${keep} onClick=${() => show("forget")}>${t("memory_keep")}</button>
          <button type="button" class="danger" onClick=${() => emit("forget")}>${t("memory_forget_yes")}</button>
        </div>
      </div>
    </li>`;

    return () => ({ shown, editing, asking })[mode.value]();
  },
};
