// The text box: it works whatever the microphone, the sound or the connection does.

import { nextTick, onMounted, ref, watch } from "../../vendor/vue.runtime.esm-browser.prod.js";
import { chooseFiles } from "../client/file_intake.js";
import { html } from "../html.js";
import { t } from "../i18n.js";
import { conversation, page } from "../state/conversation.js";
import { askByText } from "../state/talk.js";
import { draft, nameDraft, setDraft } from "../state/unsent.js";
import { Icon, IconButton } from "./icon.js";

export const Composer = {
  emits: ["files"],
  setup(_, { emit }) {
    const box = ref(null);
    const words = ref(draft(conversation.id));
    watch(words, (written) => setDraft(conversation.id, written));
    watch(
      () => conversation.id,
      (id, before) => {
        // A new conversation takes its draft along when it gets its id.
        if (before === null && !conversation.isLoading) nameDraft(id);
        else words.value = draft(id);
      },
    );
    page.onUnsent = (unsent) => (words.value = words.value ? `${unsent}\n${words.value}` : unsent);
    page.takeUnsent = () => {
      const unsent = words.value.trim();
      words.value = "";
      return unsent;
    };

    const fit = () => {
      box.value.style.height = "auto";
      box.value.style.height = `${box.value.scrollHeight}px`;
    };
    watch(words, () => nextTick(fit));
    onMounted(() => {
      if (words.value) fit();
      if (matchMedia("(pointer: fine)").matches) box.value.focus();
    });

    function send(event) {
      event?.preventDefault();
      const question = words.value.trim();
      if (!question) return;
      words.value = "";
      askByText(question);
    }

    function onKeydown(event) {
      // While an input method composes, Enter picks a word. Safari says so only by key code 229.
      const isComposing = event.isComposing || event.keyCode === 229;
      if (event.key === "Enter" && !event.shiftKey && !isComposing) send(event);
    }

    const attach = async () => emit("files", await chooseFiles());
    return () => html`
      <form class="composer" onSubmit=${send}>
        <${IconButton} name="attach" label=${t("choose_file")} onClick=${attach} />
        <label class="unseen" for="question">${t("question")}</label>
        <textarea ref=${box} id="question" rows="1" enterkeyhint="send" autocomplete="off" placeholder=${t("question_placeholder")}
          value=${words.value} onInput=${(event) => (words.value = event.target.value)} onKeydown=${onKeydown} />
        <button type="submit" id="send" class="send" disabled=${!words.value.trim()} aria-label=${t("send")} title=${t("send")}>
          <${Icon} name="send" />
        </button>
      </form>`;
  },
};
