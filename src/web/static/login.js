// The login page: a scanned badge logs in by itself, and a PIN is typed on keys that a glove hits.
import { listen } from "./wedge.js";

const form = document.getElementById("badge-form");
if (form) {
  listen(({ raw }) => {
    if (!/^%B/i.test(raw)) return;
    form.elements.badge.value = raw;
    form.submit();
  });
}

const pin = document.querySelector("input[name=pin]"), keys = document.querySelector(".keys");
if (pin) {
  keys.hidden = false;
  // The keys are on the page: no keyboard comes up over them, and a real one still types.
  pin.inputMode = "none";
  keys.addEventListener("click", ({ target }) => {
    const key = target.closest("button")?.dataset.key;
    if (key === "clear") pin.value = "";
    else if (key === "back") pin.value = pin.value.slice(0, -1);
    else if (key && pin.value.length < pin.maxLength) pin.value += key;
  });
}
