// The page opens at once and without a network where the browser lets it: on a secure address.

/** Waits until the page has loaded all that it needs itself. Without it, everything else works. */
export function registerServiceWorker() {
  if (!("serviceWorker" in navigator)) return;
  const register = () => navigator.serviceWorker.register("/service-worker.js").catch(() => {});
  if (document.readyState === "complete") register();
  else addEventListener("load", register, { once: true });
}
