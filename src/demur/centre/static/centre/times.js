// Say instants in the time zone of this device. The page is whole without it: it then says them in UTC.
"use strict";

const language = document.documentElement.lang;
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const inWords = new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "short", timeZone: zone });

for (const element of document.querySelectorAll("time.moment")) {
  element.textContent = `${inWords.format(new Date(element.dateTime))} (${zone.replaceAll("_", " ")})`;
}
