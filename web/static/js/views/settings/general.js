// The page itself: its language, its looks, and the language that is spoken to it.

import { ref } from "../../../vendor/vue.runtime.esm-browser.prod.js";
import { ApiError, unreachable } from "../../client/api.js";
import { html } from "../../html.js";
import { LANGUAGES, language, switchLanguage, t } from "../../i18n.js";
import { preferences } from "../../state/preferences.js";
import { THEMES } from "../../state/theme.js";
import { Choices, Problem, Selection } from "./fields.js";

// Whisper's with a word error rate below one half (openai.com, "Speech to text", supported languages).
const SPOKEN =
  "af ar az be bg bs ca cs cy da de el es et fa fi fr gl he hi hr hu hy id is it ja kk kn ko lt lv mi mk mr ms ne nl no " +
  "pl pt ro ru sk sl sr sv sw ta th tl tr uk ur vi";

const THEME_ICONS = { light: "sun", dark: "moon", "": "screen" };

export const GeneralSection = {
  setup() {
    const chosen = ref(language()); // ahead of the page's own while its words are on their way
    const error = ref(null);

    async function choose(wanted) {
      chosen.value = wanted;
      error.value = null;
      try {
        await switchLanguage(wanted);
      } catch (failure) {
        chosen.value = language();
        // fetch() rejects with a TypeError; else the file is gone, since the server was updated.
        error.value = failure instanceof TypeError ? unreachable() : new ApiError("page_outdated");
      }
    }

    return () => html`
      <${Choices}
        name="page-language"
        layout="segments"
        legend=${t("page_language")}
        options=${Object.entries(LANGUAGES).map(([value, label]) => ({ value, label, lang: value }))}
        chosen=${chosen.value}
        onChoose=${choose}
      />
      <${Problem} error=${error.value} />
      <${Choices}
        name="theme"
        layout="segments"
        legend=${t("theme")}
        options=${THEMES.map((value) => ({ value, label: t(`theme_${value || "system"}`), icon: THEME_ICONS[value] }))}
        chosen=${preferences.theme}
        onChoose=${(theme) => (preferences.theme = theme)}
      />
      <${Selection}
        id="spoken-language"
        label=${t("spoken_language")}
        groups=${spokenLanguages(language())}
        chosen=${preferences.spokenLanguage}
        describedby="spoken-language-hint"
        onChoose=${(code) => (preferences.spokenLanguage = code)}
      />
      <p class="hint setting-hint" id="spoken-language-hint">${t("spoken_language_hint")}</p>`;
  },
};

function spokenLanguages(pageLanguage) {
  const names = new Intl.DisplayNames(pageLanguage, { type: "language" });
  const named = (codes) => codes.map((value) => ({ value, label: names.of(value) }));
  const others = named(SPOKEN.split(" ")).sort((a, b) => a.label.localeCompare(b.label, pageLanguage));
  return [
    { options: [{ value: "", label: t("spoken_language_automatic") }, ...named(Object.keys(LANGUAGES))] },
    { label: t("other_languages"), options: others },
  ];
}
