// What the microphone hears, as bars: the newest in the middle, going outwards.

import { onMounted, onUnmounted, ref } from "../../vendor/vue.runtime.esm-browser.prod.js";
import { levels } from "../audio/levels.js";
import { html } from "../html.js";

const BAR_PX = 3;
const GAP_PX = 3;
const LOUD = 0.16; // root mean square of a voice close by

export const Waveform = {
  setup() {
    const canvas = ref(null);
    let frame = 0;
    const draw = () => {
      frame = requestAnimationFrame(draw);
      const element = canvas.value;
      const ratio = window.devicePixelRatio;
      const [width, height] = [element.clientWidth, element.clientHeight];
      if (element.width !== Math.round(width * ratio)) {
        element.width = Math.round(width * ratio);
        element.height = Math.round(height * ratio);
      }
      const context = element.getContext("2d");
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, width, height);
      context.fillStyle = getComputedStyle(element).color;
      const step = BAR_PX + GAP_PX;
      for (let i = 0; i * step < width / 2 && i < levels.length; i += 1) {
        const loudness = Math.min(1, levels[levels.length - 1 - i] / LOUD) ** 0.6;
        const bar = Math.max(BAR_PX, loudness * height);
        context.globalAlpha = 1 - (i * step) / (width / 2);
        for (const x of i === 0 ? [width / 2] : [width / 2 - i * step, width / 2 + i * step]) {
          context.beginPath();
          context.roundRect(x - BAR_PX / 2, (height - bar) / 2, BAR_PX, bar, BAR_PX / 2);
          context.fill();
        }
      }
    };
    onMounted(draw);
    onUnmounted(() => cancelAnimationFrame(frame));
    return () => html`<canvas ref=${canvas} class="waveform" aria-hidden="true" />`;
  },
};
