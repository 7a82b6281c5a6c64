// The socket of a live session (docs/realtime.md). A dropped one is taken up again after the last
// event received, so the session sees each event once; after a minute a new session goes on with the
// same conversation.

const ADDRESS = "/v1/realtime";
const EXTENSIONS = "captions,hold,pieces,resume,timings,turns";
const MAX_FAILURES = 20; // in a row; with the pauses below that is about 80 s
const MAX_FIRST_FAILURES = 3;
const LONGEST_PAUSE_MS = 5000;
const CONNECTING_MS = 8000;
// A phone that changes networks can leave a socket open and dead. A session that is quiet is asked
// for a sign of life, and taken for dead without one.
const QUIET_MS = 15000;
const SIGN_OF_LIFE_MS = 5000;
// Speech while the socket is down is kept for this long, and heard late rather than lost.
const KEPT_FRAMES = 125; // 5 s
const MAX_BACKLOG_BYTES = 256 * 1024; // 4 s of sound that a slow line has not taken yet
const NORMAL_CLOSURE = 1000; // the session is over
const GONE_SILENT = 4000; // this socket is, the session is not
const POLICY_VIOLATION = 1008; // refused for good: another try would fare no better
const WORTH_TELLING = [403, 404, 503]; // others blame the question itself, which is no handshake

export class Connection {
  #socket = null;
  #isReady = false; // the server has said which session this is
  #isClosed = false;
  #wasReady = false;
  #token = null;
  #lastEventId = null;
  #kept_s = 0; // for so long the server keeps the session without us
  #failures = 0;
  #retry = null;
  #watch = null;
  #kept = []; // events to be sent once there is a session
  #frames = [];
  #optional = new Set(); // ids of our events whose failure means nothing
  #optionalCount = 0;

  /**
   * `onEvent(event)` runs for each event, `onBegin()` where a session begins, `onResume()` where it
   * goes on, `onChange()` when `isReady` changes, `onLost(error)` when it is given up. `timezone` is
   * the user's. `place`: as `place` was of a connection before, to go on with its session.
   */
  constructor({ conversationId, timezone, place = null, onEvent, onBegin, onResume, onChange, onLost }) {
    Object.assign(this, { conversationId, timezone, onEvent, onBegin, onResume, onChange, onLost });
    if (place) [this.#token, this.#lastEventId, this.#kept_s] = [place.token, place.lastEventId, place.kept_s];
    this.#connect();
  }

  get lastEventId() {
    return this.#lastEventId;
  }

  /** What another page needs to go on with this session; null before there is one. */
  get place() {
    return this.#token && { token: this.#token, lastEventId: this.#lastEventId, kept_s: this.#kept_s };
  }

  get isReady() {
    return this.#isReady;
  }

  /** Sent now, or once there is a session. */
  send(event) {
    if (this.#isReady) this.#socket.send(JSON.stringify(event));
    else this.#kept.push(event);
  }

  /** One that may come too late: if it fails, nobody hears of it. */
  sendOptional(event) {
    this.#optionalCount += 1;
    const event_id = `optional_${this.#optionalCount}`;
    this.#optional.add(event_id);
    this.send({ event_id, ...event });
  }

  /** `audio` is the base64 text of a frame. */
  sendSound(audio) {
    if (!this.#isReady) {
      this.#frames.push(audio);
      if (this.#frames.length > KEPT_FRAMES) this.#frames.shift();
    } else if (this.#socket.bufferedAmount < MAX_BACKLOG_BYTES) {
      this.send({ type: "input_audio_buffer.append", audio });
    }
  }

  /** Makes sure at once that the socket lives: the network or the page has come back. */
  check() {
    if (this.#isReady) this.#askForLife();
    else if (this.#retry !== null) this.#connect();
  }

  close() {
    this.#isClosed = true;
    this.#leave(NORMAL_CLOSURE);
  }

  #connect() {
    clearTimeout(this.#retry);
    this.#retry = null;
    const url = this.#address();
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    if (this.#token) {
      url.searchParams.set("resume", this.#token);
      url.searchParams.set("last_event_id", this.#lastEventId);
    }
    const socket = new WebSocket(url);
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => socket === this.#socket && this.#take(JSON.parse(data)));
    socket.addEventListener("close", ({ code }) => socket === this.#socket && this.#drop(code));
    this.#expect(CONNECTING_MS, () => this.#drop());
  }

  #address() {
    const url = new URL(ADDRESS, location.href);
    url.searchParams.set("model", "default");
    url.searchParams.set("extensions", EXTENSIONS);
    if (this.conversationId) url.searchParams.set("conversation_id", this.conversationId);
    if (this.timezone) url.searchParams.set("timezone", this.timezone);
    return url;
  }

  #take(event) {
    this.#expect(QUIET_MS, () => this.#askForLife());
    if (event.type === "x.session.resumed") {
      // What was missed comes after it, with lower ids than its own.
      this.#setReady(true);
      this.onResume();
      this.#sendKept(() => true);
      return;
    }
    if (event.type === "session.created") this.#lastEventId = null;
    // What is sent again and was received is not taken twice.
    else if (numberOf(event.event_id) <= numberOf(this.#lastEventId)) return;
    this.#lastEventId = event.event_id ?? this.#lastEventId;
    if (event.type === "session.created") this.#begin(event.session);
    else if (event.type === "x.session.resumable") [this.#token, this.#kept_s] = [event.token, event.expires_in_s];
    else if (!this.#isMeaningless(event)) this.onEvent(event);
  }

  #isMeaningless({ error }) {
    return error?.code === "session_expired" || this.#optional.delete(error?.event_id);
  }

  #begin(session) {
    this.conversationId = session.conversation_id ?? this.conversationId;
    this.#setReady(true);
    this.onBegin();
    // Of the session before, only what the user typed means something to this one.
    this.#sendKept(({ type }) => type === "conversation.item.create" || type === "response.create");
  }

  #sendKept(isWanted) {
    const [events, frames] = [this.#kept.filter(isWanted), this.#frames];
    this.#kept = [];
    this.#frames = [];
    for (const event of events) this.send(event);
    for (const audio of frames) this.sendSound(audio);
  }

  #drop(code = null) {
    this.#leave(GONE_SILENT);
    if (this.#isClosed) return;
    this.#failures += 1;
    const limit = this.#wasReady ? MAX_FAILURES : MAX_FIRST_FAILURES;
    if (code === POLICY_VIOLATION || this.#failures > limit) {
      this.#isClosed = true;
      this.#explain().then((error) => this.onLost(error));
      return;
    }
    const pause_ms = Math.min(250 * 2 ** (this.#failures - 1), LONGEST_PAUSE_MS);
    this.#retry = setTimeout(() => this.#connect(), pause_ms);
  }

  /** Why no session can be had. A browser does not tell what answers a socket's handshake. */
  async #explain() {
    const response = await fetch(this.#address()).catch(() => null);
    const problem = await response?.json().catch(() => null);
    if (problem?.detail && WORTH_TELLING.includes(response.status)) return problem;
    return { code: this.#wasReady ? "live_lost" : "live_unreachable", detail: null };
  }

  #leave(code) {
    clearTimeout(this.#watch);
    clearTimeout(this.#retry);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(code);
    this.#setReady(false);
  }

  #askForLife() {
    // Changes nothing, and is always answered.
    this.send({ type: "session.update", session: { type: "realtime" } });
    this.#expect(SIGN_OF_LIFE_MS, () => this.#drop());
  }

  #expect(timeout_ms, otherwise) {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(otherwise, timeout_ms);
  }

  #setReady(isReady) {
    if (isReady) {
      this.#failures = 0;
      this.#wasReady = true;
    }
    if (this.#isReady === isReady) return;
    this.#isReady = isReady;
    this.onChange();
  }
}

/** Ids count up in a session: event_000001… */
export function numberOf(eventId) {
  return eventId ? Number(eventId.replace(/\D/g, "")) : NaN;
}
