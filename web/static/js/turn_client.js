// Starts a turn and yields its events. A stream that breaks is taken up again after the last
// event received, so a caller sees each event once, however often the connection drops.

const MAX_FAILURES = 10; // in a row; with the pauses below that is about 40 s
const LONGEST_PAUSE_MS = 5000;
// A phone that changes networks can leave a connection open and dead. Asking again repeats nothing.
const LONGEST_SILENCE_MS = 30000;

/** `detail` is the server's sentence; where it is null, `code` is the key of one of ours. */
export class TurnError extends Error {
  constructor(code, detail = null, status = 0) {
    super(detail ?? code);
    Object.assign(this, { code, detail, status });
  }
}

/** The events of a typed question. `request` is the body of POST /api/chat. */
export async function* askText(request) {
  const connection = await connect("/api/chat", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(request),
  });
  yield* follow(connection, null);
}

/** The events of spoken sound. `fields` go with it to POST /api/voice; `onAccepted` runs once it is there. */
export async function* askVoice(sound, filename, fields, onAccepted) {
  const form = new FormData();
  form.append("audio", sound, filename);
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  const response = await send("/api/voice", { method: "POST", body: form });
  const accepted = await response.json();
  onAccepted();
  yield* follow(null, accepted.events_url);
}

/** The events of a turn that the assistant began by itself. */
export async function* followTurn(turnId) {
  yield* follow(null, `/api/turns/${turnId}/events`);
}

async function* follow(connection, eventsUrl) {
  let lastEventId = null;
  let failures = 0;
  for (;;) {
    try {
      connection ??= await connect(eventsUrl, {
        headers: lastEventId === null ? {} : { "Last-Event-ID": lastEventId },
      });
      for await (const message of readMessages(connection)) {
        failures = 0;
        lastEventId = message.id;
        eventsUrl ??= `/api/turns/${message.event.turn_id}/events`;
        yield message.event;
        if (["turn_finished", "turn_failed", "turn_cancelled"].includes(message.event.type)) return;
      }
      failures += 1;
    } catch (error) {
      if (error.status >= 400 && error.status < 500) throw error;
      if (error.name !== "TimeoutError") failures += 1;
    }
    if (eventsUrl === null) throw unreachable();
    if (failures > MAX_FAILURES) throw new TurnError("connection_lost");
    connection = null;
    yield { type: "connection_dropped" };
    await pause(Math.min(250 * 2 ** failures, LONGEST_PAUSE_MS));
  }
}

/** Opens an event stream that aborts itself when nothing arrives for too long. */
async function connect(url, options) {
  const controller = new AbortController();
  const response = await send(url, {
    ...options,
    headers: { Accept: "text/event-stream", ...options.headers },
    signal: controller.signal,
  });
  return { response, controller };
}

async function* readMessages({ response, controller }) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  try {
    for (;;) {
      const silence = new DOMException("The stream fell silent", "TimeoutError");
      const timer = setTimeout(() => controller.abort(silence), LONGEST_SILENCE_MS);
      const { value, done } = await reader.read().finally(() => clearTimeout(timer));
      if (done) return;
      const blocks = (buffer + value).split("\n\n");
      buffer = blocks.pop();
      for (const block of blocks) {
        const field = (name) => block.match(new RegExp(`^${name}: ?(.*)$`, "m"))?.[1];
        // A block without data is a comment that keeps the connection alive.
        if (field("data")) yield { id: field("id"), event: JSON.parse(field("data")) };
      }
    }
  } finally {
    controller.abort();
  }
}

async function send(url, options) {
  let response;
  try {
    response = await fetch(url, options);
  } catch {
    throw unreachable();
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  if (!problem.detail) throw new TurnError("server_error", null, response.status);
  throw new TurnError(problem.code, problem.detail, response.status);
}

function unreachable() {
  return new TurnError(navigator.onLine ? "unreachable" : "offline");
}

function pause(duration_ms) {
  return new Promise((resolve) => {
    setTimeout(resolve, duration_ms);
    window.addEventListener("online", resolve, { once: true });
  });
}
