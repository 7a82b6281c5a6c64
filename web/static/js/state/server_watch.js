// Whether the server can be reached and all of its parts work. It is asked when the page opens, and
// when something is amiss, not all the time.

import { watch } from "../../vendor/vue.runtime.esm-browser.prod.js";
import { unreachable } from "../client/api.js";
import { pause } from "../client/pause.js";
import { t } from "../i18n.js";
import { conversation } from "./conversation.js";
import { refresh } from "./conversations.js";
import { follow } from "./following.js";
import { AWAY, noteReachable, notice, showNotice, solve } from "./notice.js";
import { talk } from "./talk.js";

const CHECK_MS = 2000;
const PATIENCE_MS = 8000; // with a turn of which nothing comes
const AWAITED = ["decoding", "recognising", "thinking", "reconnecting"];

let watching = null;

/** Resolves once every part of the server is ready. What is amiss until then is told. */
export function watchReadiness() {
  watching ??= untilReady().finally(() => (watching = null));
  return watching;
}

async function untilReady() {
  let told = null;
  for (;;) {
    const waitingFor = await askServer();
    const wasReachable = talk.isReachable;
    talk.isReachable = waitingFor !== null;
    talk.isReady = waitingFor?.length === 0;
    talk.waitingFor = waitingFor ?? [];
    if (talk.isReachable && !wasReachable) noteBack();
    if (talk.isReady) {
      solve("part_missing");
      return;
    }
    const error = problemNow();
    // Once of each: who closed it has read it.
    if (error && notice.error === null && error.code !== told) {
      told = error.code;
      showNotice(error, null, { about: "page" });
    }
    await pause(CHECK_MS);
  }
}

/** Resolves to the parts that are not ready; to null where nobody answers. */
async function askServer() {
  const response = await fetch("/readyz", { cache: "no-store" }).catch(() => null);
  const answer = await response?.json().catch(() => null); // a proxy may answer in its place
  return answer?.waiting_for ?? null;
}

function problemNow() {
  if (!talk.isReachable) return unreachable();
  if (!isAwaited()) return null; // "warming up" says enough
  const parts = () => talk.waitingFor.map((part) => t(`part_${part}`)).join(t("comma"));
  return {
    code: "part_missing",
    values: {
      get parts() {
        return parts(); // as they are when it is read
      },
    },
  };
}

function noteBack() {
  noteReachable();
  refresh();
  const turn = conversation.turns.at(-1);
  if (turn?.error?.code === "connection_lost" && turn.id !== null) follow(turn);
}

function isAwaited() {
  return AWAITED.includes(conversation.current?.stage);
}

// When to ask

window.addEventListener("offline", watchReadiness);
window.addEventListener("online", watchReadiness);

watch(
  () => notice.error?.code,
  (code) => AWAY.includes(code) && watchReadiness(),
);

let timer = null;

watch(
  () => {
    const { stage, progress, reply } = conversation.current ?? {};
    return [stage, progress, reply?.text, reply?.pieces.length];
  },
  () => {
    clearTimeout(timer);
    if (isAwaited()) timer = setTimeout(look, PATIENCE_MS);
    else solve("part_missing");
  },
);

async function look() {
  await watchReadiness();
  clearTimeout(timer);
  if (isAwaited()) timer = setTimeout(look, PATIENCE_MS);
}
