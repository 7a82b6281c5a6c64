// How replies are worded.

import { onMounted, ref } from "../../../vendor/vue.runtime.esm-browser.prod.js";
import { html } from "../../html.js";
import { t } from "../../i18n.js";
import { preferences } from "../../state/preferences.js";
import { chooseManner, currentManner, loadProfile, profile } from "../../state/profile.js";
import { Choices, Problem } from "./fields.js";

const MANNERS = ["", "formal", "friendly", "humorous", "concise"];

export const MannerSection = {
  setup() {
    const error = ref(null);
    onMounted(async () => {
      // One that the server could not take when it was chosen.
      if ((await loadProfile()) && preferences.manner) chooseManner(preferences.manner);
    });

    async function choose(manner) {
      error.value = (await chooseManner(manner)) ? null : profile.error;
    }

    return () => html`
      <${Choices}
        name="manner"
        layout="cards"
        legend=${t("manner")}
        hint=${t("manner_hint")}
        options=${MANNERS.map((value) => ({
          value,
          label: t(`manner_${value || "automatic"}`),
          meaning: t(`manner_${value || "automatic"}_meaning`),
        }))}
        chosen=${currentManner()}
        onChoose=${choose}
      />
      <${Problem} error=${error.value} />`;
  },
};
