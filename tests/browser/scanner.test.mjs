// The scanner that types: nothing lost, nothing doubled, nothing pressed, whatever the device and the network do.
import assert from "node:assert/strict";
import { after, afterEach, beforeEach, test } from "node:test";
import { CODE, Service, closeBrowser, enter, key, open, ready, released, rest, scan, scanned, step, tap, until, version, warehouse } from "./kit.mjs";

let service, people, screen, totes = 0;

// A warehouse for each test, so that none meets another's work.
beforeEach(async () => {
  totes = 0;
  service = await Service.start();
  people = await warehouse(service);
});
afterEach(async () => {
  await screen?.context.close();
  await service.stop();
});
after(closeBrowser);

const tote = () => `T${String((totes += 1)).padStart(6, "0")}`;

// A picker at the first item of an order.
async function picking(...lines) {
  await released(service, lines);
  screen = await open(service);
  await enter(screen, people["011"].badge);
  if ((await step(screen)) === "menu") await tap(screen, '[data-send="%GO:PICK"]');
  await scanned(screen, tote());
  assert.equal(await step(screen), "pick.place");
  await scanned(screen, await screen.page.locator('[data-f="place"]').textContent());
  return screen;
}

// Whoever comes next finds no work of this test.
async function finish() {
  await until("the last piece", async () => (await step(screen)) === "pick.drop");
  await scanned(screen, "BENCH");
}

const counted = ({ page }) => page.locator('[data-f="counted"]').textContent().then(Number);
const settled = (screen) => until("an empty queue", () => screen.page.evaluate(() => new Promise((resolve) => {
  const opening = indexedDB.open("tallyman", 1);
  opening.onsuccess = () => {
    const all = opening.result.transaction("scans").objectStore("scans").count();
    all.onsuccess = () => (opening.result.close(), resolve(all.result === 0));
  };
})), 30000);

// Pieces that the ledger has for a SKU in totes, and the scans that the service has seen.
async function picked(sku) {
  const moves = await service.ask("GET", `/movements?sku=${sku}&limit=1000`);
  return moves.filter(({ reason }) => reason === "pick").reduce((sum, { quantity }) => sum + quantity, 0);
}

test("a hundred scans at forty a second are counted, each once, in order", async () => {
  await picking(["PEN-7", 100]);
  const before = await picked("PEN-7");
  const began = performance.now();
  for (let n = 0; n < 100; n += 1) {
    await scan(screen, CODE["PEN-7"]);
    const due = began + (n + 1) * 25;
    if (performance.now() < due) await rest(due - performance.now());
  }
  const took = performance.now() - began;
  await finish();
  assert.equal((await picked("PEN-7")) - before, 100);
  console.log(`100 scans in ${Math.round(took)} ms`);
});

test("one more than wanted is refused, however fast it comes", async () => {
  await picking(["MUG-BLUE", 5], ["TEA-001", 2]);
  for (let n = 0; n < 4; n += 1) await scan(screen, CODE["MUG-BLUE"]);
  // A pack of six is more than the one that is left.
  await scan(screen, "16901234500018");
  await settled(screen);
  await rest(400);
  assert.match(await screen.page.locator(".verdict:visible").innerText(), /Enough\. 4 of 5 are picked/);
  await scanned(screen, CODE["MUG-BLUE"]);
  assert.equal(await step(screen), "pick.place");
  await scanned(screen, "A-12-3");
  await scanned(screen, CODE["TEA-001"]);
  await scanned(screen, CODE["TEA-001"]);
  await finish();
});

test("a blank Enter does nothing, and Enter presses no button", async () => {
  await picking(["PEN-7", 2]);
  const before = await version(screen);
  for (let n = 0; n < 10; n += 1) await key(screen, "\n");
  await screen.page.locator('[data-send="%SKIP"]').focus();
  await key(screen, "\n");
  await scan(screen, "", { aim: "]C0" });
  await rest(200);
  assert.equal(await version(screen), before);
  // The message stays where a scanner sends Enter, and goes by a card.
  await rest(400);
  await scanned(screen, "B-03-2");
  assert.equal(await screen.page.locator(".verdict.wrong:visible").count(), 1);
  await screen.page.locator(".verdict.wrong:visible button").focus();
  await key(screen, "\n");
  await key(screen, "\t");
  await rest(200);
  assert.equal(await screen.page.locator(".verdict.wrong:visible").count(), 1, "Enter doesn't close it");
  await scan(screen, "%OK", { aim: "]C0" });
  await until("the message to go", async () => (await screen.page.locator(".verdict.wrong:visible").count()) === 0);
  await scanned(screen, CODE["PEN-7"]);
  await scanned(screen, CODE["PEN-7"]);
  await finish();
});

test("a scanner may be slow, pause, send two codes at once, or separators", async () => {
  await picking(["MUG-BLUE", 9]);
  await scan(screen, CODE["MUG-BLUE"], { gap: 60 });
  await until("one", async () => (await counted(screen)) === 1);
  for (const character of `]E0${CODE["MUG-BLUE"].slice(0, 6)}`) await key(screen, character);
  await rest(3500);
  for (const character of `${CODE["MUG-BLUE"].slice(6)}\n`) await key(screen, character);
  await until("two", async () => (await counted(screen)) === 2);
  // The second code begins in the middle of the first's terminator.
  await scan(screen, CODE["MUG-BLUE"], { end: "\n]E0" + CODE["MUG-BLUE"] + "\n" });
  await until("four", async () => (await counted(screen)) === 4);
  // An unfinished code is given up when the next announces itself.
  await scan(screen, "690123", { end: "" });
  await scan(screen, CODE["MUG-BLUE"], { aim: "]E0" });
  await until("five", async () => (await counted(screen)) === 5);
  // GS1 with its separator, as Ctrl+] and written out.
  await scan(screen, `010${CODE["MUG-BLUE"]}10L-1\u001d17271231`, { aim: "]C1" });
  await until("six", async () => (await counted(screen)) === 6);
  await scan(screen, `010${CODE["MUG-BLUE"]}10L-1<GS>17271231`, { aim: "]d2" });
  await until("seven", async () => (await counted(screen)) === 7);
  // No prefix at all: fast keys alone.
  await scan(screen, CODE["MUG-BLUE"], { aim: "" });
  await until("eight", async () => (await counted(screen)) === 8);
  // Tab ends a scan too.
  await scan(screen, CODE["MUG-BLUE"], { end: "\t" });
  await finish();
});

test("an input method that is on spoils nothing", async () => {
  await picking(["MUG-BLUE", 3]);
  await scan(screen, CODE["MUG-BLUE"], { spoilt: "Process" });
  await until("one", async () => (await counted(screen)) === 1);
  // Full-width digits of a Chinese layout are read by the key that made them.
  await scan(screen, CODE["MUG-BLUE"], { aim: "]E0", spoilt: "７" });
  await until("two", async () => (await counted(screen)) === 2);
  await scanned(screen, CODE["MUG-BLUE"]);
  await finish();
});

test("typing slowly on a keyboard is no scan", async () => {
  await picking(["PEN-7", 1]);
  const before = await version(screen);
  for (const character of `${CODE["PEN-7"]}\n`) await key(screen, character), await rest(120);
  await rest(150);
  assert.equal(await version(screen), before);
  await scanned(screen, CODE["PEN-7"]);
  await finish();
});

test("scans go on while an answer is on its way", async () => {
  await picking(["PEN-7", 6]);
  await screen.page.route("**/pda/scan", async (route) => (await rest(300), route.continue()));
  for (let n = 0; n < 6; n += 1) await scan(screen, CODE["PEN-7"]);
  await until("the badge of waiting scans", () => screen.page.locator("#waiting:visible").count());
  await finish();
});

test("answers that are lost are asked for again, with the same key", async () => {
  await picking(["PEN-7", 30]);
  const before = await picked("PEN-7");
  let asked = 0, lost = 0;
  await screen.page.route("**/pda/scan", async (route) => {
    asked += 1;
    await rest(20);
    if (asked % 7 === 3) return lost++, route.abort();
    const answer = await route.fetch();
    if (asked % 5 === 2) return lost++, route.abort();
    return route.fulfill({ response: answer });
  });
  for (let n = 0; n < 30; n += 1) await scan(screen, CODE["PEN-7"]), await rest(30);
  await until("the last piece", async () => (await step(screen)) === "pick.drop", 60000);
  await screen.page.unroute("**/pda/scan");
  await scanned(screen, "BENCH");
  assert.equal((await picked("PEN-7")) - before, 30);
  assert.ok(lost > 5, `${lost} lost`);
  screen.troubles.length = 0;
});

test("ten minutes offline the task goes on, the service restarts meanwhile, and nothing is shown as saved that isn't", async () => {
  await picking(["MUG-BLUE", 4], ["TEA-001", 2]);
  const before = [await picked("MUG-BLUE"), await picked("TEA-001")];
  await screen.page.clock.install({ time: new Date() });
  await screen.context.setOffline(true);
  for (let n = 0; n < 4; n += 1) await scan(screen, CODE["MUG-BLUE"]), await rest(40);
  // The device itself knows where to go next, and what is wrong.
  assert.equal(await screen.page.locator('[data-f="place"]').textContent(), "A-12-3");
  await scan(screen, "B-07-1");
  await until("the device's own verdict", () => screen.page.locator("#local:visible").count());
  assert.match(await screen.page.locator("#local").innerText(), /Wrong place\. This is B-07-1/);
  await scan(screen, "A-12-3");
  await scan(screen, CODE["TEA-001"]);
  await until("the badge", () => screen.page.locator("#waiting:visible").count());
  assert.match(await screen.page.locator("#waiting").textContent(), /7 waiting/);
  await service.again("SIGKILL", 1500);
  assert.equal((await picked("MUG-BLUE")) - before[0], 0);
  // Whatever the device does every so often, it does ten minutes of it.
  await screen.page.clock.runFor("10:00");
  assert.match(await screen.page.locator("#waiting").textContent(), /7 waiting/);
  await screen.context.setOffline(false);
  await until("everything sent", async () => (await picked("MUG-BLUE")) - before[0] === 4, 45000);
  await settled(screen);
  assert.equal(await counted(screen), 1);
  await scanned(screen, CODE["TEA-001"]);
  await finish();
  assert.equal((await picked("TEA-001")) - before[1], 2);
  screen.troubles.length = 0;
});

test("a reload in the middle keeps what waits", async () => {
  await picking(["PEN-7", 3]);
  const before = await picked("PEN-7");
  await screen.page.route("**/pda/scan", (route) => route.abort());
  await scan(screen, CODE["PEN-7"]);
  await scan(screen, CODE["PEN-7"]);
  await until("two waiting", async () => /2 waiting/.test(await screen.page.locator("#waiting").textContent()));
  await screen.page.unroute("**/pda/scan");
  await screen.page.reload();
  await settled(screen);
  await until("two counted", async () => (await counted(screen)) === 2);
  await scanned(screen, CODE["PEN-7"]);
  await finish();
  assert.equal((await picked("PEN-7")) - before, 3);
  screen.troubles.length = 0;
});

test("a reload without a network waits for it, and comes back to the same step", async () => {
  await picking(["PEN-7", 3]);
  const before = await picked("PEN-7");
  await screen.page.evaluate(() => navigator.serviceWorker.ready);
  await screen.page.reload();
  await ready(screen);
  await screen.context.setOffline(true);
  await scan(screen, CODE["PEN-7"]);
  await rest(300);
  await screen.page.reload();
  assert.match(await screen.page.locator("body").innerText(), /No network[^]*无网络/);
  await screen.context.setOffline(false);
  await until("the page again", () => screen.page.evaluate(() => document.documentElement.dataset.ready).catch(() => false), 15000);
  await settled(screen);
  await until("the scan that waited", async () => (await counted(screen)) === 1);
  await scanned(screen, CODE["PEN-7"]);
  await scanned(screen, CODE["PEN-7"]);
  await finish();
  assert.equal((await picked("PEN-7")) - before, 3);
  screen.troubles.length = 0;
});

test("twenty scans wait at most; then the device says stop", async () => {
  await picking(["PEN-7", 25]);
  const before = await picked("PEN-7");
  await screen.context.setOffline(true);
  for (let n = 0; n < 21; n += 1) await scan(screen, CODE["PEN-7"]), await rest(30);
  await until("the sentence", () => screen.page.locator("#local:visible").count());
  assert.match(await screen.page.locator("#local").innerText(), /20 scans wait/);
  await screen.context.setOffline(false);
  await settled(screen);
  await screen.page.locator("#local button").click({ timeout: 1000 }).catch(() => {});
  assert.equal(await counted(screen), 20);
  for (let n = 0; n < 5; n += 1) await scanned(screen, CODE["PEN-7"]);
  await finish();
  assert.equal((await picked("PEN-7")) - before, 25);
  screen.troubles.length = 0;
});

test("what was refused later comes back as the next thing to do", async () => {
  await picking(["PEN-7", 2]);
  await screen.context.setOffline(true);
  await scan(screen, CODE["PEN-7"]);
  await rest(100);
  const orders = await service.ask("GET", "/orders?limit=200");
  const mine = orders.filter(({ state }) => state === "picking").at(-1);
  await service.ask("POST", `/orders/${mine.id}/cancel`, { reason: "changed mind" });
  await screen.context.setOffline(false);
  await until("the exception", () => screen.page.locator("#local:visible, .strip:visible").count(), 30000);
  assert.match(await screen.page.locator("body").innerText(), /taken out|stopped/);
  await screen.page.locator("#local button").click({ timeout: 500 }).catch(() => {});
  await finish();
  screen.troubles.length = 0;
});

test("a badge is needed again, and what waits is kept", async () => {
  await picking(["PEN-7", 2]);
  const sessions = await service.ask("GET", "/sessions");
  for (const session of sessions) await service.ask("POST", `/sessions/${session.id}/end`);
  await rest(2100);
  await scan(screen, CODE["PEN-7"]);
  await until("the sentence", () => screen.page.locator("#local:visible").count());
  assert.match(await screen.page.locator("#local").innerText(), /Scan your badge again/);
  await screen.page.evaluate(() => (window.before = true));
  await scan(screen, people["011"].badge);
  await until("the page again", () => screen.page.evaluate(() => !window.before && document.documentElement.dataset.ready).catch(() => false));
  await settled(screen);
  await until("the kept scan", async () => (await counted(screen)) === 1);
  await scanned(screen, CODE["PEN-7"]);
  await finish();
  screen.troubles.length = 0;
});

test("the tick comes at once and the verdict soon, on a slow processor and far away too", async () => {
  await picking(["PEN-7", 60]);
  // Before the page's own listener, so that the moment of the key is known when the tick shows.
  await screen.page.addInitScript(() => {
    Object.assign(window, { pressed: 0, ticked: true, times: { keys: [] } });
    addEventListener("keydown", (event) => {
      if (event.key === "Shift") times.keys.push(performance.now() - event.timeStamp);
      if (event.key === "Enter") pressed = event.timeStamp, ticked = false;
    }, { capture: true });
  });
  await screen.page.reload();
  await ready(screen);
  const of = (list, part) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * part))];
  const measure = async (scans) => {
    await screen.page.evaluate(() => {
      times = { ticks: [], verdicts: [], keys: [], asks: [] };
      const tick = document.getElementById("tick");
      const seen = () => !ticked && tick.className && (ticked = true, times.ticks.push(performance.now() - pressed));
      new MutationObserver(seen).observe(tick, { attributes: true });
      addEventListener("signal", () => times.verdicts.push(performance.now() - pressed));
    });
    for (let n = 0; n < scans; n += 1) {
      await scan(screen, CODE["PEN-7"]);
      await rest(150);
      // What a key and a question cost by themselves, on this machine in this moment.
      await screen.wire.send("Input.dispatchKeyEvent", { type: "rawKeyDown", key: "Shift", code: "ShiftLeft" });
      await screen.page.evaluate(async () => {
        const began = performance.now();
        await fetch("/healthz", { cache: "no-store" });
        times.asks.push(performance.now() - began);
      });
    }
    await settled(screen);
    const times = await screen.page.evaluate(() => window.times);
    const middle = Object.fromEntries(Object.entries(times).map(([name, list]) => [name, of(list, 0.5)]));
    return { tick: of(times.ticks, 0.95), verdict: of(times.verdicts, 0.95), middle };
  };
  const good = await measure(20);
  const { ticks, verdicts, keys, asks } = good.middle;
  assert.ok(ticks < Math.max(50, keys * 6), JSON.stringify(good));
  assert.ok(verdicts < Math.max(100, asks * 6), JSON.stringify(good));
  await screen.wire.send("Network.enable");
  await screen.wire.send("Network.emulateNetworkConditions", { offline: false, latency: 400, downloadThroughput: -1, uploadThroughput: -1 });
  await screen.wire.send("Emulation.setCPUThrottlingRate", { rate: 6 });
  const bad = await measure(20);
  await screen.wire.send("Emulation.setCPUThrottlingRate", { rate: 1 });
  await screen.wire.send("Network.emulateNetworkConditions", { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
  console.log(`tick: median ${ticks.toFixed(1)} ms, ${(ticks / keys).toFixed(1)} x a bare key; verdict: median ${verdicts.toFixed(1)} ms, ${(verdicts / asks).toFixed(1)} x a bare question`);
  console.log(`p95 of tick and verdict: ${good.tick.toFixed(1)} and ${good.verdict.toFixed(1)} ms; 6 x slower and 400 ms away: ${bad.tick.toFixed(1)} and ${bad.verdict.toFixed(1)} ms`);
  for (let n = 0; n < 20; n += 1) await scan(screen, CODE["PEN-7"]);
  await finish();
});

test("an idle handheld asks for nothing", async () => {
  await picking(["PEN-7", 1]);
  await rest(500);
  screen.requests.length = 0;
  await rest(4000);
  assert.deepEqual(screen.requests, []);
  await scanned(screen, CODE["PEN-7"]);
  await finish();
});
