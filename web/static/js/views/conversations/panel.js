// What is in the side bar or the drawer: a new conversation, the search, the conversations by day.

import { computed, nextTick, onBeforeUnmount, onMounted, ref, watch, watchEffect } from "../../../vendor/vue.runtime.esm-browser.prod.js";
import { addressOf, isPlainClick, route } from "../../client/router.js";
import { html } from "../../html.js";
import { t } from "../../i18n.js";
import { conversations, find, loadMore, remove, restore, search } from "../../state/conversations.js";
import { Icon, IconButton } from "../icon.js";
import { groupByDay } from "./days.js";
import { Problem, ProblemOfChange, reasonOf, Skeleton } from "./state_views.js";
import { ConversationRow } from "./row.js";

const MAX_SEARCH_CHARS = 200; // web/payloads.py
const AHEAD_PX = "400px"; // how far below the last one the next are fetched
const SHORTCUT = /Mac|iP(hone|ad)/.test(navigator.platform) ? "⌘K" : "Ctrl+K";

/** Emits `open`(id, turn id or null), `new`, `deleted`(id). */
export const ConversationPanel = {
  props: ["currentId"],
  emits: ["open", "new", "deleted"],
  setup(props, { emit, expose }) {
    const field = ref(null);
    const scroller = ref(null);
    const end = ref(null); // of the list: seen, it brings the next part
    const said = ref(""); // for screen readers
    const leaving = new Set(); // ids that were open when they were deleted

    const entries = computed(() => conversations.shown.entries.filter(({ conversation }) => conversation.removal !== "final"));

    expose({
      focusSearch() {
        field.value.focus();
        field.value.select();
      },
    });

    // Not bound to the field: that would take half-written Chinese away when something else is rendered.
    const write = (words) => field.value.value !== words && (field.value.value = words);
    watch(() => conversations.search, write);
    onMounted(() => write(conversations.search));

    // Paging

    const observer = new IntersectionObserver(([{ isIntersecting }]) => isIntersecting && more(), { rootMargin: AHEAD_PX });
    async function more() {
      const { shown } = conversations;
      if (shown.isComplete || shown.isLoading || shown.error) return;
      await loadMore();
      await nextTick();
      watchEnd();
    }
    function watchEnd() {
      observer.disconnect();
      if (end.value) observer.observe(end.value); // Tells anew where it is already in sight.
    }
    onMounted(watchEnd);
    watch(() => conversations.shown, async () => {
      await nextTick();
      if (scroller.value) scroller.value.scrollTop = 0;
      watchEnd();
    });
    onBeforeUnmount(() => observer.disconnect());

    // What is said aloud, and the window's title

    async function say(words) {
      said.value = ""; // The same words twice would be read once.
      await nextTick();
      said.value = words;
    }

    watch(() => !conversations.isSearching && conversations.shown, ({ search: words, error, isComplete }) => {
      if (!words || error) return;
      const count = entries.value.length;
      if (count) say(t(count === 1 ? "found_one" : "found_many", { count: isComplete ? count : `${count}+` }));
      else say(t("nothing_found", { words }));
    });
    watchEffect(() => {
      const title = find(props.currentId)?.title;
      if (title && route.conversationId === props.currentId && route.title !== title) route.title = title;
    });

    // Deleting

    function onRemove(id) {
      remove(id);
      say(t("deleted", { title: find(id).title }));
      if (id !== props.currentId) return;
      leaving.add(id);
      emit("deleted", id);
    }

    async function onRestore(id) {
      restore(id);
      say(t("restored", { title: find(id).title }));
      if (leaving.delete(id) && !props.currentId) emit("open", id, null);
      await nextTick();
      linkOf(id)?.focus();
    }

    // The one that goes, or moves to today, may have the focus.
    watch(entries, async (_, before) => {
      const id = scroller.value?.querySelector("[data-id]:focus-within")?.dataset.id;
      const at = before.findIndex(({ conversation }) => conversation.id === id);
      await nextTick();
      if (at === -1 || scroller.value?.contains(document.activeElement)) return;
      (linkOf(id) ?? links()[at] ?? links().at(-1) ?? field.value)?.focus({ preventScroll: true });
    });

    // Keys

    const links = () => [...(scroller.value?.querySelectorAll(".conversation-link") ?? [])];
    const linkOf = (id) => scroller.value?.querySelector(`[data-id="${id}"] a`);

    function onListKey(event) {
      if (!event.target.matches(".conversation-link")) return;
      const all = links();
      const at = all.indexOf(event.target);
      const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 };
      if (!(event.key in moves)) return;
      event.preventDefault();
      (all[moves[event.key]] ?? (moves[event.key] < 0 ? field.value : event.target)).focus();
    }

    function onFieldKey(event) {
      if (event.isComposing) return;
      if (event.key === "ArrowDown") links()[0]?.focus();
      else if (event.key === "Escape" && conversations.search) search("");
      else return;
      event.preventDefault(); // Escape would close the drawer, too.
    }

    function clear() {
      search("");
      field.value.focus();
    }

    function onNew(event) {
      if (!isPlainClick(event)) return;
      event.preventDefault();
      emit("new");
    }

    const renderHead = () => html`
      <div class="conversation-head">
        <a class="plain" href=${addressOf(null)} onClick=${onNew}><${Icon} name="new" />${t("new_conversation")}</a>
        <div class="conversation-search" role="search">
          <${Icon} name="search" />
          <input ref=${field} type="search" class="field" aria-label=${t("search_conversations")} placeholder=${t("search")} maxlength=${MAX_SEARCH_CHARS}
            autocomplete="off" spellcheck="false" enterkeyhint="search" aria-keyshortcuts="Control+K Meta+K"
            onInput=${(event) => event.isComposing || search(event.target.value)} onCompositionend=${(event) => search(event.target.value)} onKeydown=${onFieldKey} />
          ${conversations.search
            ? html`<${IconButton} name="close" label=${t("clear_search")} onClick=${clear} />`
            : html`<kbd aria-hidden="true">${SHORTCUT}</kbd>`}
        </div>
      </div>`;

    const renderRow = ({ conversation, match }) => html`
      <li key=${conversation.id} data-id=${conversation.id}>
        <${ConversationRow} conversation=${conversation} match=${match} search=${conversations.shown.search} isCurrent=${conversation.id === props.currentId}
          onOpen=${(turnId) => emit("open", conversation.id, turnId)} onRemove=${() => onRemove(conversation.id)}
          onRestore=${() => onRestore(conversation.id)} onSay=${say} />
      </li>`;

    const renderGroup = ({ name, entries: inside }) => html`
      <div key=${name} class="conversation-group">
        <h3>${name}</h3>
        <ul aria-label=${name}>${inside.map(renderRow)}</ul>
      </div>`;

    function renderRest() {
      const { search: words, isLoaded, isLoading, isComplete, error } = conversations.shown;
      if (error) return html`<${Problem} words=${`${t("conversations_failed")}${reasonOf(error)}`} onRetry=${() => loadMore()} />`;
      if (!isComplete && (isLoading || !isLoaded)) return html`<${Skeleton} count=${isLoaded ? 2 : 7} />`;
      if (entries.value.length) return null;
      if (!words) return html`<p class="conversation-empty">${t("no_conversations")}</p>`;
      return html`<div class="conversation-empty"><p>${t("nothing_found", { words })}</p><button type="button" class="plain" onClick=${clear}>${t("clear_search")}</button></div>`;
    }

    return () => html`
      <div class="conversation-panel">
        ${renderHead()}
        <${ProblemOfChange} />
        <div ref=${scroller} class=${{ "conversation-scroller": true, stale: conversations.isSearching }} aria-busy=${conversations.isSearching || conversations.shown.isLoading}
          onKeydown=${onListKey}>
          ${groupByDay(entries.value, new Date()).map(renderGroup)}
          ${renderRest()}
          <div ref=${end}></div>
        </div>
        <p class="unseen" role="status">${said.value}</p>
      </div>`;
  },
};
