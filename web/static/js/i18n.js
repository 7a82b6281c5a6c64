// The page's words in the reader's language. Elements name their text by key in data-text,
// data-label (accessible name and tooltip) and data-placeholder, so a switch needs no reload.

const texts = JSON.parse(document.getElementById("texts").textContent);
const ONE_YEAR_S = 31536000;

/** The words of `key`, with `{name}` replaced; undefined where this language has none. */
export function text(key, values = {}) {
  const found = texts[document.documentElement.lang][key];
  return found?.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

export function setText(element, key) {
  element.dataset.text = key;
  element.textContent = text(key);
}

export function setLabel(element, key) {
  element.dataset.label = key;
  element.title = text(key);
  element.setAttribute("aria-label", text(key));
}

export function translate(root) {
  for (const element of root.querySelectorAll("[data-text]")) setText(element, element.dataset.text);
  for (const element of root.querySelectorAll("[data-label]")) setLabel(element, element.dataset.label);
  for (const element of root.querySelectorAll("[data-placeholder]")) {
    element.placeholder = text(element.dataset.placeholder);
  }
}

export function switchLanguage() {
  const language = document.documentElement.lang === "zh" ? "en" : "zh";
  document.documentElement.lang = language;
  document.cookie = `language=${language}; path=/; max-age=${ONE_YEAR_S}; SameSite=Lax`;
  document.title = text("title");
  translate(document);
}
