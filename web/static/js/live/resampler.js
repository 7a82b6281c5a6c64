// Band-limited resampling of a stream by a windowed sinc (Smith, "Digital Audio Resampling"): exact
// in time, so that a count of samples at one rate is a position at the other.
// Loaded into the sound thread before the processors that use it. Not by `import`, which worklets
// know only since Firefox 114.

const ZERO_CROSSINGS = 16; // each side: passes 0.9 of the band, and keeps mirror images 60 dB down
const PASSED_BAND = 0.94;

class Resampler {
  #up; // to_hz / from_hz, in lowest terms: up / down
  #down;
  #reach; // input samples on each side of an output sample
  #filters; // one for each place that an output sample can have between two of the input
  #input = new Float32Array(4096);
  #length = 0; // of the input that is kept
  #first = 0; // where in the stream the kept input begins
  #index = 0; // the input sample at or before the next output sample
  #phase = 0; // and how far after it, in 1 / up of a sample

  constructor(from_hz, to_hz) {
    const divisor = greatestCommonDivisor(from_hz, to_hz);
    this.#up = to_hz / divisor;
    this.#down = from_hz / divisor;
    const stretch = Math.max(1, from_hz / to_hz);
    this.#reach = Math.ceil(ZERO_CROSSINGS * stretch);
    this.#filters = Array.from({ length: this.#up }, (_, phase) =>
      makeFilter(phase / this.#up, this.#reach, stretch),
    );
  }

  /** How much of the input the output has reached, in samples; whole at equal rates. */
  get position() {
    return this.#index + this.#phase / this.#up;
  }

  push(samples) {
    this.#forget();
    if (this.#length + samples.length > this.#input.length) {
      const larger = new Float32Array(2 * (this.#length + samples.length));
      larger.set(this.#input.subarray(0, this.#length));
      this.#input = larger;
    }
    this.#input.set(samples, this.#length);
    this.#length += samples.length;
  }

  /**
   * Fills `output` as far as the input reaches, and returns how many samples that were.
   * At the end of a stream `isLast` gives what follows from silence after it, too.
   */
  pull(output, isLast = false) {
    const end = this.#first + this.#length - (isLast || this.#isPlain ? 0 : this.#reach);
    let count = 0;
    while (count < output.length && this.#index < end) {
      output[count] = this.#isPlain ? this.#input[this.#index - this.#first] : this.#sum();
      count += 1;
      this.#phase += this.#down;
      this.#index += Math.floor(this.#phase / this.#up);
      this.#phase %= this.#up;
    }
    return count;
  }

  get #isPlain() {
    return this.#up === this.#down;
  }

  #sum() {
    const filter = this.#filters[this.#phase];
    const start = this.#index - this.#reach + 1 - this.#first;
    const end = Math.min(filter.length, this.#length - start);
    let sum = 0;
    for (let tap = Math.max(0, -start); tap < end; tap += 1) sum += filter[tap] * this.#input[start + tap];
    return sum;
  }

  #forget() {
    const count = Math.min(this.#index - this.#reach - this.#first, this.#length);
    if (count <= 0) return;
    this.#input.copyWithin(0, count, this.#length);
    this.#first += count;
    this.#length -= count;
  }
}

function makeFilter(offset, reach, stretch) {
  const filter = new Float32Array(2 * reach);
  let sum = 0;
  for (let tap = 0; tap < filter.length; tap += 1) {
    const distance = tap - (reach - 1) - offset; // in input samples
    const window = 0.5 + 0.5 * Math.cos((Math.PI * distance) / (reach + 1));
    filter[tap] = window * sinc((distance * PASSED_BAND) / stretch);
    sum += filter[tap];
  }
  return filter.map((tap) => tap / sum);
}

function sinc(x) {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function greatestCommonDivisor(a, b) {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

globalThis.Resampler = Resampler;
