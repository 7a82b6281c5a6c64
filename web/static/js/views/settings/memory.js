// What the assistant remembers about the user: to see, correct and forget.

import { nextTick, onMounted, ref } from "../../../vendor/vue.runtime.esm-browser.prod.js";
import { html } from "../../html.js";
import { t } from "../../i18n.js";
import { addFact, editFact, forgetEverything, forgetFact, loadProfile, profile, setLearning } from "../../state/profile.js";
import { Fact, MAX_FACT_CHARS } from "./fact.js";
import { Problem, Switch } from "./fields.js";

export const MemorySection = {
  setup() {
    const words = ref(""); // being added
    const isAsking = ref(false); // whether to forget everything
    const done = ref(""); // key of what has just been done
    const heading = ref(null);
    const keep = ref(null);
    const forgetAll = ref(null);
    onMounted(loadProfile);

    async function add(event) {
      event.preventDefault();
      done.value = "";
      if (!words.value.trim()) return;
      const outcome = await addFact(words.value);
      if (outcome === "failed") return;
      words.value = "";
      done.value = `memory_${outcome}`;
    }

    async function edit(id, text) {
      done.value = "";
      if (await editFact(id, text)) done.value = "memory_changed";
    }

    async function forget(id) {
      const place = profile.facts.findIndex((fact) => fact.id === id);
      done.value = "";
      if (!(await forgetFact(id))) return;
      done.value = "memory_forgotten";
      const next = profile.facts[place] ?? profile.facts.at(-1);
      await nextTick();
      (next ? document.getElementById(`forget-${next.id}`) : heading.value).focus();
    }

    async function ask(isWanted) {
      isAsking.value = isWanted;
      await nextTick();
      (isWanted ? keep : forgetAll).value?.focus();
    }

    async function forgetAllFacts() {
      done.value = "";
      if (await forgetEverything()) done.value = "memory_all_forgotten";
      isAsking.value = false;
      await nextTick();
      heading.value.focus();
    }

    const adding = () => html`<form class="memory-add" onSubmit=${add}>
      <label class="hint" for="new-fact">${t("memory_add")}</label>
      <div class="setting-row">
        <input
          type="text"
          id="new-fact"
          maxlength=${MAX_FACT_CHARS}
          autocomplete="off"
          enterkeyhint="done"
          value=${words.value}
          onInput=${({ target }) => (words.value = target.value)}
        />
        <button type="submit" class="plain">${t("memory_add_button")}</button>
      </div>
    </form>`;

    const forgetting = () =>
      isAsking.value
        ? html`<div class="memory-question" role="group" aria-labelledby="forget-all-question">
            <p id="forget-all-question">${t("memory_forget_all_question", { count: profile.facts.length })}</p>
            <div class="setting-row">
              <button type="button" class="plain" ref=${keep} onClick=${() => ask(false)}>${t("memory_keep")}</button>
              <button type="button" class="danger" onClick=${forgetAllFacts}>${t("memory_forget_all")}</button>
            </div>
          </div>`
        : html`<button type="button" class="danger memory-forget-all" ref=${forgetAll} onClick=${() => ask(true)}>
            ${t("memory_forget_all")}
          </button>`;

    const remembered = () => html`
      <${Switch} id="learning" label=${t("memory_switch")} hint=${t(profile.isEnabled ? "memory_on_hint" : "memory_off_hint")}
        checked=${profile.isEnabled} onChoose=${setLearning} />
      <section class="setting" aria-labelledby="facts-heading">
        <h3 class="setting-name" id="facts-heading" tabindex="-1" ref=${heading}>${t("memory_facts")}</h3>
        ${profile.isEnabled && adding()}
        <p class="memory-done" role="status">${done.value && t(done.value)}</p>
        ${
          profile.facts.length > 0
            ? html`<ul class="facts">
                ${profile.facts.map(
                  (fact) => html`<${Fact}
                    key=${fact.id}
                    fact=${fact}
                    onEdit=${(text) => edit(fact.id, text)}
                    onForget=${() => forget(fact.id)}
                  />`,
                )}
              </ul>`
            : html`<p class="facts-none hint">${t("memory_empty")}</p>`
        }
      </section>
      ${profile.facts.length > 0 && forgetting()}`;

    return () => html`
      <${Problem} error=${profile.error} onRetry=${profile.facts === null && profile.error?.status !== 404 && loadProfile} />
      ${profile.facts === null ? !profile.error && html`<p class="hint">${t("settings_loading")}</p>` : remembered()}`;
  },
};
