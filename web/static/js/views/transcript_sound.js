// The sound of a recording, with the browser's own controls and a speed.

import { onMounted, onUnmounted, ref, watch } from "../../vendor/vue.runtime.esm-browser.prod.js";
import { playing } from "../audio/player.js";
import { hearAlone, learnDuration } from "../audio/recorded_sound.js";
import { html } from "../html.js";
import { language, t } from "../i18n.js";
import { read, write } from "../state/storage.js";

const STORED = "listening_speed";
const SPEEDS = [0.75, 1, 1.25, 1.5, 1.75, 2];

const speed = ref(read(STORED) ?? 1);

/** `sound`: a Blob. Emits `time`, in seconds, as it is heard. Exposes `playFrom(seconds)` and `isPlayable`. */
export const TranscriptSound = {
  props: ["sound", "label"],
  emits: ["time"],
  setup(props, { emit, expose }) {
    const audio = ref(null);
    const isPlayable = ref(true);
    const url = URL.createObjectURL(props.sound);
    let isReady = false;

    async function onLoaded() {
      await learnDuration(audio.value);
      isReady = true;
      setSpeed();
    }

    function setSpeed() {
      if (audio.value) audio.value.playbackRate = speed.value;
    }

    function playFrom(seconds) {
      audio.value.currentTime = seconds;
      audio.value.play().catch(() => {}); // what cannot be played, `error` tells
    }

    function choose(event) {
      speed.value = Number(event.target.value);
      write(STORED, speed.value);
    }

    const tell = () => isReady && emit("time", audio.value.currentTime);
    const factor = (rate) => `${new Intl.NumberFormat(language()).format(rate)}×`;

    watch(speed, setSpeed);
    watch(
      () => playing.reply,
      (reply) => reply && audio.value?.pause(),
    );
    onMounted(() => (audio.value.src = url));
    onUnmounted(() => URL.revokeObjectURL(url));
    expose({ playFrom, isPlayable });

    return () => html`
      <div class="transcript-sound" hidden=${!isPlayable.value}>
        <audio ref=${audio} controls controlslist="nodownload noplaybackrate" preload="metadata" aria-label=${props.label}
          onLoadedmetadata=${onLoaded} onTimeupdate=${tell} onSeeking=${tell} onPlay=${hearAlone} onError=${() => (isPlayable.value = false)} />
        <label class="transcript-speed"><span>${t("listening_speed")}</span>
          <select aria-label=${t("listening_speed")} value=${speed.value} onChange=${choose}>
            ${SPEEDS.map((rate) => html`<option key=${rate} value=${rate}>${factor(rate)}</option>`)}
          </select>
        </label>
      </div>
      ${!isPlayable.value && html`<p class="transcript-note">${t("sound_unplayable")}</p>`}`;
  },
};
