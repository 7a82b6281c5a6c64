// The conversation. What is new stays in sight, unless the reader has scrolled away from it.

import { nextTick, onMounted, onUnmounted, ref, watch } from "../../vendor/vue.runtime.esm-browser.prod.js";
import { route } from "../client/router.js";
import { html } from "../html.js";
import { t } from "../i18n.js";
import { conversation } from "../state/conversation.js";
import { preferences } from "../state/preferences.js";
import { Icon } from "./icon.js";
import { TurnView } from "./turn_view.js";

const NEAR_END_PX = 80;

export const MessageList = {
  emits: ["ask"],
  setup(_, { emit }) {
    const scroller = ref(null);
    const list = ref(null);
    const isAway = ref(false);
    let isAtEnd = true;

    // The greeting has no newest line.
    const toEnd = () => (scroller.value.scrollTop = conversation.turns.length > 0 ? scroller.value.scrollHeight : 0);
    function onScroll() {
      const { scrollHeight, scrollTop, clientHeight } = scroller.value;
      isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
      isAway.value = !isAtEnd;
    }
    const observer = new ResizeObserver(() => isAtEnd && toEnd());
    onMounted(() => {
      observer.observe(scroller.value);
      observer.observe(list.value);
    });
    onUnmounted(() => observer.disconnect());
    // What one has just asked is looked at, wherever one was reading.
    watch(
      () => conversation.turns.length,
      async () => {
        isAtEnd = true;
        await nextTick();
        toEnd();
      },
    );

    // A link to one turn, as from a search.
    watch(
      () => [route.turnId, conversation.isLoading],
      async ([turnId, isLoading]) => {
        if (!turnId || isLoading) return;
        isAtEnd = false;
        await nextTick();
        await nextTick(); // After the watcher above.
        const turn = list.value.querySelector(`[data-turn-id="${CSS.escape(turnId)}"]`);
        turn?.scrollIntoView({ block: "center" });
      },
      { immediate: true, flush: "post" },
    );

    return () => html`
      <main ref=${scroller} id="scroller" class="scroller" tabindex="0" aria-label=${t("conversation")} onScroll=${onScroll}>
        <div ref=${list} class="column">
          ${conversation.turns.length === 0 && !conversation.isLoading && html`<${Greeting} onAsk=${(words) => emit("ask", words)} />`}
          ${conversation.isLoading && html`<div class="skeleton" role="status"><span class="unseen">${t("loading")}</span><i /><i /><i /></div>`}
          <ol id="messages" class="turns">
            ${conversation.turns.map((turn) => html`<${TurnView} key=${turn.key} turn=${turn} />`)}
          </ol>
        </div>
        ${isAway.value && html`
          <button type="button" class="plain to-end" onClick=${toEnd} aria-label=${t("to_end")} title=${t("to_end")}>
            <${Icon} name="download" />
          </button>`}
        <${Announcer} />
      </main>`;
  },
};

function Greeting(_, { emit }) {
  const examples = ["example_1", "example_2", "example_3"];
  return html`
    <div class="greeting">
      <h2>${t("greeting")}</h2>
      <p>${t("greeting_hint")}</p>
      <ul class="examples">
        ${examples.map((key) => html`<li><button type="button" class="plain" onClick=${() => emit("ask", t(key))}>${t(key)}</button></li>`)}
      </ul>
    </div>`;
}
Greeting.emits = ["ask"];

/**
 * Each reply is read out once, when it is whole, and only where the assistant does not speak it itself: a
 * list that is written to would be read again and again.
 */
const Announcer = {
  setup() {
    const words = ref("");
    watch(
      () => conversation.current?.reply?.isComplete,
      (isComplete) => {
        if (isComplete && !preferences.isSpeaking) words.value = conversation.current.reply.text;
      },
    );
    return () => html`<div id="announcer" class="unseen" aria-live="polite">${words.value}</div>`;
  },
};
