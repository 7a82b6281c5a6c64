// The large control: held to talk, tapped to go on hands-free. Its word, shape and colour are the
// state of the page.

import { computed, onMounted, onUnmounted, ref } from "../../vendor/vue.runtime.esm-browser.prod.js";
import { playing } from "../audio/player.js";
import { html } from "../html.js";
import { t } from "../i18n.js";
import { activate, cancel, endLive, isReplying, live, press, release, state, talk } from "../state/talk.js";
import { clock } from "./figures.js";
import { Icon, IconButton } from "./icon.js";
import { Waveform } from "./waveform.js";

const SHAPES = {
  away: "reconnect",
  ready: "microphone",
  warming_up: "microphone",
  opening: "microphone",
  recording: "microphone",
  listening: "waves",
  hearing: "waves",
  held: "pause",
  muted: "muted",
  asleep: "play",
  speaking: "speaker",
  connecting: "reconnect",
  reconnecting: "reconnect",
};
const HINTS = {
  ready: "talk_hint",
  recording: "recording_hint",
  listening: "live_hint",
  muted: "muted_hint",
  asleep: "asleep_hint",
  speaking: "speaking_hint",
  opening: "opening_hint",
};

export const TalkControl = {
  setup() {
    const handlers = pressHandlers();
    const isOpen = computed(() => live.state !== null || talk.isRecording);
    return () => html`
      <div class="talk" data-open=${isOpen.value}>
        <div class="talk-row">
          <div class="talk-side">
            ${live.state && html`<${IconButton} name=${live.isMuted ? "muted" : "microphone"} class="round"
              label=${t(live.isMuted ? "unmute" : "mute")} aria-pressed=${live.isMuted}
              onClick=${() => (live.isMuted = !live.isMuted)} />`}
            ${talk.isRecording && html`<${IconButton} name="close" class="round" label=${t("discard")} onClick=${cancel} />`}
          </div>
          <button type="button" id="talk" class="orb" ...${handlers} aria-label=${t(nameOf())} aria-describedby="state"
            aria-pressed=${isOpen.value}>
            <${Icon} name=${SHAPES[state.value] ?? "dots"} />
          </button>
          <div class="talk-side">
            ${live.state && html`<${IconButton} name="close" class="round end" label=${t("live_end")} onClick=${endLive} />`}
            ${!live.state && isReplying.value && !talk.isRecording && html`<${IconButton} name="stop" class="round" id="stop"
              label=${t("stop")} onClick=${cancel} />`}
          </div>
        </div>
        <div class="talk-below">
          ${isOpen.value && html`<${Waveform} />`}
          <${StateLine} />
        </div>
      </div>`;
  },
};

const StateLine = {
  setup() {
    const seconds = ref(0);
    const timer = setInterval(() => {
      seconds.value = talk.isRecording ? Math.floor((performance.now() - talk.recordingSince_ms) / 1000) : 0;
    }, 250);
    onUnmounted(() => clearInterval(timer));
    return () => html`
      <p class="state">
        <span id="state" role="status">${t(`state_${state.value}`)}</span>
        ${talk.isRecording && html`<span class="elapsed" aria-hidden="true">${clock(seconds.value)}</span>`}
        <span class="hint">${hintOf()}</span>
      </p>`;
  },
};

function nameOf() {
  if (talk.isRecording) return "talk_send";
  if (live.state === null) return "talk";
  if (playing.reply || live.isReplying) return "interrupt";
  return live.isMuted ? "unmute" : "mute";
}

function hintOf() {
  if (state.value === "warming_up") return talk.waitingFor.map((part) => t(`part_${part}`)).join(t("comma"));
  if (state.value === "recording" && talk.isLatched) return t("latched_hint");
  if (state.value === "speaking" && live.state === null) return t("speaking_typed_hint");
  return HINTS[state.value] ? t(HINTS[state.value]) : "";
}

/** Pointer, keys and assistive technology alike. */
function pressHandlers() {
  let isByPointer = false;
  // A finger or a mouse may be let go anywhere.
  const letGo = () => release();
  onMounted(() => window.addEventListener("blur", letGo));
  onUnmounted(() => window.removeEventListener("blur", letGo));
  return {
    onPointerdown(event) {
      if (event.button !== 0) return;
      isByPointer = true;
      event.currentTarget.setPointerCapture(event.pointerId);
      press();
    },
    onPointerup: letGo,
    onPointercancel: letGo,
    onKeydown(event) {
      if (event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      if (!event.repeat) press();
    },
    onKeyup(event) {
      if (event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      release();
    },
    // The Enter key and screen readers send a click without a pointer.
    onClick() {
      if (!isByPointer) activate();
      isByPointer = false;
    },
    onContextmenu: (event) => event.preventDefault(), // a long touch
  };
}
