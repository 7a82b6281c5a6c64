// A turn of the server, as the stream of its events (docs/architecture.md). A dropped connection
// is taken up again after the last event received, so that each comes once.

import { ApiError, problemOf, send, unreachable } from "./api.js";
import { pause } from "./pause.js";

const MAX_FAILURES = 10; // in a row; with the pauses below that is about 40 s
const LONGEST_PAUSE_MS = 5000;
// A phone that changes networks can leave a connection open and dead. Asking again repeats nothing.
const LONGEST_SILENCE_MS = 30000;
const ENDS = ["turn_finished", "turn_failed", "turn_cancelled"];

/** Yields the events of a typed question. `body` is that of POST /api/chat. */
export async function* askText(body) {
  const connection = await connect("/api/chat", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  yield* follow(connection, null);
}

/** Yields the events of a turn that the server has; the last is its end. */
export async function* followTurn(turnId) {
  yield* follow(null, `/api/turns/${turnId}/events`);
}

/**
 * Sends spoken sound; resolves to {turn_id, conversation_id, events_url}. `fields` go with it to POST
 * /api/voice; `onSent(share)` tells how much of it is on its way. Raises ApiError, also where `signal` aborts.
 */
export function sendSound(sound, filename, fields, { onSent, signal }) {
  const form = new FormData();
  form.append("audio", sound, filename);
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  // fetch() tells nothing of what it has sent.
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/api/voice");
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) onSent(event.loaded / event.total);
    });
    request.addEventListener("load", () => {
      if (request.status < 400) resolve(request.response);
      else reject(problemOf(request.status, request.response ?? {}, request.getResponseHeader("Retry-After")));
    });
    request.addEventListener("error", () => reject(unreachable()));
    request.addEventListener("abort", () => reject(new ApiError("cancelled")));
    signal.addEventListener("abort", () => request.abort());
    if (signal.aborted) return reject(new ApiError("cancelled"));
    request.send(form);
  });
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
        if (ENDS.includes(message.event.type)) return;
      }
      failures += 1;
    } catch (error) {
      if (error.isFinal) throw error;
      if (error.name !== "TimeoutError") failures += 1;
      if (eventsUrl === null) throw error instanceof ApiError ? error : unreachable();
    }
    if (eventsUrl === null) throw unreachable();
    if (failures > MAX_FAILURES) throw new ApiError("connection_lost");
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
