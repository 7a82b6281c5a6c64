// One turn: what the user said, which can be corrected and asked again, and what came back.

import { nextTick, ref } from "../../vendor/vue.runtime.esm-browser.prod.js";
import { html } from "../html.js";
import { t } from "../i18n.js";
import { correct } from "../state/asking.js";
import { isWrittenDown } from "../state/turns.js";
import { IconButton } from "./icon.js";
import { ReplyView } from "./reply_view.js";
import { Transcript } from "./transcript.js";
import { UploadStatus } from "./upload_status.js";

export const TurnView = {
  props: ["turn"],
  setup(props) {
    const isEarlierShown = ref(false);
    return () => {
      const { turn } = props;
      const isRead = isWrittenDown(turn);
      const isFile = turn.kind === "upload"; // which says by itself what went wrong before it had words
      return html`
        <li class="turn" data-kind=${turn.kind} data-turn-id=${turn.id}>
          ${turn.earlier.length > 0 && html`
            <button type="button" class="quiet earlier-toggle" aria-expanded=${isEarlierShown.value}
              onClick=${() => (isEarlierShown.value = !isEarlierShown.value)}>
              ${t(isEarlierShown.value ? "earlier_hide" : "earlier_show")}
            </button>`}
          ${isEarlierShown.value && html`<ol class="earlier">${turn.earlier.map((each) => html`<${TurnView} key=${each.key} turn=${each} />`)}</ol>`}
          ${isFile && html`<${UploadStatus} turn=${turn} />`}
          ${isRead ? html`<${Transcript} turn=${turn} />` : (turn.question || !isFile) && html`<${Question} turn=${turn} />`}
          ${turn.question && turn.note && html`<p><span class="mark">${t(turn.note)}</span></p>`}
          ${(turn.reply || (turn.error && (turn.question || !isFile))) && html`<${ReplyView} turn=${turn} />`}
        </li>`;
    };
  },
};

const Question = {
  props: ["turn"],
  setup(props) {
    const correction = ref(null); // null while nothing is being corrected
    const box = ref(null);
    const opener = ref(null);

    async function begin() {
      correction.value = props.turn.question;
      await nextTick();
      box.value.focus();
      box.value.setSelectionRange(box.value.value.length, box.value.value.length);
    }

    async function leave() {
      correction.value = null;
      await nextTick();
      opener.value?.focus();
    }

    function askAgain(event) {
      event.preventDefault();
      const words = correction.value.trim();
      correction.value = null;
      if (words) correct(props.turn, words);
    }

    function onKeydown(event) {
      const isComposing = event.isComposing || event.keyCode === 229;
      if (event.key === "Enter" && !event.shiftKey && !isComposing) askAgain(event);
      else if (event.key === "Escape") {
        event.stopPropagation();
        leave();
      }
    }

    return () => {
      const { turn } = props;
      if (correction.value !== null) {
        return html`
          <form class="correction" onSubmit=${askAgain}>
            <label class="unseen" for=${`correction-${turn.key}`}>${t("correct_label")}</label>
            <textarea ref=${box} id=${`correction-${turn.key}`} rows="2" value=${correction.value}
              onInput=${(event) => (correction.value = event.target.value)} onKeydown=${onKeydown} />
            <div class="correction-actions">
              <button type="button" class="plain" onClick=${leave}>${t("cancel")}</button>
              <button type="submit" class="primary" disabled=${!correction.value.trim()}>${t("ask_again")}</button>
            </div>
          </form>`;
      }
      const words = turn.question || (turn.note ? t(turn.note) : turn.filename || (turn.kind === "voice" ? t("your_recording") : ""));
      if (!words) return null;
      return html`
        <div class="question" data-provisional=${turn.isProvisional || undefined} data-pending=${!turn.question || undefined}>
          ${turn.question && turn.id && turn.kind !== "reminder" && html`
            <${IconButton} ref=${opener} name="edit" class="quiet correct" label=${t("correct")} onClick=${begin} />`}
          <div class="bubble">
            <span class="unseen">${t("you")}</span>
            <p class="text">${words}</p>
          </div>
        </div>`;
    };
  },
};
