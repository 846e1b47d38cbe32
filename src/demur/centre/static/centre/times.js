// Say instants in the time zone of this device, and days as they are there. The page is whole without it: it then
// says instants in UTC, and the last day that is safe in every time zone.
"use strict";

// The pages' own English writes dates as in Britain; plain "en" would be American.
const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const inWords = new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "short", timeZone: zone });

for (const element of document.querySelectorAll("time.moment")) {
  element.textContent = `${inWords.format(new Date(element.dateTime))} (${zone.replaceAll("_", " ")})`;
}

const calendar = new Intl.DateTimeFormat("en", { timeZone: zone, year: "numeric", month: "numeric", day: "numeric" });
const dayInWords = new Intl.DateTimeFormat(language, { dateStyle: "full", timeZone: "UTC" });

// The calendar day of an instant where this device is, some days later or earlier, as the instant of its midnight in UTC.
function dayOf(instant, days) {
  const part = Object.fromEntries(calendar.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(part.year, part.month - 1, part.day + days);
}

for (const element of document.querySelectorAll("time.day-before")) {
  const day = dayOf(new Date(element.dateTime), -1);
  if (day < dayOf(new Date(), 0)) continue; // over here already: the page's own sentence stays
  element.textContent = `${dayInWords.format(day)} (${zone.replaceAll("_", " ")})`;
  element.dateTime = new Date(day).toISOString().slice(0, 10);
  element.closest(".here").hidden = false;
  element.closest(".last-safe-day").querySelector(".everywhere").hidden = true;
}
