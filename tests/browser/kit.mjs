// What the browser's tests share: the served program with a small warehouse in it, real Chromium, a scanner that types, and eyes
// that measure every screen. Needs playwright-core and axe-core beside TALLYMAN_BROWSER, and `chromium`.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { randomUUID } from "node:crypto";

const tools = createRequire(resolve(process.env.TALLYMAN_BROWSER ?? ".tools/browser", "node_modules/"));
const { chromium } = tools("playwright-core");
const axe = readFileSync(tools.resolve("axe-core/axe.min.js"), "utf8");
export const BINARY = process.env.TALLYMAN_BINARY ?? "target/debug/tallyman";
const SCREENS = process.env.TALLYMAN_SCREENS ?? ".tools/screens";

export const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Waits until something is so; says what it waited for.
export async function until(what, so, ms = 10000) {
  const end = performance.now() + ms;
  for (;;) {
    const found = await so();
    if (found) return found;
    if (performance.now() > end) throw new Error(`waited ${ms} ms for ${what}`);
    await rest(15);
  }
}

// The program, serving out of a folder of its own.
export class Service {
  static async start({ port = 0, folder = mkdtempSync(join(tmpdir(), "tallyman-browser-")), more = [] } = {}) {
    const service = new Service();
    const server = process.env.TALLYMAN_BROWSER_PG;
    if (server) {
      // A database of its own on the given server.
      const name = `tm_browser_${randomUUID().replaceAll("-", "")}`;
      const made = spawnSync("psql", ["-q", server, "-c", `CREATE DATABASE ${name}`], { encoding: "utf8" });
      assert.equal(made.status, 0, made.stderr);
      more = [...more, "--database-url", server.replace(/\/[^/]*$/, `/${name}`)];
      service.drop = () => spawnSync("psql", ["-q", server, "-c", `DROP DATABASE ${name} WITH (FORCE)`]);
    }
    Object.assign(service, { folder, more });
    await service.run(port);
    return service;
  }

  async run(port) {
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("TALLYMAN_")));
    Object.assign(env, { TALLYMAN_LISTEN: `127.0.0.1:${port}`, LC_ALL: "C.UTF-8", TALLYMAN_LOG: process.env.TALLYMAN_BROWSER_LOG ?? "warn" });
    this.process = spawn(join(process.cwd(), BINARY), ["serve", ...this.more], { cwd: this.folder, env, stdio: ["ignore", "pipe", "pipe"] });
    let out = "", said = "";
    this.process.stdout.on("data", (data) => (out += data));
    this.process.stderr.on("data", (data) => (said += data));
    this.ended = new Promise((resolve) => this.process.on("exit", resolve));
    this.url = await until("the service", () => {
      assert.equal(this.process.exitCode, null, said);
      return /http:\/\/\S+/.exec(out)?.[0];
    }, 60000);
    this.said = () => said;
    this.token ??= /tm_\S+/.exec(said)?.[0];
    this.password ??= /(?:password|密码)\s+(\S+)/.exec(said)?.[1];
    this.port = Number(new URL(this.url).port);
  }

  async ask(method, path, body, token = this.token) {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", "idempotency-key": randomUUID() };
    const answer = await fetch(`${this.url}/api/v1${path}`, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  // Pulls the plug, or ends it in order, and starts it again at the same address.
  async again(signal = "SIGKILL", rests = 0) {
    this.process.kill(signal);
    await this.ended;
    await rest(rests);
    await this.run(this.port);
  }

  async stop() {
    this.process.kill("SIGTERM");
    await this.ended;
    this.drop?.();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export const GOODS = [
  { code: "MUG-BLUE", name_en: "Blue enamel mug, 350 ml", name_zh: "蓝色搪瓷杯 350毫升", weight_grams: 310, barcodes: [["6901234500011", 1], ["16901234500018", 6]], packing_note: "Wrap each mug by itself" },
  { code: "MUG-RED", name_en: "Red enamel mug, 350 ml", name_zh: "红色搪瓷杯 350毫升", weight_grams: 310, barcodes: [["6901234500028", 1]] },
  { code: "TEA-001", name_en: "Longjing tea, 250 g", name_zh: "龙井茶 250克", weight_grams: 280, barcodes: [["6901234567892", 1]], papers: ["Tea card"] },
  { code: "BOOK-001", name_en: "A dream of red mansions", name_zh: "红楼梦", weight_grams: 950, barcodes: [["9787020002207", 1]] },
  { code: "PEN-7", name_en: "Pen, black, 0.7 mm", name_zh: "黑色签字笔 0.7", weight_grams: 12, barcodes: [["6901234500035", 1]] },
];
export const CODE = Object.fromEntries(GOODS.map((sku) => [sku.code, sku.barcodes[0][0]]));
const PLACES = ["A-01-1", "A-02-3", "A-12-3", "B-03-2", "B-07-1"];

export const RECEIVER = { name: "李雷", phone: "13800000001", country: "CN", province: "浙江省", city: "杭州市", district: "西湖区", line1: "文一西路 969 号", postal_code: "310000" };

// Goods, places, totes, carts, a carrier with numbers, and people with badges.
export async function warehouse(service) {
  const skus = GOODS.map((sku) => ({ ...sku, barcodes: sku.barcodes.map(([barcode, unit_factor]) => ({ barcode, unit_factor })) }));
  await service.ask("PUT", "/skus", { skus });
  const places = PLACES.map((code, index) => ({ code, zone: code[0], aisle: code[0], position: index, walk_order: (index + 1) * 10 }));
  await service.ask("PUT", "/locations", { locations: [...places, { code: "BENCH", zone: "P", walk_order: 900, pickable: false }, { code: "A-12-4", zone: "A", walk_order: 35 }] });
  const receipts = GOODS.map((sku, index) => ({ sku: sku.code, location: PLACES[index], quantity: 400, lot: `L-${index + 1}` }));
  await service.ask("POST", "/stock/receive", { receipts });
  await service.ask("POST", "/totes", { prefix: "T", first: 1, last: 60 });
  await service.ask("PUT", "/carts", { prefix: "CART", first: 1, last: 2, positions: 8 });
  await service.ask("PUT", "/carriers", { code: "SF", name_en: "SF Express", name_zh: "顺丰速运", is_default: true });
  await service.ask("POST", "/waybills/import", { carrier: "SF", range: { prefix: "SF", first: 1000000001, last: 1000000200 } });
  const people = {};
  for (const [number, name, language, role] of [["011", "Mia Picker", "en", "picker"], ["012", "王小明", "zh-CN", "picker"], ["021", "Paul Packer", "en", "packer"], ["022", "陈静", "zh-CN", "packer"], ["031", "Lena Lead", "en", "shift_lead"], ["041", "周经理", "zh-CN", "manager"]]) {
    const { person_id } = await service.ask("POST", "/people", { number, name, language, roles: [role] });
    const { code } = await service.ask("POST", `/people/${person_id}/badge`);
    people[number] = { id: person_id, number, badge: code };
    if (role === "shift_lead" || role === "manager") {
      await service.ask("PUT", `/people/${person_id}/pin`, { pin: "2580" });
      await service.ask("PUT", `/people/${person_id}/password`, { password: "correct horse 7" });
    }
  }
  return people;
}

// A label printer on the network that answers what a ZPL printer answers to `~HS`, and keeps what it printed.
export class Printer {
  static async start() {
    const printer = Object.assign(new Printer(), { paper: true, labels: [], sockets: new Set() });
    printer.server = createServer((socket) => {
      printer.sockets.add(socket);
      let text = "";
      socket.on("error", () => {}).on("close", () => printer.sockets.delete(socket));
      socket.on("data", (data) => {
        text += data.toString("latin1");
        for (let at; (at = text.indexOf("~HS")) >= 0; ) {
          text = text.slice(0, at) + text.slice(at + 3);
          const out = printer.paper ? 0 : 1;
          socket.write(`\x02030,${out},0,1245,000,0,0,0,000,0,0,0\x03\r\n\x02000,0,0,0,0,2,6,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n`);
        }
        for (let at; printer.paper && (at = text.indexOf("^XZ")) >= 0; ) {
          printer.labels.push(text.slice(0, at + 3));
          text = text.slice(at + 3);
        }
      });
    });
    await new Promise((resolve) => printer.server.listen(0, "127.0.0.1", resolve));
    printer.address = `127.0.0.1:${printer.server.address().port}`;
    return printer;
  }

  stop() {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}

// A scale on the network that says ten times a second what lies on it, moving for a moment after each change.
export class Scale {
  static async start() {
    const scale = Object.assign(new Scale(), { grams: 0, moves: 0, sockets: new Set() });
    scale.server = createServer((socket) => {
      scale.sockets.add(socket);
      socket.on("error", () => {}).on("close", () => scale.sockets.delete(socket));
    });
    scale.timer = setInterval(() => {
      const still = scale.moves-- <= 0;
      const shown = (scale.grams / 1000).toFixed(3).padStart(8, "0");
      for (const socket of scale.sockets) socket.write(`${still ? "ST" : "US"},GS,+${shown}kg\r\n`);
    }, 100);
    await new Promise((resolve) => scale.server.listen(0, "127.0.0.1", resolve));
    scale.address = `tcp:127.0.0.1:${scale.server.address().port}`;
    return scale;
  }

  put(grams) {
    Object.assign(this, { grams, moves: 4 });
  }

  stop() {
    clearInterval(this.timer);
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}

// A packing station with a printer and a scale.
export async function station(service, printer, scale) {
  await service.ask("PUT", "/printers", { code: "ZP-1", name: "Labels", transport: "tcp", address: printer.address, language: "zpl" });
  await service.ask("PUT", "/stations", { code: "PACK-1", name: "Bench 1", label_printer: "ZP-1", scale: scale.address, scale_protocol: "st_gs" });
}

let orders = 0;

// Orders of lines `[sku, quantity]`, released in one wave.
export async function released(service, ...wanted) {
  for (const lines of wanted) {
    orders += 1;
    const receiver = { ...RECEIVER, name: `李雷${orders}`, phone: String(13800000000 + orders), line1: `文一西路 ${orders} 号` };
    const items = lines.map(([sku, quantity], index) => ({ external_id: String(index + 1), sku, quantity }));
    await service.ask("POST", "/orders", { external_id: `W-${1000 + orders}`, receiver, lines: items });
  }
  const { wave_id } = await service.ask("POST", "/waves", { choice: { limit: 500 } });
  await service.ask("POST", `/waves/${wave_id}/release`);
  return wave_id;
}

export const PHONE = { width: 360, height: 640 }, SMALL = { width: 320, height: 533 }, BENCH = { width: 1280, height: 800 };

const browsers = new Map();

// A browser window of its own: nothing is shared with the others. `flags` are for the browser's start, such as a camera that it shall have.
export async function open(service, { size = PHONE, language = "en", touch = size !== BENCH, flags = [] } = {}) {
  const kind = flags.join(" ");
  if (!browsers.has(kind)) {
    const args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", ...flags];
    browsers.set(kind, await chromium.launch({ executablePath: process.env.TALLYMAN_CHROMIUM ?? "/usr/bin/chromium", args }));
  }
  const browser = browsers.get(kind);
  const context = await browser.newContext({ viewport: size, deviceScaleFactor: 2, hasTouch: touch, isMobile: touch, locale: language, serviceWorkers: "allow" });
  const page = await context.newPage();
  const troubles = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && troubles.push(message.text()));
  page.on("pageerror", (error) => troubles.push(String(error)));
  const wire = await context.newCDPSession(page);
  const screen = { page, context, wire, service, troubles, size, language, requests: [] };
  page.on("request", (request) => screen.requests.push(request.url()));
  return screen;
}

export async function closeBrowser() {
  await Promise.all([...browsers.values()].map((browser) => browser.close()));
  browsers.clear();
}

// The key of a US keyboard that makes a character.
function keyOf(character) {
  if (/[a-z]/i.test(character)) return { code: `Key${character.toUpperCase()}`, shift: /[A-Z]/.test(character) };
  if (/[0-9]/.test(character)) return { code: `Digit${character}`, shift: false };
  const shifted = ")!@#$%^&*(".indexOf(character);
  if (shifted >= 0) return { code: `Digit${shifted}`, shift: true };
  const keys = { "-": ["Minus"], _: ["Minus", 1], "=": ["Equal"], "+": ["Equal", 1], "[": ["BracketLeft"], "]": ["BracketRight"], ":": ["Semicolon", 1], ".": ["Period"], "/": ["Slash"], " ": ["Space"], "(": ["Digit9", 1], ")": ["Digit0", 1] };
  const [code = "", shift = 0] = keys[character] ?? [];
  return { code, shift: Boolean(shift) };
}

// One key, as the browser's own protocol has it.
export async function key(screen, character, { spoilt = null } = {}) {
  const { wire } = screen;
  if (character === "\u001d") {
    await wire.send("Input.dispatchKeyEvent", { type: "rawKeyDown", key: "]", code: "BracketRight", modifiers: 2, windowsVirtualKeyCode: 221 });
    return wire.send("Input.dispatchKeyEvent", { type: "keyUp", key: "]", code: "BracketRight", modifiers: 2, windowsVirtualKeyCode: 221 });
  }
  if (character === "\n" || character === "\t") {
    const name = character === "\n" ? "Enter" : "Tab", windowsVirtualKeyCode = character === "\n" ? 13 : 9;
    await wire.send("Input.dispatchKeyEvent", { type: "keyDown", key: name, code: name, windowsVirtualKeyCode, text: character === "\n" ? "\r" : undefined });
    return wire.send("Input.dispatchKeyEvent", { type: "keyUp", key: name, code: name, windowsVirtualKeyCode });
  }
  const { code, shift } = keyOf(character), modifiers = shift ? 8 : 0;
  const name = spoilt ?? character;
  await wire.send("Input.dispatchKeyEvent", { type: spoilt ? "rawKeyDown" : "keyDown", key: name, code, modifiers, text: spoilt ? undefined : character });
  return wire.send("Input.dispatchKeyEvent", { type: "keyUp", key: name, code, modifiers });
}

// A scan: its AIM prefix, its text, Enter.
export async function scan(screen, text, { aim = "]C0", gap = 0, end = "\n", spoilt = null } = {}) {
  for (const character of aim + text + end) {
    await key(screen, character, { spoilt: spoilt && !"\n\t".includes(character) ? spoilt : null });
    if (gap) await rest(gap);
  }
}

export const version = ({ page }) => page.locator(".step").getAttribute("data-version").then(Number);
export const step = ({ page }) => page.locator(".step").first().getAttribute("data-step");

// Scans, and waits until the service has answered.
export async function scanned(screen, text, options) {
  const before = await version(screen);
  await scan(screen, text, options);
  await until(`an answer to ${text} at ${await step(screen)}`, async () => (await version(screen)) > before);
}

export async function tap(screen, selector) {
  const before = await version(screen);
  await screen.page.locator(selector).first().click();
  await until(`an answer to a tap on ${selector}`, async () => (await version(screen)) > before);
}

// Logs in by badge, at a surface.
export async function enter(screen, badge, to = "/pda") {
  await screen.page.goto(`${screen.service.url}${to}`);
  await scan(screen, badge);
  await screen.page.waitForURL((url) => url.pathname === to);
  await ready(screen);
  if (await screen.page.locator("#start:not([hidden]) button").count()) await screen.page.locator("#start button").click();
}

export const ready = (screen) => screen.page.waitForSelector('html[data-ready="1"]', { state: "attached", timeout: 10000 })
  .catch(() => assert.fail(`the page isn't ready: ${screen.troubles.join("; ")}`));

// Everything on the screen is whole, large and dark enough; and the accessibility checker finds nothing serious.
export async function inspect(screen, name, { scrolls = false } = {}) {
  const { page } = screen;
  const faults = await page.evaluate(({ scrolls, floor }) => {
    const faults = [], root = document.documentElement;
    const label = (element) => `${element.tagName.toLowerCase()}.${element.className} "${element.textContent.trim().slice(0, 40)}"`;
    if (root.scrollWidth > innerWidth) faults.push(`scrolls sideways: ${root.scrollWidth} > ${innerWidth}`);
    if (!scrolls && root.scrollHeight > innerHeight + 1) faults.push(`scrolls: ${root.scrollHeight} > ${innerHeight}`);
    const shown = (element) => element.checkVisibility?.({ opacityProperty: true, visibilityProperty: true }) ?? true;
    const rgb = (text) => (/rgba?\(([^)]+)\)/.exec(text)?.[1] ?? "0,0,0,0").split(/[ ,/]+/).map(Number);
    const light = ([r, g, b]) => [r, g, b].map((value) => value / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = (element) => {
      for (let at = element; at; at = at.parentElement) {
        const color = rgb(getComputedStyle(at).backgroundColor);
        if ((color[3] ?? 1) > 0.99) return color;
      }
      return [255, 255, 255];
    };
    const onTop = (element) => {
      const box = element.getBoundingClientRect(), x = box.left + Math.min(box.width / 2, 20), y = box.top + box.height / 2;
      const hit = document.elementFromPoint(x, y);
      return hit && (element.contains(hit) || hit.contains(element));
    };
    for (const element of document.querySelectorAll("body *")) {
      if (!shown(element) || element.closest("[hidden], .visually-hidden, [aria-hidden=true], svg, script")) continue;
      const style = getComputedStyle(element), box = element.getBoundingClientRect();
      if (!box.width || !box.height || !onTop(element)) continue;
      if (floor && element.matches("button, a, input, select")) {
        const least = element.classList.contains("main-action") ? 76 : element.classList.contains("small") ? 48 : 56;
        if (box.height < least - 0.5 || box.width < 47.5) faults.push(`small: ${label(element)} ${Math.round(box.width)} x ${Math.round(box.height)}`);
      }
      const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
      if (!own) continue;
      if (floor && parseFloat(style.fontSize) < 16) faults.push(`small text: ${label(element)} ${style.fontSize}`);
      if (element.scrollWidth > element.clientWidth + 1 && style.overflowX !== "visible" && element.clientWidth) faults.push(`cut: ${label(element)}`);
      if (box.right > innerWidth + 1 || box.left < -1) faults.push(`outside: ${label(element)}`);
      if (!scrolls && (box.bottom > innerHeight + 1 || box.top < -1)) faults.push(`below: ${label(element)} ${Math.round(box.bottom)}`);
      const [front, back] = [light(rgb(style.color)), light(behind(element))];
      const contrast = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
      const needs = floor && element.matches(".place, .quantity *, .ask, .ask-line, .verdict p") ? 7 : 4.5;
      if (contrast < needs) faults.push(`pale: ${label(element)} ${contrast.toFixed(2)} < ${needs}`);
    }
    return faults;
  }, { scrolls, floor: !name.startsWith("office") });
  assert.deepEqual(faults, [], `${name} at ${screen.size.width} x ${screen.size.height}`);
  await page.evaluate(axe + "; 0");
  const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] }));
  const serious = violations.filter(({ impact, id }) => ["serious", "critical"].includes(impact) && id !== "meta-viewport");
  assert.deepEqual(serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`), [], name);
  assert.deepEqual(screen.troubles, [], `${name}: the console`);
}

// A picture of a screen, to be looked at; inspected too.
export async function picture(screen, name, options) {
  await inspect(screen, name, options);
  const theme = await screen.page.evaluate(() => document.documentElement.dataset.theme);
  const folder = join(SCREENS, name.split("/")[0]);
  mkdirSync(folder, { recursive: true });
  const size = screen.size === SMALL ? "-small" : "";
  await screen.page.screenshot({ path: join(SCREENS, `${name}${size}-${theme}.${screen.language}.png`), scale: "css" });
}
