// Turns that the assistant begins by itself: a reminder that is due. A stream holds a thread of the
// server, so one is open only while something may come.

import { read, write } from "../state/storage.js";
import { request } from "./api.js";

const STORED = "last_announcement_id";
const CATCH_UP_MS = 3000; // for what came while the page was closed

let source = null;

/** `onTurn(turnId)` runs for each. */
export async function watchAnnouncements(onTurn) {
  listen(onTurn);
  await new Promise((resolve) => setTimeout(resolve, CATCH_UP_MS));
  await expectAnnouncements(onTurn);
}

/** To be called when a reminder may have been set or cancelled. */
export async function expectAnnouncements(onTurn) {
  const found = await request("GET", "/api/reminders").catch(() => null);
  if (found === null) return; // the server cannot be reached; what is open stays so
  if (found.reminders.length) listen(onTurn);
  else {
    source?.close();
    source = null;
  }
}

function listen(onTurn) {
  if (source !== null) return;
  const last = read(STORED) ?? "0-0";
  source = new EventSource(`/api/announcements?last_event_id=${last}`);
  source.addEventListener("turn", async ({ lastEventId, data }) => {
    write(STORED, lastEventId);
    await onTurn(JSON.parse(data).turn_id);
    await expectAnnouncements(onTurn);
  });
}
