// Plays the sound of replies, 24 kHz mono, and knows to the sample how much of each was played.
//
// It is told: {type: "push", item_id, samples}, {type: "end", item_id} when no more comes of an item,
// {type: "hold"}, {type: "resume"}, {type: "clear"}.
// It tells {item_id, played_samples, change} with the changes "started", "progressed" (each second),
// "waiting" (for sound that is still to come), "held", "ended" and "cleared".

const SOURCE_HZ = 24000;
const FADE_S = 0.005; // shorter ones click
const REPORT_SAMPLES = SOURCE_HZ;
const FEED_SAMPLES = 512;

class Playback extends AudioWorkletProcessor {
  #items = []; // the first is played now
  #isHeld = false;
  #clearing = new Set(); // ids of items that a fade is ending
  #gain = 1;
  #one = new Float32Array(1);

  constructor() {
    super();
    this.port.onmessage = ({ data }) => this.#take(data);
  }

  process(_, [[output]]) {
    for (let i = 0; i < output.length; i += 1) output[i] = this.#next();
    this.#report();
    return true;
  }

  #take(message) {
    if (message.type === "push") this.#item(message.item_id).add(message.samples);
    else if (message.type === "end") this.#item(message.item_id).isComplete = true;
    else if (message.type === "hold") this.#isHeld = true;
    else if (message.type === "resume") this.#isHeld = false;
    else if (message.type === "clear") {
      for (const item of this.#items) this.#clearing.add(item.id);
      if (!this.#items[0]?.isPlaying) this.#clear();
    }
  }

  #item(id) {
    let item = this.#items.find((candidate) => candidate.id === id);
    if (item === undefined) this.#items.push((item = new Item(id)));
    return item;
  }

  /** The next sample of sound, after holding, clearing and fading. */
  #next() {
    const item = this.#items[0];
    if (item === undefined) return 0;
    const isFadingOut = this.#isHeld || this.#clearing.size > 0;
    if (isFadingOut && (this.#gain === 0 || !item.isPlaying)) {
      this.#gain = 0;
      if (this.#clearing.size > 0) this.#clear();
      else if (item.isPlaying) this.#tell(item, "held");
      return 0;
    }
    const played = item.played;
    if (!item.pull(this.#one)) {
      if (item.isComplete) this.#end(item);
      else if (item.isPlaying) this.#tell(item, "waiting");
      return 0;
    }
    if (!item.isPlaying) this.#tell(item, "started", played);
    const step = 1 / (FADE_S * sampleRate);
    this.#gain = isFadingOut ? Math.max(0, this.#gain - step) : Math.min(1, this.#gain + step);
    if (this.#gain > 0.9999) this.#gain = 1; // the steps don't add up to it exactly
    if (this.#gain < 0.0001) this.#gain = 0;
    return this.#one[0] * this.#gain;
  }

  #end(item) {
    this.#items.shift();
    this.#gain = 1;
    this.#tell(item, "ended");
  }

  #clear() {
    const cleared = this.#items.filter(({ id }) => this.#clearing.has(id));
    this.#items = this.#items.filter(({ id }) => !this.#clearing.has(id));
    this.#clearing.clear();
    this.#isHeld = false;
    this.#gain = 1;
    for (const item of cleared) this.#tell(item, "cleared");
  }

  #tell(item, change, played_samples = item.played) {
    item.isPlaying = change === "started" || change === "progressed";
    item.reportedAt = played_samples;
    this.port.postMessage({ item_id: item.id, played_samples, change });
  }

  #report() {
    const item = this.#items[0];
    if (item?.isPlaying && item.played - item.reportedAt >= REPORT_SAMPLES) this.#tell(item, "progressed");
  }
}

class Item {
  #pieces = [];
  #offset = 0; // in the first piece
  #added = 0; // samples of all pieces
  #resampler = new Resampler(SOURCE_HZ, sampleRate);

  constructor(id) {
    this.id = id;
    this.isComplete = false;
    this.isPlaying = false;
    this.reportedAt = 0;
  }

  /** Samples at 24 kHz. */
  get played() {
    return Math.min(Math.round(this.#resampler.position), this.#added);
  }

  /** `samples`: Int16Array. */
  add(samples) {
    this.#added += samples.length;
    if (samples.length > 0) this.#pieces.push(samples);
  }

  /** Fills the one sample of `output`; false where there is none (yet). */
  pull(output) {
    for (;;) {
      if (this.#resampler.pull(output)) return true;
      if (!this.#feed()) return this.#resampler.pull(output, true) === 1;
    }
  }

  #feed() {
    const piece = this.#pieces[0];
    if (piece === undefined) return false;
    const part = piece.subarray(this.#offset, this.#offset + FEED_SAMPLES);
    this.#resampler.push(Float32Array.from(part, (sample) => sample / 32768));
    this.#offset += part.length;
    if (this.#offset === piece.length) {
      this.#pieces.shift();
      this.#offset = 0;
    }
    return true;
  }
}

registerProcessor("playback", Playback);
