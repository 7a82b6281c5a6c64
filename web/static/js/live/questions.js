// What the user asks in a live session, spoken or typed, and whether its reply is still awaited.

export class Questions {
  #transcript;
  #send;
  #isHearing = false;
  #isWaiting = false; // for a reply to begin
  #isTyped = false; // what it is to
  #isAsking = false; // for it, once the reply before is over

  /** `send(event)`. `before`: of the session that this one takes the place of. */
  constructor(transcript, send, before = null) {
    this.#transcript = transcript;
    this.#send = send;
    // What was typed is asked again, by the connection or by `askAgain`; what was said is lost.
    if (before?.isTyped) this.await(before.isAsking);
  }

  /** True while the user speaks. */
  get isHearing() {
    return this.#isHearing;
  }

  /** True while a reply is to begin. */
  get isAwaited() {
    return this.#isWaiting;
  }

  get isTyped() {
    return this.#isTyped;
  }

  /** True while the reply is yet to be asked for. */
  get isAsking() {
    return this.#isAsking;
  }

  /** Asks by text; `isBusy`: the reply before is not over yet. */
  ask(words, isBusy) {
    const id = `item_${crypto.randomUUID()}`;
    this.#transcript.type(id, words);
    const content = [{ type: "input_text", text: words }];
    this.#send({ type: "conversation.item.create", item: { id, type: "message", role: "user", content } });
    this.await(true);
    if (!isBusy) this.askAgain();
  }

  /** The reply to something typed is awaited. */
  await(isAsking) {
    this.#isWaiting = this.#isTyped = true;
    this.#isAsking = isAsking;
  }

  /** Asks for the reply where that is still to be done. */
  askAgain() {
    if (!this.#isAsking) return;
    this.#isAsking = false;
    this.#send({ type: "response.create" });
  }

  /** No reply is awaited any more. */
  drop() {
    this.#isWaiting = this.#isTyped = this.#isAsking = false;
  }

  /** An event of the server. */
  take(event) {
    const { item_id } = event;
    switch (event.type) {
      case "input_audio_buffer.speech_started":
        this.#isHearing = true;
        break;
      case "input_audio_buffer.speech_stopped":
        this.#isHearing = false;
        break;
      case "input_audio_buffer.committed":
        this.#isHearing = false;
        this.#isWaiting = true;
        this.#transcript.await(item_id);
        break;
      case "conversation.item.added":
        this.#noteTyped(event.item);
        break;
      case "x.turn":
        this.#transcript.name(event);
        break;
      case "x.caption":
        this.#transcript.caption(item_id, event.text);
        break;
      case "conversation.item.input_audio_transcription.completed":
        this.#transcript.write(item_id, event.transcript.trim());
        if (!event.transcript.trim()) this.#isWaiting = false;
        break;
      case "conversation.item.input_audio_transcription.failed":
        this.#transcript.fail(item_id);
        this.#isWaiting = false;
        break;
      case "error":
        this.#isWaiting = this.#isTyped = false;
        break;
      case "response.created":
        this.#isWaiting = this.#isTyped = this.#isAsking;
        break;
    }
  }

  /** After a reload it is told again; before one, it is on the page already. */
  #noteTyped({ id, role, content }) {
    const words = content.filter(({ type }) => type === "input_text").map(({ text }) => text);
    if (role !== "user" || words.length === 0 || this.#transcript.has(id)) return;
    this.#transcript.type(id, words.join("\n"));
    this.await(this.#isAsking);
  }
}
