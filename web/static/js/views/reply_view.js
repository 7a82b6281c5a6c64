// A reply of the assistant: what is spoken is marked as it is heard, and below it is what can be done.

import { ref } from "../../vendor/vue.runtime.esm-browser.prod.js";
import { html } from "../html.js";
import { explain, t } from "../i18n.js";
import { playing, stop } from "../audio/player.js";
import { copy } from "../client/clipboard.js";
import { canTryAgain, rate, regenerate, tryAgain } from "../state/asking.js";
import { conversation } from "../state/conversation.js";
import { hear } from "../state/hearing.js";
import { showNotice } from "../state/notice.js";
import { cancel } from "../state/talk.js";
import { Icon, IconButton } from "./icon.js";

const SLOW = 0.75;
const COPIED_MS = 1500;

export const ReplyView = {
  props: ["turn"],
  setup(props) {
    return () => {
      const { reply, error } = props.turn;
      return html`
        <div class="reply" data-writing=${reply ? !reply.isComplete : undefined} data-interrupted=${reply?.isInterrupted || undefined}
          data-played-ms=${reply?.played_ms} data-timings=${reply?.timings ? JSON.stringify(reply.timings) : undefined}>
          <span class="unseen">${t("assistant")}</span>
          ${reply && html`<${Words} reply=${reply} />`}
          ${error && html`<${Failure} turn=${props.turn} />`}
          ${reply && (reply.text || !reply.isComplete) && html`<${ReplyActions} turn=${props.turn} />`}
        </div>`;
    };
  },
};

function Words({ reply }) {
  const { text, heardChars, isComplete, isInterrupted } = reply;
  if (!text && isComplete) return null; // it failed before its first word
  if (!text) return html`<p class="text"><span class="dots" aria-label=${t("state_thinking")}><i /><i /><i /></span></p>`;
  const heard = heardChars ?? 0;
  return html`
    <p class="text" data-complete=${isComplete}><span class="heard">${text.slice(0, heard)}</span>${text.slice(heard)}</p>
    ${isInterrupted && html`<span class="mark">${t("interrupted_mark")}</span>`}
    ${reply.marks.map((key) => html`<span class="mark">${t(key)}</span>`)}`;
}
Words.props = ["reply"];

const Failure = {
  props: ["turn"],
  setup(props) {
    async function again() {
      document.getElementById("scroller").focus(); // the button is about to go
      await tryAgain(props.turn);
    }
    return () => html`
      <div class="reply-problem problem">
        <p role=${conversation.current === props.turn ? "alert" : undefined}>${explain(props.turn.error)}</p>
        ${canTryAgain(props.turn) && html`
          <button type="button" class="plain try-again" onClick=${again}><${Icon} name="again" />${t("retry")}</button>`}
      </div>`;
  },
};

const ReplyActions = {
  props: ["turn"],
  setup(props) {
    const isSlow = ref(false);
    const isCopied = ref(false);
    const attempt = (action) => action.catch((error) => showNotice(error));

    function toggleSound() {
      if (playing.reply !== props.turn.reply) attempt(hear(props.turn, isSlow.value ? SLOW : 1));
      else if (props.turn.stage) cancel();
      else stop();
    }

    function toggleSlow() {
      isSlow.value = !isSlow.value;
      attempt(hear(props.turn, isSlow.value ? SLOW : 1));
    }

    async function copyReply() {
      await copy(props.turn.reply.text);
      isCopied.value = true;
      setTimeout(() => (isCopied.value = false), COPIED_MS);
    }

    const rateAs = (rating) => attempt(rate(props.turn, props.turn.rating === rating ? null : rating));

    return () => {
      const { reply, id, rating } = props.turn;
      const isHeard = playing.reply === reply;
      const isOver = reply.isComplete;
      // Its room is kept from the beginning, so that nothing moves when it comes.
      if (!isOver) return html`<div class="actions" aria-hidden="true" />`;
      return html`
        <div class="actions" role="group" aria-label=${t("reply_actions")}>
          <${IconButton} name=${isHeard ? "stop" : "play"} class="quiet replay" label=${t(isHeard ? "stop_sound" : "replay")} onClick=${toggleSound} />
          <button type="button" class="quiet slow" aria-label=${t("slow")} title=${t("slow")} aria-pressed=${isSlow.value} onClick=${toggleSlow}>${SLOW}×</button>
          <${IconButton} name=${isCopied.value ? "check" : "copy"} class="quiet copy" label=${t(isCopied.value ? "copied" : "copy")} onClick=${() => attempt(copyReply())} />
          ${id && props.turn.question && !props.turn.error && html`
            <${IconButton} name="again" class="quiet regenerate" label=${t("regenerate")} onClick=${() => regenerate(props.turn)} />`}
          ${id && html`
            <${IconButton} name="thumb_up" class="quiet" label=${t("rate_up")} aria-pressed=${rating === "up"} onClick=${() => rateAs("up")} />
            <${IconButton} name="thumb_down" class="quiet" label=${t("rate_down")} aria-pressed=${rating === "down"} onClick=${() => rateAs("down")} />`}
        </div>`;
    };
  },
};
