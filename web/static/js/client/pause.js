/** Resolves after `duration_ms`, or as soon as the network is back. */
export function pause(duration_ms) {
  return new Promise((resolve) => {
    setTimeout(resolve, duration_ms);
    window.addEventListener("online", resolve, { once: true });
  });
}
