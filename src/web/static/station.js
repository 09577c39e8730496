// The packing station: scans of the keyboard and of the station's own scanner, the scale, and what happens meanwhile.
import { listen } from "./wedge.js";
import { newKey, queue } from "./ops.js";
import { flash, signal, unlock } from "./signal.js";

const $ = (selector) => document.querySelector(selector);
const texts = JSON.parse($("#texts").textContent);
const person = document.body.dataset.person;
let version = 0, work = null, stream = null, shown = "", stale = false;

const step = () => $(".step").dataset.step;

function draw(html) {
  $("#step").innerHTML = html;
  version = Number($(".step").dataset.version);
  if (step() === "pack.weigh") weight(last.grams, last.stable);
  sign();
}

function local(text) {
  $("#local p").textContent = text;
  $("#local").hidden = false;
}

function send(raw, { aim = "", source = "wedge", key = newKey() } = {}) {
  if (/^%OUT$/i.test(raw)) return $("#logout-form").submit();
  if (/^%B\d/i.test(raw)) {
    $("#badge-form").elements.badge.value = raw;
    return $("#badge-form").submit();
  }
  $("#local").hidden = true;
  const card = /^%/.test(raw) && source === "wedge" ? "card" : source;
  if (!work.add({ operation_key: key, version, raw, aim, source: card, scanned_at: Date.now() }, "")) signal("wrong"), local(texts["floor.wait_full"]);
}

function answered(answer, scan, left) {
  version = answer.version ?? version;
  if (answer.signal) signal(answer.signal), flash(answer.signal);
  else if (answer.detail) signal("wrong"), local(answer.detail);
  if (left || !answer.html) return;
  draw(answer.html);
  if (answer.station !== undefined && answer.station !== shown) follow(answer.station);
}

function changed({ count, offline, since, locked }) {
  const badge = $("#waiting"), late = since && performance.now() - since > 400;
  badge.hidden = !count || !(offline || late);
  badge.textContent = locked ? texts["floor.log_in_again"].replace("{count}", count)
    : offline ? texts["pda.waiting"].replace("{count}", count) : texts["floor.sending"];
}

let last = { grams: null, stable: false };

const kilograms = (grams) => `${(grams / 1000).toFixed(3)} kg`;

function weight(grams, stable) {
  last = { grams, stable };
  const field = $("#weight");
  if (!field) return;
  field.textContent = grams === null ? "–" : kilograms(grams);
  $("#stable").textContent = grams === null ? "" : stable ? texts["station.stable"] : texts["station.moving"];
}

// What the station's devices say, and that something has changed.
function follow(station) {
  shown = station;
  stream?.close();
  stream = new EventSource(`/live?station=${encodeURIComponent(station)}`);
  stream.addEventListener("weight", ({ data }) => weight(JSON.parse(data).grams, false));
  stream.addEventListener("station", ({ data }) => {
    const event = JSON.parse(data);
    if (event.event === "scan") flash("seen"), send(event.text, { source: "station", key: event.key });
    else if (event.event === "weight") {
      weight(event.grams, true);
      if (["pack.weigh", "pack.hold"].includes(step())) send(`%GRAMS:${event.grams}`, { source: "station", key: event.key });
    } else if (["here", "gone", "unreadable", "trouble"].includes(event.event)) refresh();
  });
  stream.addEventListener("hello", refresh);
  stream.addEventListener("changed", refresh);
  // A server that is there and refuses ends the stream for good: who is logged out sees the login.
  stream.addEventListener("error", ({ target }) => {
    if (target.readyState === EventSource.CLOSED && target === stream) refresh(), setTimeout(() => target === stream && follow(station), 5000);
  });
}

// Draws anew what stands on the screen, unless somebody is in the middle of something.
const busy = () => work?.waiting || !$("#keypad").hidden || $("#taken-by")?.value || drawn.length;

function refresh() {
  if (stale || busy()) return;
  stale = true;
  setTimeout(async () => {
    stale = false;
    const before = version;
    const answer = await fetch("/station/part", { headers: { "x-part": "1" } }).catch(() => null);
    if (answer?.status === 401 && !busy()) return location.reload();
    const html = answer?.ok ? await answer.text() : "";
    if (html && version === before && !busy()) draw(html);
  }, 500);
}

document.addEventListener("click", (event) => {
  unlock();
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.send) send(button.dataset.send, { source: "tap" });
  else if ("closeMessage" in button.dataset) button.closest(".verdict").remove();
  else if ("close" in button.dataset) $("#local").hidden = true;
  else if ("keypad" in button.dataset) $("#keypad output").textContent = "", $("#keypad").hidden = false;
  else if (button.dataset.set) prefer(button.dataset.set);
  else if (button.dataset.key) press(button.dataset.key);
  else if ("signClear" in button.dataset) sign();
  else if (button.dataset.sign) handOver(button.dataset.sign);
  else if (button.closest("#start")) begin();
});

function press(key) {
  const output = $("#keypad output");
  if (key === "back") $("#keypad").hidden = true;
  else if (key === "clear") output.textContent = "";
  else if (key !== "ok") output.textContent = (output.textContent + key).slice(0, 9);
  else if (output.textContent) $("#keypad").hidden = true, send(`=${output.textContent}`, { source: "keypad" });
}

async function ask(method, path, body) {
  const headers = { "content-type": "application/json", "idempotency-key": newKey() };
  return fetch(`/api/v1${path}`, { method, headers, body: JSON.stringify(body) }).catch(() => null);
}

async function prefer(setting) {
  const [name, value] = setting.split(":"), root = document.documentElement;
  const answer = await ask("PUT", "/me/preferences", { language: root.lang, theme: root.dataset.theme, hand: root.dataset.hand, [name]: value });
  if (answer?.ok) location.reload();
}

// The signature: lines in a box of 1000 x 300.
let drawn = [];

function sign() {
  drawn = [];
  const canvas = $("#signature");
  if (!canvas) return;
  const pen = canvas.getContext("2d");
  pen.clearRect(0, 0, 1000, 300);
  pen.lineWidth = 4;
  pen.strokeStyle = "#10151a";
  if (canvas.onpointerdown) return;
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * 1000, ((event.clientY - box.top) / box.height) * 300].map(Math.round).map((value) => Math.max(0, value));
  };
  let down = false;
  canvas.onpointerdown = (event) => {
    down = true;
    canvas.setPointerCapture(event.pointerId);
    const [x, y] = at(event);
    drawn.push(`M${x} ${y}`);
    pen.beginPath();
    pen.moveTo(x, y);
  };
  canvas.onpointermove = (event) => {
    if (!down) return;
    const [x, y] = at(event);
    drawn.push(`L${x} ${y}`);
    pen.lineTo(x, y);
    pen.stroke();
  };
  canvas.onpointerup = () => (down = false);
}

async function handOver(manifest) {
  const taken_by = $("#taken-by").value.trim();
  if (!taken_by || drawn.length < 2) return signal("wrong"), local(texts["station.sign_first"]);
  const answer = await ask("POST", `/manifests/${manifest}/hand-over`, { taken_by, signature: drawn.join("").slice(0, 20000) });
  if (!answer) return signal("wrong"), local(texts["floor.needs_network"]);
  if (!answer.ok) return signal("wrong"), local((await answer.json()).detail);
  signal("done");
  drawn = [];
  draw(await (await fetch("/station/part", { headers: { "x-part": "1" } })).text());
}

function begin() {
  unlock();
  $("#start").hidden = true;
  sessionStorage.setItem("started", person);
  signal("done");
}

version = Number($(".step").dataset.version);
sign();
work = await queue({ url: "/station/scan", person, answered, changed, locked: () => (signal("wrong"), local(texts["floor.log_in_again"].replace("{count}", work?.waiting ?? ""))) });
$("#start").hidden = sessionStorage.getItem("started") === person;
listen(({ raw, aim }) => {
  flash("seen");
  setTimeout(unlock);
  if (!$("#start").hidden) begin();
  $("#keypad").hidden = true;
  send(raw, { aim });
}, { field: $(".scan-field") });
follow(document.body.dataset.station);
document.documentElement.dataset.ready = "1";
