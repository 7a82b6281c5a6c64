// Opens the page at once and without a network. It keeps the files of one version, whose address
// never changes its content, and the page as the server last gave it. Nobody's words are kept:
// requests for /api and /v1 never come to it.
//
// It doesn't skip waiting: a page that was loaded before an update keeps its own version's files,
// also those that it has yet to import, until its last tab is closed.

const ROOT = {{ root|tojson }};
const FILES = {{ kept|tojson }};
const PAGE = "/";

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(ROOT).then((cache) => cache.addAll([PAGE, ...FILES])));
});

self.addEventListener("activate", (event) => {
  // The page is asked for while this worker is still being started.
  const preloading = self.registration.navigationPreload?.enable();
  event.waitUntil(Promise.all([preloading, removeOthers()]).then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (origin !== location.origin || event.request.method !== "GET") return;
  if (pathname.startsWith("/assets/")) event.respondWith(fromCache(event.request));
  else if (event.request.mode !== "navigate") return;
  else if (pathname === PAGE || pathname.startsWith("/c/")) event.respondWith(page(event, pathname));
});

async function fromCache(request) {
  return (await caches.match(request, { ignoreVary: true })) ?? fetch(request);
}

async function page(event, pathname) {
  try {
    const response = (await event.preloadResponse) ?? (await fetch(event.request));
    if (response.ok && pathname === PAGE) event.waitUntil(keep(response.clone()));
    return response;
  } catch (error) {
    const kept = await caches.match(PAGE, { ignoreVary: true });
    if (kept) return kept;
    throw error;
  }
}

/** A newer page needs newer files, and comes with the service worker that has them. */
async function keep(response) {
  const text = await response.clone().text();
  if (text.includes(ROOT)) await (await caches.open(ROOT)).put(PAGE, response);
}

async function removeOthers() {
  for (const name of await caches.keys()) if (name !== ROOT) await caches.delete(name);
}
