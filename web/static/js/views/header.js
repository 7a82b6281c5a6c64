// The bar above the conversation: its title, and what concerns the whole page.

import { route } from "../client/router.js";
import { html } from "../html.js";
import { t } from "../i18n.js";
import { preferences } from "../state/preferences.js";
import { IconButton } from "./icon.js";

export function Header({ isListOpen }, { emit }) {
  const { isSpeaking } = preferences;
  return html`
    <header class="bar">
      <${IconButton} name="menu" id="open-list" label=${t("conversations")} aria-expanded=${isListOpen} aria-controls="conversations" onClick=${() => emit("list")} />
      <h1>${route.title || t("title")}</h1>
      <${IconButton} name="new" id="new-conversation" class="quiet header-new" label=${t("new_conversation")} onClick=${() => emit("new")} />
      <${IconButton} name=${isSpeaking ? "speaker" : "speaker_off"} id="speak" role="switch" aria-checked=${isSpeaking}
        label=${t("speak_replies")} onClick=${() => (preferences.isSpeaking = !isSpeaking)} />
      <${IconButton} name="settings" id="open-settings" label=${t("settings")} onClick=${() => emit("settings")} />
      <${IconButton} name="help" id="open-shortcuts" label=${t("shortcuts")} onClick=${() => emit("shortcuts")} />
    </header>`;
}
Header.props = ["isListOpen"];
Header.emits = ["list", "new", "settings", "shortcuts"];
