// The login page: a scanned badge logs in by itself.
import { listen } from "./wedge.js";

const form = document.getElementById("badge-form");
if (form) {
  listen(({ raw }) => {
    if (!/^%B/i.test(raw)) return;
    form.elements.badge.value = raw;
    form.submit();
  });
}
