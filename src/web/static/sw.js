// Keeps the files of this build, and a page for when there is no network: never an answer of the service. The camera's reader is
// large: it is kept once somebody has used it.
const CACHE = `tallyman-${BUILD}`;

addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES)).then(() => skipWaiting()));
});

addEventListener("activate", (event) => {
  const old = (names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name)));
  event.waitUntil(caches.keys().then(old).then(() => clients.claim()));
});

addEventListener("fetch", (event) => {
  // No page of the service is kept; without a network a page says so, and waits.
  if (event.request.mode === "navigate") {
    const offline = FILES.find((file) => file.endsWith("/offline.html"));
    event.respondWith(fetch(event.request).catch(() => caches.match(offline).then(async (page) => {
      const folder = offline.slice(0, offline.lastIndexOf("/") + 1);
      const text = (await page.text()).replace(/(href|src)="([a-z]+\.(?:css|js))"/g, `$1="${folder}$2"`);
      return new Response(text, { headers: { "content-type": "text/html; charset=utf-8" } });
    })));
    return;
  }
  const { pathname } = new URL(event.request.url);
  if (event.request.method === "GET" && pathname.startsWith("/static/")) {
    event.respondWith(caches.match(event.request).then((kept) => kept ?? fetched(event, pathname)));
  }
});

async function fetched(event, pathname) {
  const answer = await fetch(event.request);
  if (answer.ok && pathname.startsWith(`/static/${BUILD}/`)) {
    const copy = answer.clone();
    event.waitUntil(caches.open(CACHE).then((cache) => cache.put(event.request, copy)).catch(() => {}));
  }
  return answer;
}
