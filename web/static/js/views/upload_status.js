// A file of the user: how far it has come, and what can be done where it went wrong.

import { nextTick, ref, watch } from "../../vendor/vue.runtime.esm-browser.prod.js";
import { html } from "../html.js";
import { explain, t } from "../i18n.js";
import { showNotice } from "../state/notice.js";
import { cancelUpload, canRemove, canRetry, remove, retry, sizeOf } from "../state/uploads.js";
import { clock, percent, size } from "./figures.js";
import { Icon, IconButton } from "./icon.js";

const STEPS = ["uploading", "decoding", "recognising", "thinking", "speaking"];
const STEPS_UNANSWERED = 3;

/** `turn`: of kind upload. */
export const UploadStatus = {
  props: ["turn"],
  setup(props) {
    const card = ref(null);
    const cancel = () => cancelUpload(props.turn).catch((error) => showNotice(error));

    // The button that is gone must not take the focus along.
    watch(
      () => props.turn.stage === null,
      async () => {
        if (!card.value?.contains(document.activeElement)) return;
        await nextTick();
        const { value } = card;
        (value.querySelector(".upload-again") ?? value.querySelector("button") ?? value).focus();
      },
    );

    async function takeAway() {
      const cards = [...document.querySelectorAll(".upload")];
      const place = cards.indexOf(card.value);
      const next = cards[place + 1] ?? cards[place - 1];
      remove(props.turn);
      await nextTick();
      (next?.querySelector("button") ?? next ?? document.querySelector("textarea"))?.focus();
    }

    return () => {
      const { turn } = props;
      const isOver = turn.stage === null;
      return html`
        <div ref=${card} class="upload" tabindex="-1" role="group" aria-label=${turn.filename}
          data-stage=${stageOf(turn)} data-failed=${(isOver && turn.error !== null) || undefined}>
          <${Icon} name=${turn.error ? "warning" : "file"} />
          <div class="upload-words">
            <${FileName} name=${turn.filename} />
            <${State} turn=${turn} />
          </div>
          ${!isOver && html`<${IconButton} key="cancel" name="close" class="quiet upload-cancel" label=${t("cancel_upload", { name: turn.filename })} onClick=${cancel} />`}
          ${canRemove(turn) && html`<${IconButton} key="remove" name="close" class="quiet" label=${t("remove_upload", { name: turn.filename })} onClick=${takeAway} />`}
          ${canRetry(turn) && html`
            <button type="button" class="plain upload-again" onClick=${() => retry(turn)}><${Icon} name="again" />${t(turn.error ? "retry" : "send_again")}</button>`}
          ${!isOver && html`<${Steps} turn=${turn} />`}
        </div>`;
    };
  },
};

/** Cut in its middle where it is long: the ending says what it is. */
function FileName({ name }) {
  const dot = name.lastIndexOf(".");
  const stem = dot > 0 ? name.slice(0, dot) : name;
  return html`<p class="upload-name" title=${name}><span class="upload-stem">${stem}</span><span>${name.slice(stem.length)}</span></p>`;
}
FileName.props = ["name"];

function State({ turn }) {
  if (turn.stage !== null) {
    return html`<p class="upload-state"><${StageIcon} stage=${stageOf(turn)} />${stageWords(turn)}</p>`;
  }
  // It is said aloud because it is put in its place only now.
  if (turn.error && !turn.question) return html`<p class="upload-state" role="alert">${t(`upload_${turn.error.code}`) ?? explain(turn.error)}</p>`;
  if (turn.note) return html`<p class="upload-state">${t(turn.note)}</p>`;
  const facts = [turn.duration_s !== null && clock(turn.duration_s), sizeOf(turn) !== null && size(sizeOf(turn))];
  return html`<p class="upload-state">${facts.filter(Boolean).join(" · ")}</p>`;
}
State.props = ["turn"];

function StageIcon({ stage }) {
  const names = { waiting: "pause", uploading: "send", decoding: "file", recognising: "waves", thinking: "dots", speaking: "speaker" };
  return html`<${Icon} name=${names[stage] ?? "reconnect"} />`;
}
StageIcon.props = ["stage"];

/** One bar of as many parts as there are steps. */
function Steps({ turn }) {
  const steps = turn.isAnswered ? STEPS : STEPS.slice(0, STEPS_UNANSWERED);
  const current = stepOf(turn);
  const share = turn.progress;
  const shareOf = (place) => (place < current ? 1 : place > current ? 0 : (share ?? 0));
  return html`
    <div class="upload-steps" role="progressbar" aria-label=${turn.filename} aria-valuetext=${stageWords(turn)}
      aria-valuemin="0" aria-valuemax="100" aria-valuenow=${share === null ? undefined : Math.round(100 * share)}>
      ${steps.map((step, place) => html`
        <i key=${step} data-step=${step} data-pending=${(place === current && share === null) || undefined} style=${{ "--share": shareOf(place) }} />`)}
    </div>`;
}
Steps.props = ["turn"];

function stageWords(turn) {
  const words = t(`state_${stageOf(turn)}`);
  return turn.progress === null ? words : `${words} ${percent(turn.progress)}`;
}

/** What is being done to it; the reply is spoken while, and after, it is written. */
function stageOf({ stage, reply }) {
  return stage === "thinking" && reply?.isComplete ? "speaking" : stage;
}

/** The place of its stage in STEPS. While the connection is made anew, of what has come so far. */
function stepOf(turn) {
  const place = STEPS.indexOf(stageOf(turn));
  if (place !== -1 || turn.stage === "waiting") return place;
  if (turn.reply) return STEPS.indexOf("thinking");
  return turn.duration_s === null ? 0 : STEPS.indexOf("recognising");
}
