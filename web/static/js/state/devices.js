// The microphones and loudspeakers of this machine, as far as the browser tells.

import { shallowReactive } from "../../vendor/vue.runtime.esm-browser.prod.js";

/**
 * Both lists: {id, name}; `name` is empty until the user has allowed the microphone, and so may the
 * lists be. `areNamed`: it has been allowed.
 */
export const devices = shallowReactive({ microphones: [], loudspeakers: [], areNamed: false });

/** Replies come from an AudioContext, and few browsers let it have a loudspeaker of its own. */
export const canChooseLoudspeaker = "setSinkId" in AudioContext.prototype;

// Chromium's names for "as the system is set", which the page offers by itself.
const ALIASES = ["", "default", "communications"];

export async function refreshDevices() {
  // Missing on insecure pages.
  const found = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
  const listed = (kind) =>
    found
      .filter((device) => device.kind === kind && !ALIASES.includes(device.deviceId))
      .map(({ deviceId, label }) => ({ id: deviceId, name: label }));
  devices.microphones = listed("audioinput");
  devices.loudspeakers = listed("audiooutput");
  devices.areNamed = found.some(({ label }) => label !== "");
}

/** Keeps `devices` as they are plugged in; returns what ends that. */
export function watchDevices() {
  refreshDevices();
  navigator.mediaDevices?.addEventListener("devicechange", refreshDevices);
  return () => navigator.mediaDevices?.removeEventListener("devicechange", refreshDevices);
}

/** granted, denied or prompt; prompt also where the browser does not say. */
export async function microphonePermission() {
  try {
    return (await navigator.permissions.query({ name: "microphone" })).state;
  } catch {
    return "prompt";
  }
}
