// The office: forms that ask the API, boards that follow what happens, and files that are taken in.
import { newKey } from "./ops.js";

const $ = (selector) => document.querySelector(selector);

function problem(text) {
  const box = $("#problem");
  box.textContent = text;
  box.hidden = !text;
  if (text) box.scrollIntoView({ block: "nearest" });
}

// The fields of a form as the JSON that the API takes: `choice.limit` is a field within a field.
function body(form) {
  const out = {};
  const put = (name, value) => {
    const path = name.split("."), last = path.pop();
    path.reduce((at, part) => (at[part] ??= {}), out)[last] = value;
  };
  for (const field of form.elements) {
    if (!field.name || "path" in field.dataset) continue;
    if (field.type === "checkbox" && field.dataset.type === "list") {
      out[field.name] ??= [];
      if (field.checked) out[field.name].push(field.value);
    } else if (field.dataset.type === "list") put(field.name, [field.value]);
    else if (field.dataset.type === "int") put(field.name, Number(field.value));
    else put(field.name, field.value);
  }
  return out;
}

async function ask(form) {
  const [method, path] = form.dataset.api.split(" ");
  const filled = path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(form.elements[name].value.trim()));
  const fields = body(form);
  const headers = { "idempotency-key": (form.dataset.key ||= newKey()), "content-type": "application/json" };
  const sent = Object.keys(fields).length ? JSON.stringify(fields) : undefined;
  const answer = await fetch(`/api/v1${filled}`, { method, headers, body: sent }).catch(() => null);
  // The same key until there was an answer: a click on a bad network does nothing twice.
  if (answer) delete form.dataset.key;
  if (!answer) return problem("…");
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) return problem(said.detail ?? String(answer.status));
  problem("");
  if ("badge" in form.dataset) return badge(form, said.code);
  if (form.dataset.to) location.href = form.dataset.to.replace(/\{(\w+)\}/g, (_, name) => said[name]);
  else location.reload();
}

// A badge as a picture to be printed; its code is shown this once and goes nowhere else.
async function badge(form, code) {
  const output = form.querySelector("output");
  output.textContent = code;
  const data = { name: form.dataset.badge, role: form.dataset.number, token: code };
  const answer = await fetch("/api/v1/labels/preview", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ kind: "badge", data, format: "png" }) });
  if (!answer.ok) return;
  const picture = new Image();
  picture.className = "badge-picture";
  picture.alt = code;
  const reader = new FileReader();
  reader.onload = () => (picture.src = reader.result);
  reader.readAsDataURL(await answer.blob());
  output.append(document.createElement("br"), picture);
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.id === "import") event.preventDefault(), take(form);
  else if (form.dataset.api) event.preventDefault(), ask(form);
});

function take(form) {
  const request = new XMLHttpRequest(), progress = form.querySelector("progress"), output = form.querySelector("output"), errors = form.querySelector(".errors");
  request.open("POST", `/api/v1/import/${form.elements.what.value}?dry_run=${form.elements.dry.checked}`);
  request.setRequestHeader("content-type", "text/csv");
  request.setRequestHeader("idempotency-key", newKey());
  request.upload.onprogress = ({ loaded, total }) => (progress.value = (loaded / total) * 90);
  progress.hidden = false;
  progress.value = 0;
  errors.replaceChildren();
  output.textContent = "";
  request.onloadend = () => {
    progress.value = 100;
    const said = JSON.parse(request.responseText || "{}");
    const sentence = form.elements.dry.checked ? output.dataset.looked : output.dataset.taken;
    output.textContent = request.status === 200 ? sentence.replace("{rows}", said.rows) : said.detail ?? "…";
    for (const error of said.errors ?? []) {
      const item = document.createElement("li");
      item.textContent = [error.row && `${error.row}`, error.column, error.detail ?? error.sentence ?? error.code].filter(Boolean).join(" · ");
      errors.append(item);
    }
  };
  request.send(form.elements.file.files[0]);
}

// One stream for all tabs of a browser: the first one listens and tells the others.
const board = $("[data-live]");
if (board) {
  const channel = new BroadcastChannel("tallyman-live");
  let timer = 0, at = Date.now(), leader = 0;
  const draw = () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const answer = await fetch(board.dataset.live, { headers: { "x-part": "1" } }).catch(() => null);
      if (answer?.status === 401) return location.reload();
      if (answer?.ok && !board.contains(document.activeElement)) board.innerHTML = await answer.text(), (at = Date.now());
    }, 500);
  };
  channel.onmessage = ({ data }) => {
    if (data === "changed") draw();
    if (data === "alive") leader = Date.now();
  };
  let stream = null;
  const lead = () => {
    if (stream || Date.now() - leader < 4000) return;
    stream = new EventSource("/live");
    // What happened between the drawing and the listening, also after a broken network.
    stream.addEventListener("hello", () => (channel.postMessage("changed"), draw()));
    stream.addEventListener("error", ({ target }) => {
      if (target.readyState === EventSource.CLOSED) (stream = null), draw();
    });
    stream.addEventListener("changed", () => (channel.postMessage("changed"), draw()));
  };
  setInterval(() => (stream ? channel.postMessage("alive") : lead()), 1500);
  setTimeout(lead, Math.random() * 400);
  setInterval(() => {
    const age = board.querySelector("[data-age]"), seconds = Math.round((Date.now() - at) / 1000);
    if (age) age.textContent = `(${seconds} s)`;
  }, 5000);
}

document.querySelector(".plan")?.addEventListener("pointerover", ({ target }) => {
  if (target.dataset.spot) $("#spot").textContent = `${target.dataset.spot}: ${target.dataset.value}`;
});
document.documentElement.dataset.ready = "1";
