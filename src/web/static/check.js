// Whether this device can do what the floor needs.
import { listen } from "./wedge.js";
import { signal, unlock } from "./signal.js";

const $ = (selector) => document.querySelector(selector);
const keys = [];

function verdict(name, good, more = "") {
  const row = $(`[data-check="${name}"]`);
  const cell = row.querySelector(".verdict-cell");
  cell.textContent = `${good ? "✓" : "✕"} ${more}`;
  cell.className = `verdict-cell ${good ? "good" : "missing"}`;
  row.querySelector(".remedy").hidden = good;
}

verdict("secure", isSecureContext);
verdict("worker", "serviceWorker" in navigator);
verdict("wake", "wakeLock" in navigator);
verdict("vibration", "vibrate" in navigator);
verdict("sound", "AudioContext" in window || "webkitAudioContext" in window);
const opening = indexedDB.open("tallyman-check", 1);
opening.onsuccess = () => (verdict("store", true), opening.result.close(), indexedDB.deleteDatabase("tallyman-check"));
opening.onerror = () => verdict("store", false);
const devices = await navigator.mediaDevices?.enumerateDevices().catch(() => []);
verdict("camera", "WebAssembly" in window && Boolean(devices?.some(({ kind }) => kind === "videoinput")));

const trips = [];
let serverClock = null;
for (let n = 0; n < 5; n += 1) {
  const began = performance.now();
  const answer = await fetch("/healthz", { cache: "no-store" }).catch(() => null);
  trips.push(performance.now() - began);
  serverClock = answer?.headers.get("date") ?? serverClock;
}
trips.sort((a, b) => a - b);
verdict("network", trips[2] < 300, `${Math.round(trips[2])} ms`);
const apart = serverClock ? Math.abs(Date.now() - new Date(serverClock).getTime()) / 1000 : 0;
verdict("clock", apart < 60, serverClock ? `± ${Math.round(apart)} s` : "");

listen(({ raw, aim, provisioned }) => {
  $("#scan").textContent = `${aim} ${raw.replaceAll("\u001d", "<GS>")} ${provisioned ? "✓" : "✕"}`;
}, { keys: (event) => {
  keys.push(`${event.key.padEnd(12)} ${event.code.padEnd(14)} ${Math.round(event.timeStamp)} ms`);
  $("#keys").textContent = keys.slice(-40).join("\n");
} });
$("#hear").onclick = () => (unlock(), signal("done"));
$("#shake").onclick = () => navigator.vibrate?.([200, 100, 200]);
document.documentElement.dataset.ready = "1";
