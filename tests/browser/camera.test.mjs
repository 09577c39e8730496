// The camera as a scanner: labels that our own program draws, held before a camera that plays them. What it reads is a scan like
// any other; nothing of it is loaded before it is asked for, and nothing of it goes on when it is closed.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { BINARY, CODE, PHONE, SMALL, Service, closeBrowser, enter, inspect, open, picture, ready, released, rest, scanned, step, tap, until, version, warehouse } from "./kit.mjs";

const folder = mkdtempSync(join(tmpdir(), "tallyman-camera-")), film = join(folder, "film.y4m");
const FILMED = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", `--use-file-for-fake-video-capture=${film}`];
const WIDE = 1280, HIGH = 720;
let service, people, screen, studio;

before(() => film_of());
beforeEach(async () => {
  service = await Service.start();
  people = await warehouse(service);
});
afterEach(async () => {
  await screen?.context.close();
  await service.stop();
});
after(async () => {
  await closeBrowser();
  rmSync(folder, { recursive: true, force: true });
});

// A label with one code, as `tallyman label` draws it.
function label(symbology, code, { stock = "60x40", module = /qr|matrix/.test(symbology) ? 1 : 0.25 } = {}) {
  const layout = `kind = "tote"\nstocks = ["60x40", "90x60"]\n[[item]]\nat = [2, 2, -2, -2]\ncode = "${code}"\nsymbology = "${symbology}"\nmodule = ${module}\nalign = "centre"\n`;
  writeFileSync(join(folder, "layout.toml"), layout);
  const out = join(folder, "label.svg");
  const made = spawnSync(BINARY, ["label", "preview", "tote", "--stock", stock, "--out", out, "--label-folder", folder], { encoding: "utf8" });
  assert.equal(made.status, 0, `${symbology} ${code}: ${made.stderr}`);
  return readFileSync(out, "utf8");
}

// What the camera sees from its next opening on: labels on a grey shelf, each at `x` and `y` (0 is the middle), a little askew, not
// quite sharp, with the grain of a poor sensor.
async function film_of(...labels) {
  let luma = Buffer.alloc(WIDE * HIGH, 90);
  if (labels.length) {
    studio ??= await (await open(service, { flags: FILMED })).context.newPage();
    const drawn = await studio.evaluate(async ({ labels, WIDE, HIGH }) => {
      const context = Object.assign(document.createElement("canvas"), { width: WIDE, height: HIGH }).getContext("2d");
      context.fillStyle = "#5a5a5a";
      context.fillRect(0, 0, WIDE, HIGH);
      for (const { svg, x = 0, y = 0, wide = 720, turned = 4 } of labels) {
        const image = new Image();
        image.src = `data:image/svg+xml;base64,${btoa(svg)}`;
        await image.decode();
        // Large at first: drawn at its size, bars would snap to whole pixels, as no lens lets them.
        const print = Object.assign(document.createElement("canvas"), { width: 3000, height: 2000 });
        print.getContext("2d").drawImage(image, 0, 0, 3000, 2000);
        context.imageSmoothingQuality = "high";
        context.setTransform(1, 0, 0, 1, WIDE / 2 + x, HIGH / 2 + y);
        context.rotate((turned * Math.PI) / 180);
        context.filter = "blur(0.8px)";
        context.drawImage(print, -wide / 2, -wide / 3, wide, (wide * 2) / 3);
      }
      const { data } = context.getImageData(0, 0, WIDE, HIGH);
      const luma = new Uint8Array(WIDE * HIGH);
      for (let n = 0; n < luma.length; n += 1) luma[n] = Math.max(16, Math.min(225, 20 + data[n * 4] * 0.75 + ((n * 7919) % 17) - 8));
      let text = "";
      for (let n = 0; n < luma.length; n += 8192) text += String.fromCharCode(...luma.subarray(n, n + 8192));
      return btoa(text);
    }, { labels, WIDE, HIGH });
    luma = Buffer.from(drawn, "base64");
  }
  writeFileSync(film, Buffer.concat([Buffer.from(`YUV4MPEG2 W${WIDE} H${HIGH} F30:1 Ip A1:1 C420jpeg\nFRAME\n`), luma, Buffer.alloc((WIDE * HIGH) / 2, 128)]));
}

// A picker at the first item of an order, whose browser counts what cameras it was given.
async function picking(lines, { number = "011", prepare = () => {}, ...options } = {}) {
  await released(service, lines);
  screen = await open(service, { flags: FILMED, ...options });
  await screen.page.addInitScript(() => {
    Object.assign(window, { tracks: [], policy: [] });
    addEventListener("securitypolicyviolation", (event) => policy.push(`${event.violatedDirective} ${event.blockedURI}`));
    const given = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
    if (given) navigator.mediaDevices.getUserMedia = async (wanted) => {
      const stream = await given(wanted);
      tracks.push(...stream.getTracks());
      return stream;
    };
  });
  await screen.page.addInitScript(prepare);
  screen.sent = [];
  screen.page.on("request", (request) => request.url().endsWith("/pda/scan") && screen.sent.push(request.postDataJSON()));
  await enter(screen, people[number].badge);
  await tap(screen, '[data-send="%GO:PICK"]');
  await scanned(screen, "T000001");
  await scanned(screen, await screen.page.locator('[data-f="place"]').textContent());
  assert.equal(await step(screen), "pick.item");
  return screen;
}

const look = () => screen.page.locator("#look").click();
const counted = () => screen.page.locator('[data-f="counted"]').textContent().then(Number);
const shut = () => until("the camera to close", () => screen.page.locator("#camera").isHidden());
const running = () => screen.page.evaluate(() => tracks.filter(({ readyState }) => readyState === "live").length);
const plays = () => until("the camera's picture", () => screen.page.evaluate(() => document.querySelector("#camera video").videoWidth > 0));
const sentence = async () => (await until("the sentence", () => screen.page.locator("#local:visible").count()), screen.page.locator("#local p").innerText());

// Looks with the camera, until the service has answered to what it read.
async function seen() {
  const asked = await version(screen), began = performance.now();
  await look();
  await until("an answer to the camera's code", async () => (await version(screen)) > asked, 20000);
  await shut();
  assert.equal(await running(), 0);
  return { ...screen.sent.at(-1), took: performance.now() - began };
}

test("every kind of code that the floor knows is a scan, with its identifier and its separators", async () => {
  await picking([["MUG-BLUE", 40]]);
  const elements = "(01)06901234500011(10)L-1(17)271231", raw = "010690123450001110L-1\u001d17271231";
  const codes = [["ean13", CODE["MUG-BLUE"], CODE["MUG-BLUE"], "]E0"], ["itf14", "16901234500018", "16901234500018", "]I"], ["code128", "MUG-BLUE", "MUG-BLUE", "]C0"],
    ["code39", "MUG-BLUE", "MUG-BLUE", "]A"], ["qr", "MUG-BLUE", "MUG-BLUE", "]Q1"], ["data_matrix", "MUG-BLUE", "MUG-BLUE", "]d1"],
    ["gs1_128", elements, raw, "]C1"], ["gs1_data_matrix", elements, raw, "]d2"]];
  let wanted = 0;
  for (const [symbology, code, text, aim] of codes) {
    const long = symbology === "gs1_128";
    await film_of({ svg: label(symbology, code, { stock: long ? "90x60" : "60x40" }), wide: long ? 900 : 720 });
    const { took, ...sent } = await seen();
    assert.deepEqual([sent.raw, sent.source], [text, "camera"], symbology);
    assert.ok(sent.aim.startsWith(aim), `${symbology}: ${sent.aim}`);
    wanted += symbology === "itf14" ? 6 : 1;
    assert.equal(await counted(), wanted, symbology);
    console.log(`${symbology}: ${sent.aim}, ${Math.round(took)} ms from tap to verdict`);
  }
  assert.deepEqual(await screen.page.evaluate(() => policy), []);
  assert.deepEqual(screen.troubles, []);
});

test("codes are read on their side and upside down; of two in view the nearer to the middle counts, and none that is out of sight", async () => {
  await picking([["MUG-BLUE", 40]]);
  const [mine, other, aside] = [label("ean13", CODE["MUG-BLUE"], { module: 0.4 }), label("code128", "TEA-001", { module: 0.4 }), label("qr", "MUG-RED")];
  for (const view of [{ turned: 184 }, { turned: 93 }, { x: 60, y: -40, turned: -17, wide: 660 }]) {
    await film_of({ svg: mine, ...view });
    const { raw } = await seen().catch((error) => assert.fail(`${JSON.stringify(view)}: ${error}`));
    assert.equal(raw, CODE["MUG-BLUE"], JSON.stringify(view));
  }
  const above = { svg: other, wide: 600, y: -280, turned: 0 };
  await film_of(above);
  assert.equal((await seen()).raw, "TEA-001");
  await screen.page.locator("[data-send='%OK']:visible, #local button:visible").first().click();
  await film_of(above, { svg: mine, wide: 600, y: 130, turned: 0 });
  assert.equal((await seen()).raw, CODE["MUG-BLUE"]);
  // The picture is cut at its sides, where the screen shows less than the camera sees.
  await film_of({ svg: aside, wide: 260, x: -560, turned: 0 });
  await look();
  await plays();
  await rest(1500);
  assert.equal(await screen.page.locator("#camera").isVisible(), true);
  await screen.page.keyboard.press("Escape");
  await shut();
  await film_of({ svg: aside, wide: 260, x: -390, turned: 0 });
  assert.equal((await seen()).raw, "MUG-RED");
  // What is wrong is told as of any scanner.
  assert.match(await screen.page.locator(".verdict.wrong:visible p").first().innerText(), /Wrong item\. You scanned MUG-RED/);
});

test("it ends by its button, by Escape, with a scan of the scanner, and with the page out of sight", async () => {
  await picking([["MUG-BLUE", 3]]);
  await film_of();
  const ways = { button: () => screen.page.locator("#camera button").click(), escape: () => screen.page.keyboard.press("Escape"), scanner: () => scanned(screen, CODE["MUG-BLUE"]),
    hidden: () => screen.page.evaluate(() => {
      Object.defineProperty(document, "visibilityState", { configurable: true, get: () => "hidden" });
      document.dispatchEvent(new Event("visibilitychange"));
      delete document.visibilityState;
    }) };
  for (const [name, end] of Object.entries(ways)) {
    await look();
    await plays();
    assert.equal(await running(), 1, name);
    await end();
    await shut();
    assert.equal(await running(), 0, name);
  }
  // Closed before the camera was there: it is let go when it comes.
  await screen.page.evaluate(() => (document.querySelector("#look").click(), dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", code: "Escape" }))));
  await rest(800);
  assert.deepEqual([await running(), await screen.page.locator("#camera").isHidden()], [0, true]);
  // A scanner's Enter presses nothing here either, and asks for no field.
  await look();
  await plays();
  await screen.page.keyboard.press("Enter");
  assert.equal(await screen.page.locator("#camera").isVisible(), true);
  await scanned(screen, CODE["MUG-BLUE"]);
  assert.equal(await counted(), 2);
  assert.deepEqual(screen.troubles, []);
});

for (const [number, language, size] of [["011", "en", PHONE], ["012", "zh-CN", SMALL], ["011", "en", SMALL], ["012", "zh-CN", PHONE]]) {
  test(`the camera's screen (${language}, ${size.width} x ${size.height})`, async () => {
    await film_of({ svg: label("pdf417", "NOT ONE OF OURS"), wide: 760 });
    await picking([["MUG-BLUE", 2], ["TEA-001", 1]], { number, language, size });
    await picture(screen, "pda/60-camera-closed");
    await look();
    await plays();
    await rest(300);
    await picture(screen, "pda/61-camera");
    // Where to go and what to take stay in sight.
    const above = await screen.page.evaluate(() => {
      const top = document.getElementById("camera").getBoundingClientRect().top;
      return [...document.querySelectorAll(".place, .item strong, .quantity")].every((part) => part.getBoundingClientRect().bottom <= top);
    });
    assert.ok(above, "the place, the item or the quantity is covered");
  });
}

const FAULTS = [
  ["denied", [...FILMED.filter((flag) => !flag.includes("fake-ui")), "--use-fake-ui-for-media-stream=deny"], /isn't allowed/, /未允许/],
  ["none", ["--use-fake-ui-for-media-stream"], /has no camera/, /没有摄像头/],
  ["busy", FILMED, /doesn't answer/, /无法使用/, () => (navigator.mediaDevices.getUserMedia = async () => Promise.reject(new DOMException("in use", "NotReadableError")))],
];
for (const [name, flags, english, chinese, prepare] of FAULTS) {
  test(`a camera that can't be used is told of: ${name}`, async () => {
    for (const [number, language, size, told] of [["011", "en", PHONE, english], ["012", "zh-CN", SMALL, chinese]]) {
      await picking([["MUG-BLUE", 1]], { number, language, size, flags, prepare });
      await look();
      assert.match(await sentence(), told);
      assert.equal(await screen.page.locator("#camera").isVisible(), false);
      await picture(screen, `pda/62-camera-${name}`);
      await screen.page.locator("#local button").click();
      if (language === "en") await screen.context.close(), await service.stop(), (service = await Service.start()), (people = await warehouse(service));
    }
  });
}

test("nothing of it is loaded before it is asked for; then it stays on the device, also without a network", async () => {
  await film_of({ svg: label("ean13", CODE["MUG-BLUE"]) });
  await picking([["MUG-BLUE", 9]]);
  const { page, context } = screen;
  await page.evaluate(() => navigator.serviceWorker.ready);
  screen.requests.length = 0;
  await page.reload();
  await ready(screen);
  const scripts = screen.requests.filter((url) => url.endsWith(".js"));
  assert.ok(scripts.length >= 5 && !scripts.some((url) => /camera|reader/.test(url)), scripts.join(" "));
  const kept = () => page.evaluate(async () => (await (await caches.open((await caches.keys())[0])).keys()).map(({ url }) => url.replace(/.*static\/[^/]*\//, "")));
  assert.ok(!(await kept()).some((name) => name.startsWith("vendor/")));
  // Never used, and no network: it says so, and works when the network is back.
  await context.setOffline(true);
  await look();
  assert.match(await sentence(), /isn't on this device yet/);
  assert.equal(await running(), 0);
  await context.setOffline(false);
  await page.locator("#local button").click();
  await seen();
  await until("the reader on the device", async () => (await kept()).filter((name) => name.startsWith("vendor/")).length === 2);
  await page.reload();
  await ready(screen);
  const before = await counted();
  await context.setOffline(true);
  await look();
  await until("the device's own verdict", async () => (await counted()) === before + 1, 20000);
  await shut();
  await context.setOffline(false);
  await until("the answer", async () => (await page.locator("#waiting").isHidden()), 20000);
  const bytes = await page.evaluate(async () => {
    const size = async (name) => (await (await fetch(`/static/${document.documentElement.dataset.build}/${name}`)).arrayBuffer()).byteLength;
    return { script: (await size("camera.js")) + (await size("reader.js")), reader: await size("vendor/zxing_reader.js"), wasm: await size("vendor/zxing_reader.wasm") };
  });
  console.log(`loaded with the first look: ${JSON.stringify(bytes)}`);
  assert.ok(bytes.reader + bytes.wasm < 1.2e6 && bytes.script < 8192, JSON.stringify(bytes));
});

test("WebAssembly runs in the reader alone", async () => {
  await picking([["MUG-BLUE", 1]]);
  const build = await screen.page.evaluate(() => document.documentElement.dataset.build);
  const policy = async (path) => (await fetch(service.url + path)).headers.get("content-security-policy");
  const asked = ["/login", "/pda", "/station", "/device/check", "/", "/sw.js", `/static/${build}/pda.js`, `/static/${build}/camera.js`, `/static/${build}/vendor/zxing_reader.js`];
  for (const path of asked) assert.match(await policy(path), /^default-src 'none'; script-src 'self';/, path);
  assert.equal(await policy(`/static/${build}/reader.js`), "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; base-uri 'none'");
  const refused = await screen.page.evaluate(() => WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])).then(() => "", String));
  assert.match(refused, /Content Security Policy/);
  assert.match(await (await fetch(`${service.url}/static/${build}/vendor/LICENSES.txt`)).text(), /MIT License[^]*Apache License/);
});

test("where it can't be used the button isn't there, and the device page says why", async () => {
  const away = { flags: [...FILMED, "--host-resolver-rules=MAP tallyman.test 127.0.0.1"] };
  const address = service.url;
  service.url = `http://tallyman.test:${service.port}`;
  screen = await open(service, away);
  await enter(screen, people["011"].badge);
  assert.equal(await screen.page.evaluate(() => isSecureContext), false);
  assert.equal(await screen.page.locator("#look").isHidden(), true);
  const check = async () => {
    await screen.page.goto(`${service.url}/device/check`);
    await ready(screen);
    await inspect(screen, "office/check-camera", { scrolls: true });
    return screen.page.locator('[data-check="camera"]').innerText();
  };
  assert.match(await check(), /✕[^]*Needs HTTPS/);
  await screen.context.close();
  service.url = address;
  screen = await open(service, { flags: FILMED });
  await enter(screen, people["011"].badge);
  assert.equal(await screen.page.locator("#look").isVisible(), true);
  assert.match(await check(), /✓/);
});

test("the reader is the one of its package, byte for byte", (t) => {
  const tools = createRequire(resolve(process.env.TALLYMAN_BROWSER ?? ".tools/browser", "node_modules/"));
  let home;
  try {
    home = resolve(tools.resolve("zxing-wasm/reader"), "../../../..");
  } catch {
    return t.skip("zxing-wasm isn't installed");
  }
  const note = readFileSync("src/web/static/vendor/README.md", "utf8");
  assert.ok(note.includes(`version ${JSON.parse(readFileSync(join(home, "package.json"), "utf8")).version}:`));
  for (const [ours, theirs] of [["zxing_reader.js", "dist/iife/reader/index.js"], ["zxing_reader.wasm", "dist/reader/zxing_reader.wasm"]]) {
    assert.ok(readFileSync(`src/web/static/vendor/${ours}`).equals(readFileSync(join(home, theirs))), ours);
  }
});
