// Light, dark, or as the system is set. The server reads the cookie, so that it paints the right one at once.

import { watch } from "../../vendor/vue.runtime.esm-browser.prod.js";
import { preferences } from "./preferences.js";

export const THEMES = ["light", "dark", ""];
const ONE_YEAR_S = 31536000;

// What a phone paints around the page: for a light system, for a dark one. Which of them counts follows from the system.
const surrounds = [...document.querySelectorAll('meta[name="theme-color"]')];
const colours = { light: surrounds[0]?.content, dark: surrounds[1]?.content };

/** The page has the chosen theme from now on. */
export function keepTheme() {
  watch(() => preferences.theme, apply, { immediate: true });
}

function apply(theme) {
  const [light, dark] = theme ? [theme, theme] : ["light", "dark"];
  surrounds.forEach((meta, place) => (meta.content = colours[place === 0 ? light : dark]));
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  document.cookie = `theme=${theme}; path=/; max-age=${theme ? ONE_YEAR_S : 0}; SameSite=Lax`;
}
