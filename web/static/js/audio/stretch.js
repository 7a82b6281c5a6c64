// Slows speech without lowering it: waveform similarity overlap-add (Verhelst and Roelands, ICASSP
// 1993). A browser does the same for <audio>, which cannot join two sounds without a gap.

const FRAME_MS = 30;
const SEARCH_MS = 8; // a period of the lowest voices
const STRIDE = 4; // samples between the places that are compared

/** Returns the samples (Float32Array) played at `rate`, 0.5 to 1, in their own pitch. */
export function stretch(samples, rate, sampleRate_hz) {
  const hop = Math.round((FRAME_MS / 2000) * sampleRate_hz);
  const search = Math.round((SEARCH_MS / 1000) * sampleRate_hz);
  const stretched = new Float32Array(Math.ceil(samples.length / rate) + 2 * hop);
  let from = 0; // where the frame is taken
  for (let to = 0; to * rate < samples.length; to += hop) {
    const wanted = Math.round(to * rate);
    // What would follow the last frame naturally is what the next one should resemble.
    from = to === 0 ? 0 : mostAlike(samples, from + hop, wanted, hop, search);
    for (let i = 0; i < 2 * hop && from + i < samples.length; i += 1) {
      const weight = to === 0 && i < hop ? 1 : 0.5 - 0.5 * Math.cos((Math.PI * i) / hop);
      stretched[to + i] += samples[from + i] * weight;
    }
  }
  return stretched;
}

function mostAlike(samples, natural, wanted, length, search) {
  let [best, bestLikeness] = [Math.max(0, wanted), -Infinity];
  const last = Math.min(wanted + search, samples.length - 1);
  for (let place = Math.max(0, wanted - search); place <= last; place += STRIDE) {
    let likeness = 0;
    let energy = 1e-9;
    for (let i = 0; i < length; i += STRIDE) {
      const sample = samples[place + i] ?? 0;
      likeness += sample * (samples[natural + i] ?? 0);
      energy += sample * sample;
    }
    likeness /= Math.sqrt(energy);
    if (likeness > bestLikeness) [best, bestLikeness] = [place, likeness];
  }
  return best;
}
