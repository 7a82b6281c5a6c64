// The words of a transcript in a frame of their own, which follows what is heard, or what is just being
// recognised, until the reader scrolls away from it.

import { computed, nextTick, ref, watch } from "../../vendor/vue.runtime.esm-browser.prod.js";
import { html } from "../html.js";
import { t } from "../i18n.js";
import { paragraphsOf, spaced } from "../state/paragraphs.js";
import { clock } from "./figures.js";
import { Icon } from "./icon.js";

const BY_READER_MS = 1000; // scrolling that comes so soon after a touch or a key, or after itself
const MARGIN_PX = 24;
const STEPS = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };

/**
 * `segments`: {start_s, end_s, text}. `current`: the index of the one being heard, -1 where none is.
 * `isGrowing`: more are to come. Emits `jump` with a segment's index, where `canJump`.
 */
export const TranscriptText = {
  props: ["segments", "current", "language", "isGrowing", "canJump"],
  emits: ["jump"],
  setup(props, { emit }) {
    const frame = ref(null);
    const isAway = ref(false);
    const tabStop = ref(0); // of the paragraphs' times: one is reached by Tab, the others from it
    const paragraphs = computed(() => paragraphsOf(props.segments));
    let byReader_ms = -Infinity;

    const noteReader = () => (byReader_ms = performance.now());
    function onScroll() {
      if (performance.now() - byReader_ms > BY_READER_MS) return;
      noteReader(); // it goes on by its own weight
      const followed = followedElement();
      isAway.value = followed !== null && !isInSight(followed);
    }

    function followedElement() {
      if (props.current >= 0) return frame.value.querySelector(`[data-index="${props.current}"]`);
      return props.isGrowing ? frame.value.querySelector(".paragraph:last-of-type .segment:last-of-type") : null;
    }

    function isInSight(element) {
      const [inside, outside] = [element.getBoundingClientRect(), frame.value.getBoundingClientRect()];
      return inside.bottom > outside.top && inside.top < outside.bottom;
    }

    // scrollIntoView() would move the page as well.
    function follow() {
      const element = followedElement();
      if (element === null) return;
      const [inside, outside] = [element.getBoundingClientRect(), frame.value.getBoundingClientRect()];
      if (inside.top >= outside.top + MARGIN_PX && inside.bottom <= outside.bottom - MARGIN_PX) return;
      const top = frame.value.scrollTop + inside.top - outside.top - outside.height / 3;
      byReader_ms = -Infinity; // what scrolls now is this
      const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
      frame.value.scrollTo({ top, behavior: isStill ? "auto" : "smooth" });
    }

    function comeBack() {
      isAway.value = false;
      follow();
    }

    watch(
      () => [props.current, props.segments.length],
      () => nextTick(() => frame.value && !isAway.value && follow()),
      { immediate: true },
    );

    function onClick({ target }) {
      const segment = target.closest("[data-index]");
      const isSelecting = target.closest("button") === null && !getSelection().isCollapsed;
      if (!segment || !props.canJump || isSelecting) return;
      isAway.value = false;
      emit("jump", Number(segment.dataset.index));
    }

    function onKeydown(event) {
      noteReader();
      const step = STEPS[event.key];
      if (step === undefined || !event.target.matches(".time")) return;
      event.preventDefault();
      tabStop.value = Math.min(paragraphs.value.length - 1, Math.max(0, tabStop.value + step));
      nextTick(() => frame.value.querySelectorAll(".time")[tabStop.value].focus());
    }

    return () => html`
      <div class="transcript-frame">
        <div ref=${frame} class="transcript-text" lang=${props.language} tabindex=${props.canJump ? undefined : 0} role="group" aria-label=${t("transcript")}
          onScrollPassive=${onScroll} onWheelPassive=${noteReader} onTouchmovePassive=${noteReader} onPointerdown=${noteReader}
          onClick=${onClick} onKeydown=${onKeydown}>
          ${paragraphs.value.map(({ from, to }, place) => {
            const isHere = from <= props.current && props.current < to;
            return html`<${Paragraph} key=${from} segments=${props.segments} from=${from} to=${to} current=${isHere ? props.current : -1}
              canJump=${props.canJump} isTabStop=${place === tabStop.value} />`;
          })}
        </div>
        ${isAway.value && html`
          <button type="button" class="plain transcript-follow" onClick=${comeBack}><${Icon} name="waves" />${t("transcript_follow")}</button>`}
      </div>`;
  },
};

/** A component of its own, so that of a thousand segments only those are rendered that change. */
const Paragraph = {
  props: ["segments", "from", "to", "current", "canJump", "isTabStop"],
  setup(props) {
    return () => {
      const { segments, from, to, current, canJump, isTabStop } = props;
      const time = clock(segments[from].start_s);
      return html`
        <div class="paragraph" data-can-jump=${canJump || undefined}>
          ${canJump
            ? html`<button type="button" class="time" data-index=${from} tabindex=${isTabStop ? 0 : -1} aria-label=${t("play_from", { time })}>${time}</button>`
            : html`<span class="time">${time}</span>`}
          <p>${segments.slice(from, to).map(({ text }, place) => html`
            <span key=${from + place} class="segment" data-index=${from + place} data-current=${from + place === current || undefined}>${spaced(text)}</span>`)}</p>
        </div>`;
    };
  },
};
