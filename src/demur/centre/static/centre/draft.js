// Keep what is typed and not sent yet, in this browser and for 24 hours only; never photos, never a code.
// The pages are whole without it: what was sent is kept at the server, and closing a tab then loses only the rest.
"use strict";
{
  const PREFIX = "draft ";
  const LIFETIME_MS = 24 * 60 * 60 * 1000;
  const TEXTS = "input[type=text], input[type=email], textarea";

  // Storage can be full, or switched off: then nothing is kept, and nothing else changes.
  const attempt = (step) => {
    try {
      return step();
    } catch {
      return undefined;
    }
  };
  const names = () => attempt(() => Object.keys(localStorage).filter((name) => name.startsWith(PREFIX))) ?? [];
  const read = (name) => attempt(() => JSON.parse(localStorage.getItem(name)));
  const forget = () => names().forEach((name) => localStorage.removeItem(name));

  for (const name of names()) {
    const age = Date.now() - (read(name)?.at ?? 0);
    if (!(age >= 0 && age < LIFETIME_MS)) localStorage.removeItem(name);
  }

  const restore = (form, name) => {
    const typed = read(name)?.typed ?? {};
    for (const field of form.querySelectorAll(TEXTS)) {
      if (!field.value && typeof typed[field.name] === "string") field.value = typed[field.name];
    }
  };
  const keep = (form, name) => {
    const typed = Object.fromEntries([...form.querySelectorAll(TEXTS)].map((field) => [field.name, field.value]));
    attempt(() => localStorage.setItem(name, JSON.stringify({ at: Date.now(), typed })));
  };

  const form = document.querySelector("form[data-draft]");
  if (form) {
    const name = PREFIX + form.dataset.draft;
    restore(form, name);
    form.addEventListener("input", () => keep(form, name));
  }
  document.addEventListener("submit", (event) => {
    const action = event.submitter?.getAttribute("formaction") ?? event.target.getAttribute("action") ?? "";
    if (action.endsWith("/forget") || action.endsWith("/sign-out")) forget();
  });
  if (document.querySelector("[data-draft-sent]")) forget();
}
