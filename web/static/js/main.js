// Where the page begins: the view is put up, and what it shows is opened.

import { createApp, watch } from "../vendor/vue.runtime.esm-browser.prod.js";
import { playing, unlockSound } from "./audio/player.js";
import { watchAnnouncements } from "./client/announcements.js";
import { registerServiceWorker } from "./service_worker.js";
import { noteHearing } from "./state/hearing.js";
import { watchReadiness } from "./state/server_watch.js";
import { showAnnounced, state } from "./state/talk.js";
import { keepTheme } from "./state/theme.js";
import { setDraft } from "./state/unsent.js";
import { App } from "./views/app.js";

// What was written while the page was being built.
const early = document.getElementById("early-question").value;
if (early) setDraft(null, early);

keepTheme();
createApp(App).mount("#app");

watch(state, (word) => (document.body.dataset.state = word), { immediate: true });

watchReadiness().then(() => watchAnnouncements(showAnnounced));
window.addEventListener("pagehide", noteHearing);
for (const gesture of ["pointerdown", "keydown"]) {
  document.addEventListener(gesture, () => playing.isBlocked && unlockSound());
}
registerServiceWorker();
