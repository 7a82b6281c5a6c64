// What went wrong, in a sentence, and what can be done about it.

import { nextTick, ref, watch } from "../../vendor/vue.runtime.esm-browser.prod.js";
import { html } from "../html.js";
import { explain, t } from "../i18n.js";
import { hideNotice, notice } from "../state/notice.js";
import { Icon, IconButton } from "./icon.js";

export const NoticeBar = {
  setup() {
    const bar = ref(null);
    let before = null; // what had the focus before the notice took it

    // The notice may go by itself, and must not take the focus along.
    watch(
      () => notice.error,
      async (error) => {
        if (error !== null || !bar.value?.contains(document.activeElement)) return;
        await nextTick();
        (before?.isConnected ? before : document.getElementById("scroller")).focus();
      },
      { flush: "pre" },
    );
    const noteFocus = ({ relatedTarget }) => {
      if (relatedTarget && !bar.value.contains(relatedTarget)) before = relatedTarget;
    };

    function act() {
      const { retry } = notice;
      hideNotice();
      retry();
    }

    return () => notice.error && html`
      <div ref=${bar} id="notice" class="notice problem" onFocusin=${noteFocus}>
        <${Icon} name="warning" />
        <p role="alert">${words(notice)}</p>
        ${notice.retry && html`<button type="button" class="plain notice-action" onClick=${act}>${t(notice.label)}</button>`}
        <${IconButton} name="close" class="quiet notice-close" label=${t("close")} onClick=${hideNotice} />
      </div>`;
  },
};

function words({ error, about }) {
  return t(`${about}_${error.code}`) ?? explain(error);
}
