// The queue of scans: one at a time, in order, each with a key of its own that stays the same until it is answered. What waits is
// kept on the device, and nothing is shown as saved before the service has said so.
const MOST_WAITING = 20;
const WAITS_MS = [300, 1000, 2000, 4000, 8000, 15000, 30000];

export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function asked(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function store() {
  const opening = indexedDB.open("tallyman", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("scans", { keyPath: "key" });
  const db = await asked(opening);
  const scans = (mode) => db.transaction("scans", mode).objectStore("scans");
  return { all: () => asked(scans("readonly").getAll()), put: (scan) => asked(scans("readwrite").put(scan)),
    remove: (key) => asked(scans("readwrite").delete(key)) };
}

// `answered(answer, scan, left)` for each answer; `changed(state)` with what waits, and how; `locked()` where a badge is needed.
export async function queue({ url, person, answered, changed, locked }) {
  const waiting = [];
  let kept = null, sending = false, offline = false, attempt = 0, timer = 0, needsBadge = false;

  // `since`: when the scan that has waited longest was made.
  const tell = () => changed({ count: waiting.length, offline, since: waiting[0]?.since ?? 0, locked: needsBadge });

  async function send() {
    if (sending || !waiting.length || needsBadge) return;
    sending = true;
    clearTimeout(timer);
    const scan = waiting[0];
    const slow = setTimeout(tell, 410);
    try {
      const response = await fetch(url, { method: "POST", credentials: "same-origin", signal: AbortSignal.timeout(10000),
        headers: { "content-type": "application/json", accept: "application/json", "x-part": "1" }, body: JSON.stringify(scan.body) });
      if (response.status === 401) needsBadge = true, locked();
      else if (response.status >= 500 || response.status === 429 || response.status === 408) throw new Error(response.status);
      else await settle(scan, response);
    } catch {
      offline = true;
      timer = setTimeout(send, WAITS_MS[Math.min(attempt++, WAITS_MS.length - 1)]);
    }
    clearTimeout(slow);
    sending = false;
    tell();
    if (waiting.length && !offline) send();
  }

  async function settle(scan, response) {
    const answer = await response.json();
    offline = false, attempt = 0;
    waiting.shift();
    kept?.remove(scan.key).catch(() => {});
    answered(answer, scan, waiting.length);
  }

  try {
    kept = await store();
    const left = (await kept.all()).filter((scan) => scan.body.person === person).sort((a, b) => a.at - b.at);
    waiting.push(...left.map((scan) => ({ ...scan, since: 0 })));
  } catch {
    // Without a store what waits lives as long as the page; the device page says so.
  }
  addEventListener("online", () => send());
  addEventListener("visibilitychange", () => document.visibilityState === "visible" && send());
  tell();
  send();

  return {
    // Adds a scan; false where too many wait.
    add(body, judged) {
      if (waiting.length >= MOST_WAITING && offline) return false;
      const last = waiting[waiting.length - 1];
      const scan = { key: body.operation_key, at: Date.now() + waiting.length / 1000, since: performance.now(), judged, body: { ...body, person, after: last ? last.key : "" } };
      waiting.push(scan);
      kept?.put(scan).catch(() => {});
      tell();
      send();
      return true;
    },
    get waiting() { return waiting.length; },
    get offline() { return offline; },
  };
}
