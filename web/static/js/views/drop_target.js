// What the page shows while files are dragged over it. It takes them anywhere.

import { dragging } from "../client/file_intake.js";
import { config } from "../config.js";
import { html } from "../html.js";
import { t } from "../i18n.js";
import { Icon } from "./icon.js";

export function DropTarget() {
  if (!dragging.isOver) return null;
  const { upload_bytes, audio_s } = config.limits;
  const limits = { size: Math.floor(upload_bytes / 2 ** 20), minutes: Math.floor(audio_s / 60) };
  return html`
    <div class="drop-target" aria-hidden="true">
      <div class="drop-target-inside">
        <${Icon} name="waves" />
        <p class="drop-target-words">${t("drop_here")}</p>
        <p class="drop-target-limits">${t("drop_limits", limits)}</p>
      </div>
    </div>`;
}
