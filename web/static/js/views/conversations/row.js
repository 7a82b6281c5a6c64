// One conversation of the list: a link with a menu beside it, or the field of its new title, or the
// way back after it was deleted.

import { nextTick, onMounted, ref } from "../../../vendor/vue.runtime.esm-browser.prod.js";
import { addressOf, isPlainClick } from "../../client/router.js";
import { html } from "../../html.js";
import { t } from "../../i18n.js";
import { pauseRemoval, rename, resumeRemoval } from "../../state/conversations.js";
import { copy } from "../../client/clipboard.js";
import { highlight } from "./highlight.js";
import { MenuButton } from "./menu.js";

const MAX_TITLE_CHARS = 200; // web/payloads.py
const COPIED_MS = 2000;

/** Emits `open`(turn id or null), `remove`, `restore`, and `say`(words for screen readers). */
export const ConversationRow = {
  props: ["conversation", "match", "search", "isCurrent"],
  emits: ["open", "remove", "restore", "say"],
  setup(props, { emit }) {
    const link = ref(null);
    const isRenaming = ref(false);
    const isCopied = ref(false);

    async function copyLink() {
      await copy(location.origin + addressOf(props.conversation.id));
      emit("say", t("link_copied"));
      isCopied.value = true;
      setTimeout(() => (isCopied.value = false), COPIED_MS);
    }

    /** `title`: null where it stays as it was. */
    async function endRenaming(title, isFocusKept) {
      if (!isRenaming.value) return; // Escape takes the field away, and so the focus from it.
      isRenaming.value = false;
      if (title && title !== props.conversation.title) rename(props.conversation.id, title);
      await nextTick();
      if (isFocusKept) link.value?.focus();
    }

    function items() {
      const file = `/api/conversations/${props.conversation.id}/export`;
      return [
        { key: "rename", icon: "edit", label: t("rename"), action: () => (isRenaming.value = true) },
        { key: "link", icon: "link", label: t("copy_link"), action: copyLink },
        { key: "md", icon: "download", label: t("export_markdown"), href: file, filename: "" },
        { key: "json", icon: "download", label: t("export_json"), href: `${file}?format=json`, filename: "" },
        { key: "delete", icon: "delete", label: t("delete"), isDangerous: true, action: () => emit("remove") },
      ];
    }

    function onClick(event) {
      if (!isPlainClick(event)) return;
      event.preventDefault();
      emit("open", props.match?.turn_id ?? null);
    }

    function onKeydown(event) {
      if (event.key === "F2") isRenaming.value = true;
      else if (event.key === "Delete") emit("remove");
      else return;
      event.preventDefault();
    }

    const renderLink = ({ id, title }) => html`
      <a ref=${link} class="conversation-link" href=${addressOf(id, props.match?.turn_id)} title=${title}
        aria-current=${props.isCurrent ? "page" : null} onClick=${onClick} onKeydown=${onKeydown}>
        <span class="conversation-title">${highlight(title, props.search)}</span>
        ${props.match && html`<span class="conversation-match">${highlight(props.match.text, props.search)}</span>`}
      </a>
      <${MenuButton} icon=${isCopied.value ? "check" : "more"} label=${t("conversation_menu", { title })} items=${items()} />`;

    return () => {
      const { conversation } = props;
      if (conversation.removal) return html`<${RemovedRow} conversation=${conversation} onRestore=${() => emit("restore")} />`;
      if (isRenaming.value) return html`<${TitleField} title=${conversation.title} onEnd=${endRenaming} />`;
      return html`<div class=${{ "conversation-row": true, current: props.isCurrent }}>${renderLink(conversation)}</div>`;
    };
  },
};

/** Emits `end`(title or null, whether the focus goes back to the link). */
const TitleField = {
  props: ["title"],
  emits: ["end"],
  setup(props, { emit }) {
    const field = ref(null);
    onMounted(() => {
      field.value.value = props.title;
      field.value.focus();
      field.value.select();
    });

    function onKeydown(event) {
      if (event.isComposing) return; // Enter and Escape belong to the input method.
      if (event.key === "Enter") emit("end", field.value.value.trim(), true);
      else if (event.key === "Escape") emit("end", null, true);
      else return;
      event.preventDefault();
      event.stopPropagation();
    }

    return () => html`
      <div class="conversation-row">
        <input ref=${field} type="text" class="field" maxlength=${MAX_TITLE_CHARS} aria-label=${t("conversation_title")} autocomplete="off"
          onKeydown=${onKeydown} onBlur=${() => emit("end", field.value.value.trim(), false)} />
      </div>`;
  },
};

/** Takes the focus, which was on what it stands for. The time to undo stands still while somebody is at it. */
const RemovedRow = {
  props: ["conversation"],
  emits: ["restore"],
  setup(props, { emit }) {
    const button = ref(null);
    const pause = () => pauseRemoval(props.conversation.id);
    const resume = () => resumeRemoval(props.conversation.id);
    const isUsed = () => button.value?.matches(":focus-visible");
    onMounted(() => {
      button.value.focus({ preventScroll: true });
      if (isUsed()) pause();
    });
    return () => html`
      <div class="conversation-row removed" onMouseenter=${pause} onMouseleave=${() => isUsed() || resume()} onFocusin=${() => isUsed() && pause()} onFocusout=${resume}>
        <span class="conversation-title">${t("deleted", { title: props.conversation.title })}</span>
        <button ref=${button} type="button" class="quiet" aria-label=${t("undo_delete", { title: props.conversation.title })}
          onClick=${() => emit("restore")}>${t("undo")}</button>
      </div>`;
  },
};
