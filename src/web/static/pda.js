// The handheld: scans in, steps out. The service draws each step; between its answers the device judges by the walk it was given.
import { listen } from "./wedge.js";
import { newKey, queue } from "./ops.js";
import { flash, signal, unlock } from "./signal.js";
import { judge, paint } from "./task.js";

const $ = (selector) => document.querySelector(selector);
const texts = JSON.parse($("#texts").textContent);
const person = document.body.dataset.person;
const build = document.documentElement.dataset.build;
let camera = null, task = null, work = null, version = 0, refusals = JSON.parse(sessionStorage.getItem("refusals") ?? "[]");

// What the service has drawn.
function read() {
  version = Number($(".step").dataset.version);
  const data = $("#task");
  task = data ? JSON.parse(data.textContent) : null;
}

function local(text) {
  const box = $("#local");
  box.querySelector("p").textContent = text;
  box.hidden = false;
}

function closeLocal() {
  const box = $("#local");
  if (box.hidden) return false;
  box.hidden = true;
  if (refusals.length) {
    refusals.shift();
    sessionStorage.setItem("refusals", JSON.stringify(refusals));
    if (refusals.length) local(refusals[0]);
  }
  return true;
}

function send(raw, { aim = "", source = "wedge" } = {}) {
  if (/^%OUT$/i.test(raw)) return $("#logout-form").submit();
  if (/^%B\d/i.test(raw)) {
    $("#badge-form").elements.badge.value = raw;
    return $("#badge-form").submit();
  }
  if (/^%OK$/i.test(raw) && closeLocal()) return;
  if (!refusals.length) $("#local").hidden = true;
  const judged = judge(task, texts, raw, work.offline);
  if (!judged && work.offline) return signal("wrong"), local(texts["floor.needs_network"]);
  const body = { operation_key: newKey(), version, raw, aim, source: /^%/.test(raw) && source === "wedge" ? "card" : source, scanned_at: Date.now() };
  if (!work.add(body, judged?.signal ?? "")) return signal("wrong"), local(texts["floor.wait_full"]);
  if (!judged) return;
  signal(judged.signal), flash(judged.signal);
  if (judged.task) task = judged.task, paint(task, texts);
  else local(judged.text);
}

// An answer. While others wait, the screen goes on by the device's own judgement; what the service saw otherwise isn't lost.
function answered(answer, scan, left) {
  version = answer.version ?? version;
  const expected = scan.judged;
  if (answer.signal && answer.signal !== expected) signal(answer.signal), flash(answer.signal);
  const otherwise = expected && expected !== "wrong" && (answer.signal === "wrong" || answer.stale);
  if (otherwise && left) {
    refusals.push(texts["floor.refused_later"].replace("{reason}", answer.message ?? ""));
    sessionStorage.setItem("refusals", JSON.stringify(refusals));
  }
  if (left && !otherwise) return;
  if (answer.html) $("#step").innerHTML = answer.html, read();
  // Refused before it was looked at: too long, or by a server that is in trouble.
  if (!answer.html && answer.detail) return signal("wrong"), local(answer.detail);
  if (!refusals.length) $("#local").hidden = true;
  else if (!left) local(refusals[0]);
  if (answer.html && $(".step").dataset.build !== build && !left && !task) location.reload();
}

function changed({ count, offline, since, locked }) {
  const badge = $("#waiting");
  const late = since && performance.now() - since > 400;
  badge.hidden = !count || !(offline || late);
  badge.textContent = locked ? texts["floor.log_in_again"].replace("{count}", count)
    : offline ? texts["pda.waiting"].replace("{count}", count) : texts["floor.sending"];
  document.body.classList.toggle("offline", Boolean(offline));
}

// A keypad of our own: numbers are absolute quantities or check digits, anything else is scanned.
function keypad() {
  const box = $("#keypad"), output = box.querySelector("output");
  output.textContent = "";
  box.hidden = false;
  return { box, output };
}

document.addEventListener("click", (event) => {
  unlock();
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.send) send(button.dataset.send, { source: "tap" });
  else if (button.id === "look") look();
  else if ("close" in button.dataset) closeLocal();
  else if ("keypad" in button.dataset) keypad();
  else if (button.dataset.set) prefer(button.dataset.set);
  else if (button.dataset.key) press(button.dataset.key);
  else if (button.closest("#start")) begin();
});

function press(key) {
  const output = $("#keypad output");
  if (key === "back") $("#keypad").hidden = true;
  else if (key === "clear") output.textContent = "";
  else if (key !== "ok") output.textContent = (output.textContent + key).slice(0, 9);
  else if (output.textContent) $("#keypad").hidden = true, send(`=${output.textContent}`, { source: "keypad" });
}

async function prefer(setting) {
  const [name, value] = setting.split(":"), root = document.documentElement;
  const body = { language: root.lang, theme: root.dataset.theme, hand: root.dataset.hand, [name]: value };
  const headers = { "content-type": "application/json", "idempotency-key": newKey() };
  const answer = await fetch("/api/v1/me/preferences", { method: "PUT", headers, body: JSON.stringify(body) }).catch(() => null);
  if (answer?.ok) location.reload();
  else signal("wrong"), local(texts["floor.needs_network"]);
}

// The screen stays on while there is work; the lock is lost whenever the page is hidden.
async function stayAwake() {
  if (document.visibilityState === "visible") await navigator.wakeLock?.request("screen").catch(() => {});
}

function begin() {
  unlock();
  $("#start").hidden = true;
  sessionStorage.setItem("started", person);
  signal("done");
  stayAwake();
}

// A code from the scanner or the camera.
function heard({ raw, aim, source }) {
  flash("seen");
  setTimeout(unlock);
  if (!$("#start").hidden) begin();
  $("#keypad").hidden = true;
  camera?.close();
  send(raw, { aim, source });
}

// The camera's part of this script comes when it is asked for first.
async function look() {
  const failed = (why) => (signal("wrong"), local(texts[`pda.camera_${why}`]));
  camera ??= await import("./camera.js").catch(() => null);
  camera ? camera.open(heard, failed) : failed("reader");
}

read();
$("#look").hidden = !(navigator.mediaDevices && window.WebAssembly);
work = await queue({ url: "/pda/scan", person, answered, changed, locked: () => (signal("wrong"), local(texts["floor.log_in_again"].replace("{count}", work?.waiting ?? ""))) });
$("#start").hidden = sessionStorage.getItem("started") === person;
if (refusals.length) local(refusals[0]);
listen(heard, { field: $(".scan-field") });
document.addEventListener("visibilitychange", stayAwake);
navigator.serviceWorker?.register("/sw.js").catch(() => {});
document.documentElement.dataset.ready = "1";
