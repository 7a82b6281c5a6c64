// The page's words in the reader's language, by key. What reads them in a render function is
// rendered again when the language changes.

import { shallowReactive } from "../vendor/vue.runtime.esm-browser.prod.js";
import { config } from "./config.js";

export const LANGUAGES = { en: "English", zh: "中文" };
const ONE_YEAR_S = 31536000;

const state = shallowReactive({ language: config.language, texts: config.texts });

/** The page's language: en or zh. */
export function language() {
  return state.language;
}

/** The words of `key`, with `{name}` replaced by values.name; undefined where there are none. */
export function t(key, values = {}) {
  const found = state.texts[state.language][key];
  return found?.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** What went wrong, in a sentence: ours in the reader's language, or else the server's own. */
export function explain({ code, detail, values }) {
  return t(`problem_${code}`, values) ?? detail ?? t(code, values) ?? t("server_error");
}

/** Rejects where the server cannot be reached; the language then stays as it is. */
export async function switchLanguage(chosen) {
  if (!state.texts[chosen]) {
    const response = await fetch(`${config.assets}text/${chosen}.json`);
    if (!response.ok) throw new Error(response.statusText);
    state.texts = { ...state.texts, [chosen]: await response.json() };
  }
  state.language = chosen;
  document.documentElement.lang = chosen;
  document.cookie = `language=${chosen}; path=/; max-age=${ONE_YEAR_S}; SameSite=Lax`;
}
