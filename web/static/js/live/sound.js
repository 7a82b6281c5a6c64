// The sound of a live session, both ways: the microphone in frames of 40 ms, and replies that can be
// held, resumed and cleared. One AudioContext at the device's own rate; the worklets resample. A
// context at 24 kHz would be simpler, but Firefox then refuses the microphone's stream.

import { MicrophoneError, openMicrophone, requireMicrophone } from "../audio/microphone.js";

const WORKLETS = ["resampler.js", "capture_worklet.js", "playback_worklet.js"];
export const RATE_HZ = 24000;
export const FRAME_MS = 40;
const WISHES = { autoGainControl: true };

export class Sound {
  #context;
  #capture;
  #playback;
  #stream = null;
  #source = null;
  #isDeaf = false;
  #changes = 0; // of the microphone

  /**
   * Call in a click or key handler: browsers keep sound silent until the user has acted.
   * Raises MicrophoneError. `onFrame({samples, loudness, isDigitalSilence})` runs every 40 ms of
   * sound: Int16Array at RATE_HZ, and its root mean square from 0 to 1. `onPlayed({item_id, audio_ms,
   * change})` runs as playback_worklet.js says. `onAwake()`: `isAwake` has changed. `onLost()`: the
   * microphone was unplugged.
   */
  static async open(handlers) {
    requireMicrophone();
    if (!window.AudioWorkletNode) throw new MicrophoneError("microphone_unsupported");
    // Else an iPhone takes the session for music, and switches the echo cancellation off.
    if (navigator.audioSession) navigator.audioSession.type = "play-and-record";
    const context = new AudioContext({ latencyHint: "interactive" });
    context.resume();
    const opening = openMicrophone(WISHES);
    opening.catch(() => {}); // handled below, once the modules are there
    let stream;
    try {
      for (const name of WORKLETS) await context.audioWorklet.addModule(new URL(name, import.meta.url));
      stream = await opening;
    } catch (error) {
      context.close();
      opening.then(stopTracks, () => {});
      throw error;
    }
    return new Sound(context, stream, handlers);
  }

  constructor(context, stream, { onFrame, onPlayed, onAwake, onLost }) {
    this.#context = context;
    this.onLost = onLost;
    this.#capture = new AudioWorkletNode(context, "capture", { numberOfOutputs: 0 });
    this.#capture.port.onmessage = ({ data }) => onFrame(data);
    this.#listenTo(stream);
    context.addEventListener("statechange", onAwake);
    this.#playback = new AudioWorkletNode(context, "playback", {
      numberOfInputs: 0,
      outputChannelCount: [1],
    });
    this.#playback.port.onmessage = ({ data: { item_id, played_samples, change } }) =>
      onPlayed({ item_id, audio_ms: Math.round((played_samples * 1000) / RATE_HZ), change });
    this.#playback.connect(context.destination);
  }

  /**
   * Opens the microphone that is chosen now, and leaves the one before. Raises MicrophoneError; the one
   * before is listened to then as ever.
   */
  async changeMicrophone() {
    const change = (this.#changes += 1);
    const stream = await openMicrophone(WISHES);
    if (change === this.#changes) this.#listenTo(stream);
    else stopTracks(stream); // another was chosen meanwhile, or the session is over
  }

  /** `deviceId`: empty for the system's own. A browser that lets nobody choose plays there, too. */
  chooseLoudspeaker(deviceId) {
    this.#context.setSinkId?.(deviceId).catch(() => {});
  }

  /** A deaf microphone gives digital silence; time goes on for the session. */
  set isDeaf(isDeaf) {
    this.#isDeaf = isDeaf;
    for (const track of this.#stream.getAudioTracks()) track.enabled = !isDeaf;
  }

  /** `samples`: Int16Array. They are given away. */
  push(item_id, samples) {
    this.#playback.port.postMessage({ type: "push", item_id, samples }, [samples.buffer]);
  }

  /** Nothing more comes of this item. */
  end(item_id) {
    this.#playback.port.postMessage({ type: "end", item_id });
  }

  hold() {
    this.#playback.port.postMessage({ type: "hold" });
  }

  resume() {
    this.#playback.port.postMessage({ type: "resume" });
  }

  clear() {
    this.#playback.port.postMessage({ type: "clear" });
  }

  /** False while the system holds all sound back, as a phone does during a call. */
  get isAwake() {
    return this.#context.state === "running";
  }

  /** After the system has put the sound to sleep, as phones do behind a lock screen. */
  wake() {
    if (!this.isAwake) this.#context.resume().catch(() => {});
  }

  close() {
    this.#changes += 1;
    stopTracks(this.#stream);
    this.#context.close();
  }

  #listenTo(stream) {
    this.#source?.disconnect();
    if (this.#stream) stopTracks(this.#stream);
    this.#stream = stream;
    this.#source = this.#context.createMediaStreamSource(stream);
    this.#source.connect(this.#capture);
    this.isDeaf = this.#isDeaf;
    stream.getAudioTracks()[0].addEventListener("ended", () => stream === this.#stream && this.onLost());
  }
}

function stopTracks(stream) {
  stream.getTracks().forEach((track) => track.stop());
}
