// The page: the list of conversations, the one that is open, and what one talks and writes with.

import { ref, watch } from "../../vendor/vue.runtime.esm-browser.prod.js";
import { expectAnnouncements } from "../client/announcements.js";
import { takeFiles } from "../client/file_intake.js";
import { navigate, route } from "../client/router.js";
import { html } from "../html.js";
import { t } from "../i18n.js";
import { attachShortcuts, SHORTCUTS, singleKeys, switchSingleKeys } from "../shortcuts.js";
import { stopReply } from "../state/asking.js";
import { conversation, page } from "../state/conversation.js";
import { find, refresh } from "../state/conversations.js";
import { showNotice } from "../state/notice.js";
import { newConversation, openConversation } from "../state/opening.js";
import { preferences } from "../state/preferences.js";
import { askByText, endLive, live, showAnnounced } from "../state/talk.js";
import { upload } from "../state/uploads.js";
import { Composer } from "./composer.js";
import { ConversationList, focusSearch, isWide } from "./conversations/list.js";
import { DropTarget } from "./drop_target.js";
import { Header } from "./header.js";
import { lazyView } from "./lazy_view.js";
import { MessageList } from "./message_list.js";
import { NoticeBar } from "./notice_bar.js";
import { TalkControl } from "./talk_control.js";
import { UnsentOffer } from "./unsent_offer.js";

// What is not needed at first sight is fetched when it is.
const SettingsDialog = lazyView(() => import("./settings/settings_dialog.js").then((module) => module.SettingsDialog));
const ShortcutsDialog = lazyView(() => import("./shortcuts_dialog.js").then((module) => module.ShortcutsDialog));

export const App = {
  setup() {
    const dialog = ref(null); // settings or shortcuts
    const close = () => (dialog.value = null);
    const isDrawerOpen = ref(false);
    const isListOpen = () => (isWide.value ? preferences.isListOpen : isDrawerOpen.value);
    function toggleList() {
      if (isWide.value) preferences.isListOpen = !preferences.isListOpen;
      else isDrawerOpen.value = !isDrawerOpen.value;
    }

    watch(() => route.conversationId, show, { immediate: true });
    page.onConversation = (id) => navigate(id, { isReplacing: true });
    page.onTurnOver = async () => {
      expectAnnouncements(showAnnounced); // a timer may have been set
      await refresh();
      route.title = find(conversation.id)?.title ?? route.title;
    };
    takeFiles(upload);
    attachShortcuts({
      write: () => document.getElementById("question").focus(),
      new: begin,
      search: focusSearch,
      settings: () => (dialog.value = "settings"),
      help: () => (dialog.value = "shortcuts"),
    });

    return () => html`
      <div class="page">
        <a class="skip plain" href="#scroller">${t("skip")}</a>
        <${ConversationList} currentId=${conversation.id} isOpen=${isDrawerOpen.value} onOpen=${(id, turnId) => navigate(id, { turnId })}
          onNew=${begin} onShow=${() => (isDrawerOpen.value = true)} onClose=${() => (isDrawerOpen.value = false)}
          onDeleted=${leaveDeleted} />
        <div class="room">
          <${Header} isListOpen=${isListOpen()} onList=${toggleList} onNew=${begin} onSettings=${() => (dialog.value = "settings")} onShortcuts=${() => (dialog.value = "shortcuts")} />
          <${MessageList} onAsk=${askByText} />
          <footer class="dock">
            <${UnsentOffer} />
            <${NoticeBar} />
            <${Composer} onFiles=${upload} />
            <${TalkControl} />
          </footer>
        </div>
        ${dialog.value === "settings" && html`<${SettingsDialog} onClose=${close} />`}
        ${dialog.value === "shortcuts" && html`<${ShortcutsDialog} shortcuts=${SHORTCUTS} onClose=${close}>${renderSingleKeys}<//>`}
        <${DropTarget} />
      </div>`;
  },
};

function renderSingleKeys() {
  return html`
    <label class="switch">
      <input type="checkbox" role="switch" checked=${singleKeys.areOn} onChange=${(event) => switchSingleKeys(event.target.checked)} />
      ${t("single_keys")}
    </label>`;
}

async function begin() {
  navigate(null);
  await endLive();
  document.getElementById("question").focus();
}

function leaveDeleted() {
  stopReply();
  navigate(null);
}

/** Opens the conversation that the address names. */
async function show(id) {
  if (id === conversation.id) return;
  await endLive();
  if (id === null) {
    newConversation();
    return;
  }
  await open(id);
}

async function open(id) {
  const kept = live.resumable();
  try {
    const goesOn = kept?.conversationId === id && (await goOnTalking(kept));
    if (!goesOn) await openConversation(id);
    route.title = conversation.title;
  } catch (error) {
    if (conversation.id !== id) return; // another was opened meanwhile
    if (error.isFinal) {
      newConversation();
      navigate(null, { isReplacing: true });
      showNotice(error, null, { about: "opening" });
    } else showNotice(error, () => open(id), { about: "opening", isReading: true });
  }
}

/** After a reload in the middle of a hands-free conversation. Resolves to whether it goes on. */
async function goOnTalking({ conversationId, turnIds }) {
  await openConversation(conversationId, turnIds).catch(() => {}); // nothing may be said in it yet
  return live.resume();
}
