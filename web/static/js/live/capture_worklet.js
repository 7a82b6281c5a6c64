// The microphone as the live session wants it: mono, 24 kHz, 16 bits, 40 ms at a time.

const RATE_HZ = 24000;
const FRAME_SAMPLES = 960;

class Capture extends AudioWorkletProcessor {
  #resampler = new Resampler(sampleRate, RATE_HZ);
  #frame = new Float32Array(FRAME_SAMPLES);
  #filled = 0;

  process([channels]) {
    // Without a microphone connected there is no channel, and no time passes for the session either.
    if (channels.length === 0) return true;
    this.#resampler.push(mix(channels));
    for (;;) {
      const count = this.#resampler.pull(this.#frame.subarray(this.#filled));
      this.#filled += count;
      if (this.#filled < FRAME_SAMPLES) return true;
      this.#send();
    }
  }

  #send() {
    const samples = Int16Array.from(this.#frame, (sample) =>
      Math.round(Math.max(-1, Math.min(1, sample)) * 32767),
    );
    let power = 0;
    let peak = 0;
    for (const sample of this.#frame) {
      power += sample * sample;
      peak = Math.max(peak, Math.abs(sample));
    }
    this.#filled = 0;
    const loudness = Math.sqrt(power / FRAME_SAMPLES);
    this.port.postMessage({ samples, loudness, isDigitalSilence: peak === 0 }, [samples.buffer]);
  }
}

/** The mean of all channels. */
function mix(channels) {
  if (channels.length === 1) return channels[0];
  return channels[0].map((_, i) => channels.reduce((sum, channel) => sum + channel[i], 0) / channels.length);
}

registerProcessor("capture", Capture);
