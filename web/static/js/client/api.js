// Requests to this server. What goes wrong is always an ApiError.

const LONGEST_WAIT_S = 5; // that a user waits without being told why
const REPEATABLE = ["GET", "HEAD", "PUT", "DELETE"];
// What a proxy in front of the server says has no sentence that is fit to be read.
const CODES = {
  401: "guest_unknown",
  413: "request_too_large",
  429: "server_busy",
  502: "unreachable",
  503: "unreachable",
  504: "unreachable",
};

/** `code` names what went wrong, `detail` is the server's sentence about it, `status` its HTTP status. */
export class ApiError extends Error {
  constructor(code, detail = null, status = 0) {
    super(detail ?? code);
    Object.assign(this, { code, detail, status });
  }

  /** True where the same request would fare no better. */
  get isFinal() {
    return this.status >= 400 && this.status < 500 && this.status !== 429;
  }
}

/** Returns the Response. Raises ApiError, and AbortError where `options.signal` says so. */
export async function send(url, options = {}) {
  const response = await attempt(url, options);
  if (response.ok) return response;
  const error = await problemIn(response);
  if (!(await isWorthRepeating(error, options))) throw error;
  const repeated = await attempt(url, options);
  if (repeated.ok) return repeated;
  throw await problemIn(repeated);
}

/** Returns the answer's JSON; null where it has none. */
export async function request(method, url, body = undefined) {
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  const response = await send(url, { method, headers, body: body && JSON.stringify(body) });
  return response.status === 204 ? null : response.json();
}

/** `retryAfter`: the header of that name, or null. */
export function problemOf(status, { code, detail }, retryAfter = null) {
  const error = detail ? new ApiError(code, detail, status) : new ApiError(CODES[status] ?? "server_error", null, status);
  const seconds = Number.parseInt(retryAfter, 10); // a date instead is not worth the trouble
  if (!(seconds > 0)) return error;
  if (error.code === "server_busy" && seconds > LONGEST_WAIT_S) error.code = "server_busy_for";
  return Object.assign(error, { retryAfter_s: seconds, values: { seconds } });
}

export function unreachable() {
  return new ApiError(navigator.onLine ? "unreachable" : "offline");
}

/** Why a file of this page could not be had: the server is away, or has been updated since. */
export async function whyNotLoaded() {
  const isThere = await fetch("/healthz").then(({ ok }) => ok, () => false);
  return isThere ? new ApiError("page_outdated") : unreachable();
}

async function attempt(url, options) {
  try {
    return await fetch(url, options);
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw unreachable();
  }
}

async function problemIn(response) {
  const body = await response.json().catch(() => ({}));
  return problemOf(response.status, body, response.headers.get("Retry-After"));
}

async function isWorthRepeating({ code, status, retryAfter_s }, { method = "GET" }) {
  if (code === "guest_unknown") return becomeGuest();
  // What changes something is repeated only where the server has certainly not begun with it.
  if (!REPEATABLE.includes(method) && status !== 429) return false;
  if (!(retryAfter_s <= LONGEST_WAIT_S)) return false;
  await new Promise((resolve) => setTimeout(resolve, 1000 * retryAfter_s));
  return true;
}

let introduction = null;

/** The cookie is gone; the page's address gives a new one. Resolves to whether it did. */
function becomeGuest() {
  introduction ??= fetch("/", { method: "HEAD", cache: "no-store" })
    .then(({ ok }) => ok, () => false)
    .finally(() => (introduction = null));
  return introduction;
}
