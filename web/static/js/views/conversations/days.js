// Headings by the reader's calendar: today, yesterday, the week, then months by name.

import { language, t } from "../../i18n.js";

/** `entries`, the newest first, as [{name, entries}]. */
export function groupByDay(entries, now) {
  const groups = [];
  for (const entry of entries) {
    const name = nameOf(entry.conversation.updated, now);
    if (groups.at(-1)?.name === name) groups.at(-1).entries.push(entry);
    else groups.push({ name, entries: [entry] });
  }
  return groups;
}

function nameOf(date, now) {
  if (date >= midnight(now, 0)) return t("today");
  if (date >= midnight(now, 1)) return t("yesterday");
  if (date >= midnight(now, 7)) return t("previous_week");
  const year = date.getFullYear() === now.getFullYear() ? {} : { year: "numeric" };
  return new Intl.DateTimeFormat(language(), { month: "long", ...year }).format(date);
}

/** Not 24 hours before the next: days on which clocks are set have other lengths. */
function midnight(now, daysAgo) {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() - daysAgo);
}
