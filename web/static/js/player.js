// Plays the pieces of a reply in their order, each from the very sample where the one before it
// ends. The first starts as soon as it is there, while later ones are still being made.

const FETCH_ATTEMPTS = 3;
const START_DELAY_S = 0.03; // so that the first samples are not lost while the device wakes

export class Player {
  #context = null;
  #playlist = null;

  /** `onChange` runs whenever sound starts or stops. */
  constructor(onChange) {
    this.onChange = onChange;
  }

  /** Call in a click or key handler: browsers keep sound silent until the user has acted. */
  unlock() {
    if (this.#context === null) {
      this.#context = new AudioContext();
      this.#context.addEventListener("statechange", () => this.onChange());
    }
    this.#context.resume();
  }

  /** A fresh playlist; the one before it falls silent. `onPlayed(index)` runs at each piece's end. */
  open(onPlayed) {
    this.stop();
    this.unlock();
    this.#playlist = new Playlist(this.#context, onPlayed, this.onChange);
    return this.#playlist;
  }

  stop() {
    this.#playlist?.stop();
  }

  /** False too where the system holds the sound back, as a phone does during a call. */
  get isPlaying() {
    return this.#playlist !== null && this.#playlist.isPlaying && this.#context.state === "running";
  }

  /** True while there is sound to be stopped: playing, or still to come. */
  get isOpen() {
    return this.#playlist !== null && this.#playlist.isOpen;
  }
}

class Playlist {
  #context;
  #onPlayed;
  #onChange;
  #pieces = new Map(); // index → AudioBuffer, or null where the piece has no sound
  #sources = new Set();
  #nextIndex = 0;
  #endTime_s = 0;
  #pieceCount = Infinity;
  #stopping = new AbortController();

  constructor(context, onPlayed, onChange) {
    this.#context = context;
    this.#onPlayed = onPlayed;
    this.#onChange = onChange;
  }

  get isPlaying() {
    return this.#sources.size > 0;
  }

  get isOpen() {
    const isComplete = this.#nextIndex >= this.#pieceCount && !this.isPlaying;
    return !this.#stopping.signal.aborted && !isComplete;
  }

  /** Piece `index` is at `url`; null where it could not be made, and the next takes its place. */
  async add(index, url) {
    this.#pieces.set(index, url === null ? null : await this.#load(url));
    this.#schedule();
  }

  /** No piece comes after the first `pieceCount`. */
  close(pieceCount) {
    this.#pieceCount = pieceCount;
    this.#onChange();
  }

  stop() {
    this.#stopping.abort();
    for (const source of this.#sources) source.stop();
    this.#sources.clear();
    this.#onChange();
  }

  async #load(url) {
    for (let attempt = 1; attempt <= FETCH_ATTEMPTS && !this.#stopping.signal.aborted; attempt += 1) {
      try {
        const response = await fetch(url, { signal: this.#stopping.signal });
        if (!response.ok) throw new Error(response.statusText);
        return await this.#context.decodeAudioData(await response.arrayBuffer());
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 300 * attempt));
      }
    }
    return null;
  }

  #schedule() {
    while (!this.#stopping.signal.aborted && this.#pieces.has(this.#nextIndex)) {
      const index = this.#nextIndex;
      this.#nextIndex += 1;
      const buffer = this.#pieces.get(index);
      this.#pieces.delete(index);
      if (buffer !== null) this.#start(buffer, index);
    }
    this.#onChange();
  }

  #start(buffer, index) {
    const source = new AudioBufferSourceNode(this.#context, { buffer });
    source.connect(this.#context.destination);
    source.addEventListener("ended", () => {
      if (!this.#sources.delete(source)) return; // stopped, not played to its end
      this.#onPlayed(index);
      this.#onChange();
    });
    this.#sources.add(source);
    const startTime_s = Math.max(this.#endTime_s, this.#context.currentTime + START_DELAY_S);
    source.start(startTime_s);
    this.#endTime_s = startTime_s + buffer.duration;
  }
}
