// A recording that was written down: its words with their times, to be read along with its sound, and
// taken away as a file.

import { computed, onUnmounted, ref, shallowRef, watch } from "../../vendor/vue.runtime.esm-browser.prod.js";
import { recordedOf } from "../audio/recorded_sound.js";
import { request } from "../client/api.js";
import { html } from "../html.js";
import { explain, t } from "../i18n.js";
import { showNotice } from "../state/notice.js";
import { plainText, segmentAt } from "../state/paragraphs.js";
import { copy as copyText } from "../client/clipboard.js";
import { clock } from "./figures.js";
import { Icon, IconButton } from "./icon.js";
import { TranscriptSound } from "./transcript_sound.js";
import { TranscriptText } from "./transcript_text.js";

const FORMATS = ["txt", "srt", "vtt"];
const COPIED_MS = 1500;

/** `turn`: one that state/turns.js `isWrittenDown`. Open while it is new, closed where it was loaded. */
export const Transcript = {
  props: ["turn"],
  setup(props) {
    const isOpen = ref(props.turn.segments.length > 0);
    const loaded = shallowRef(null); // {segments, duration_s, language}, of an earlier page's turn
    const problem = shallowRef(null);
    const recorded = shallowRef(null); // {sound, filename}; undefined where this browser has it no more
    const time_s = ref(-1);
    const player = ref(null);

    const segments = computed(() => (props.turn.segments.length > 0 ? props.turn.segments : (loaded.value?.segments ?? [])));
    const current = computed(() => segmentAt(segments.value, time_s.value));
    const duration_s = computed(() => props.turn.duration_s ?? loaded.value?.duration_s ?? null);

    async function load() {
      problem.value = null;
      try {
        loaded.value = await request("GET", `/api/turns/${props.turn.id}/transcript`);
      } catch (error) {
        problem.value = error;
      }
    }

    watch(
      () => [props.turn.id, isOpen.value],
      async ([id]) => {
        if (id === null) return;
        recorded.value ??= await recordedOf(id);
        if (isOpen.value && props.turn.segments.length === 0 && loaded.value === null) await load();
      },
      { immediate: true },
    );

    const jump = (index) => player.value?.playFrom(segments.value[index].start_s);

    return () => {
      const { turn } = props;
      const filename = recorded.value?.filename ?? turn.filename;
      return html`
        <section class="transcript" aria-label=${t("transcript")} data-growing=${turn.stage === "recognising" || undefined}>
          <header class="transcript-head">
            <h2>${t("transcript")}</h2>
            <p class="transcript-facts">${[turn.filename === null && filename, duration_s.value !== null && clock(duration_s.value)].filter(Boolean).join(" · ")}</p>
          </header>
          ${isOpen.value && recorded.value && html`
            <${TranscriptSound} ref=${player} sound=${recorded.value.sound} label=${t("recording_named", { name: filename })} onTime=${(now_s) => (time_s.value = now_s)} />`}
          ${isOpen.value && recorded.value === undefined && html`<p class="transcript-note">${t("sound_not_kept")}</p>`}
          ${isOpen.value && segments.value.length > 0 && html`
            <${TranscriptText} segments=${segments.value} current=${current.value} language=${turn.language ?? loaded.value?.language}
              isGrowing=${turn.stage === "recognising"} canJump=${Boolean(recorded.value && player.value?.isPlayable)} onJump=${jump} />`}
          ${isOpen.value && segments.value.length === 0 && !problem.value && html`<p class="transcript-note" role="status">${t("transcript_loading")}</p>`}
          ${!isOpen.value && html`<p class="transcript-beginning" lang=${turn.language}>${turn.question}</p>`}
          ${problem.value && html`
            <p class="transcript-note" role="alert">${explain(problem.value)} <button type="button" class="plain" onClick=${load}>${t("retry")}</button></p>`}
          ${turn.stage === null && html`<${Foot} turn=${turn} segments=${segments.value} isOpen=${isOpen.value} onToggle=${() => (isOpen.value = !isOpen.value)} />`}
          <p role="status" class="unseen">${turn.stage === null && turn.segments.length > 0 ? t("transcript_ready") : ""}</p>
        </section>`;
    };
  },
};

const Foot = {
  props: ["turn", "segments", "isOpen"],
  emits: ["toggle"],
  setup(props, { emit }) {
    const isCopied = ref(false);
    let timer = null;
    onUnmounted(() => clearTimeout(timer));

    async function copy() {
      await copyText(props.segments.length > 0 ? plainText(props.segments) : props.turn.question);
      isCopied.value = true;
      clearTimeout(timer);
      timer = setTimeout(() => (isCopied.value = false), COPIED_MS);
    }

    return () => html`
      <footer class="transcript-foot">
        <button type="button" class="quiet" aria-expanded=${props.isOpen} onClick=${() => emit("toggle")}>${t(props.isOpen ? "show_less" : "show_all")}</button>
        <div class="transcript-take" role="group" aria-label=${t("transcript_take")}>
          <${IconButton} name=${isCopied.value ? "check" : "copy"} label=${t(isCopied.value ? "copied" : "copy")} onClick=${() => copy().catch((error) => showNotice(error))} />
          <${Icon} name="download" />
          ${FORMATS.map((format) => html`
            <a key=${format} class="quiet" href=${`/api/turns/${props.turn.id}/transcript?format=${format}`} download
              aria-label=${t("download_as", { format })} title=${t("download_as", { format })}>${format}</a>`)}
        </div>
      </footer>`;
  },
};
