// Answer a challenge of altcha's protocol (version 2) while the person writes: a second of work, done by the browser's
// own cryptography beside this thread. Without it, or without scripts, the form is sent as it is.
"use strict";

{
  const place = document.getElementById("proof");
  const form = place?.closest("form");
  const TOGETHER = 8;
  const LONGEST_WAIT_MS = 20000;

  const bytes = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
  const hex = (raw) => Array.from(raw, (byte) => byte.toString(16).padStart(2, "0")).join("");

  const derive = async (parameters, counter) => {
    const nonce = bytes(parameters.nonce);
    const password = new Uint8Array(nonce.length + 4);
    password.set(nonce);
    new DataView(password.buffer).setUint32(nonce.length, counter);
    const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
    const how = { name: "PBKDF2", hash: "SHA-256", salt: bytes(parameters.salt), iterations: parameters.cost };
    return hex(new Uint8Array(await crypto.subtle.deriveBits(how, key, parameters.keyLength * 8)));
  };

  const solve = async (challenge) => {
    for (let first = 0; ; first += TOGETHER) {
      const counters = Array.from({ length: TOGETHER }, (_, index) => first + index);
      const keys = await Promise.all(counters.map((counter) => derive(challenge.parameters, counter)));
      const found = keys.findIndex((key) => key.startsWith(challenge.parameters.keyPrefix));
      if (found >= 0) return { counter: first + found, derivedKey: keys[found] };
    }
  };

  const begin = async () => {
    const challenge = JSON.parse(place.dataset.challenge);
    place.textContent = place.dataset.working;
    const solution = await solve(challenge);
    form.elements.altcha.value = btoa(JSON.stringify({ challenge, solution }));
    place.textContent = place.dataset.done;
  };

  // `crypto.subtle` is missing on pages without TLS.
  if (form && globalThis.crypto?.subtle) {
    let isReady = false;
    const work = begin().catch(() => { place.textContent = ""; }).then(() => { isReady = true; });
    form.addEventListener("submit", (event) => {
      // Buttons with a name or a place of their own do not send the objection.
      const button = event.submitter;
      if (isReady || button?.name || button?.hasAttribute("formaction")) return;
      event.preventDefault();
      const enough = new Promise((resolve) => setTimeout(resolve, LONGEST_WAIT_MS));
      Promise.race([work, enough]).then(() => { isReady = true; form.requestSubmit(button); });
    });
  }
}
