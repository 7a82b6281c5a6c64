// What stands in the list where there are no conversations: yet, or because something went wrong.

import { html } from "../../html.js";
import { explain, t } from "../../i18n.js";
import { conversations, forgetProblem } from "../../state/conversations.js";
import { IconButton } from "../icon.js";

/** Why a request failed. What the page says elsewhere of a lost connection is about questions. */
export function reasonOf(error) {
  return t(`list_${error.code}`) ?? explain(error);
}

/** Emits `retry`, and `close` where that is listened to. */
export function Problem({ words, isFinal, isClosable }, { emit }) {
  return html`
    <div class="conversation-problem problem" role="alert">
      <p>${words}</p>
      ${!isFinal && html`<button type="button" class="plain" onClick=${() => emit("retry")}>${t("retry")}</button>`}
      ${isClosable && html`<${IconButton} name="close" label=${t("close")} onClick=${() => emit("close")} />`}
    </div>`;
}
Problem.props = ["words", "isFinal", "isClosable"];
Problem.emits = ["retry", "close"];

/** A title that was not saved, or a conversation that was not deleted. */
export function ProblemOfChange() {
  const { problem } = conversations;
  if (!problem) return null;
  const words = t(problem.key) + reasonOf(problem.error);
  return html`<${Problem} words=${words} isFinal=${!problem.retry} isClosable onRetry=${problem.retry} onClose=${forgetProblem} />`;
}

/** Rows to come, of the height of real ones. */
export function Skeleton({ count }) {
  return html`
    <div class="conversation-skeleton">
      <span class="unseen">${t("loading_conversations")}</span>
      ${Array.from({ length: count }, (_, place) => html`<div key=${place} aria-hidden="true"></div>`)}
    </div>`;
}
Skeleton.props = ["count"];
