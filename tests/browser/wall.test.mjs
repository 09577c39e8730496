// A batch of many orders: one walk, the put wall, and a slot packed at the station; orders of one piece are packed by their item.
import assert from "node:assert/strict";
import { after, afterEach, beforeEach, test } from "node:test";
import { BENCH, CODE, PHONE, Printer, SMALL, Scale, Service, closeBrowser, enter, open, picture, released, rest, scanned, station, step, tap, until, warehouse } from "./kit.mjs";

let service, people, printer, scale, screens;

beforeEach(async () => {
  service = await Service.start();
  [people, printer, scale, screens] = [await warehouse(service), await Printer.start(), await Scale.start(), []];
  await station(service, printer, scale);
  await service.ask("PUT", "/walls", { code: "W1", rows: 2, columns: 3, spare: "BENCH" });
  await service.ask("PUT", "/roles/picker/rights", { rights: ["read", "pick", "stock_move"] });
});
afterEach(async () => {
  for (const screen of screens) await screen.context.close();
  await service.stop();
  printer.stop();
  scale.stop();
});
after(closeBrowser);

const text = ({ page }, field) => page.locator(`[data-f="${field}"]`).first().textContent();

async function walkBatch(screen) {
  while ((await step(screen)) !== "batch.drop") {
    const [place, sku, of] = [await text(screen, "place"), await text(screen, "sku"), (await text(screen, "of")).replace(/\D/g, "")];
    if ((await step(screen)) === "batch.place") await scanned(screen, place);
    await scanned(screen, CODE[sku]);
    if (Number(of) > 1) await scanned(screen, `=${of}`, { aim: "]C0" });
  }
}

for (const [number, language, size] of [["011", "en", PHONE], ["012", "zh-CN", SMALL]]) {
  test(`a batch, the put wall and putting away (${language}, ${size.width} x ${size.height})`, async () => {
    const mixed = [["MUG-BLUE", 1], ["TEA-001", 1]];
    await released(service, mixed, [["TEA-001", 2]], mixed);
    const screen = await open(service, { size, language });
    screens.push(screen);
    await enter(screen, people[number].badge);
    await picture(screen, "pda/30-menu-full");
    await tap(screen, '[data-send="%GO:BATCH"]');
    await picture(screen, "pda/31-batch-tote");
    await scanned(screen, "T000001");
    await picture(screen, "pda/32-batch-place");
    await walkBatch(screen);
    await picture(screen, "pda/33-batch-drop");
    await scanned(screen, "W1-A1");
    await tap(screen, '[data-send="%GO:WALL"]');
    await picture(screen, "pda/34-wall-tote");
    await scanned(screen, "T000001");
    await picture(screen, "pda/35-wall-piece");
    let done = 0;
    for (const sku of ["MUG-BLUE", "TEA-001", "TEA-001", "TEA-001", "TEA-001", "MUG-BLUE"]) {
      await scanned(screen, CODE[sku]);
      if (!done) await picture(screen, "pda/36-wall-slot");
      await scanned(screen, await screen.page.locator(".slot-name").textContent());
      done += (await screen.page.locator(".strip.done:visible").count()) ? 1 : 0;
      if (done === 1) await picture(screen, "pda/37-wall-complete");
    }
    assert.equal(done, 3);
    await tap(screen, '[data-send="%BACK"]');
    await tap(screen, '[data-send="%BACK"]');
    // Put away: the place is proposed.
    await tap(screen, '[data-send="%GO:STOW"]');
    await picture(screen, "pda/38-stow-from");
    await scanned(screen, "B-07-1");
    await picture(screen, "pda/39-stow-item");
    await scanned(screen, CODE["PEN-7"]);
    await picture(screen, "pda/40-stow-to");
    await scanned(screen, "A-12-4");
    await picture(screen, "pda/41-stowed");

    // The slot is packed like a tote.
    const bench = await open(service, { size: BENCH });
    screens.push(bench);
    await enter(bench, people["021"].badge, "/station");
    await scanned(bench, "%WPACK-1");
    await scanned(bench, "W1-A1");
    assert.equal(await step(bench), "pack.verify");
  });
}

test("orders of one piece go from one tote into parcels by their item", async () => {
  await released(service, [["PEN-7", 1]], [["PEN-7", 1]], [["MUG-RED", 1]]);
  const screen = await open(service, { size: PHONE });
  screens.push(screen);
  await enter(screen, people["011"].badge);
  await tap(screen, '[data-send="%GO:BATCH"]');
  await scanned(screen, "T000001");
  await walkBatch(screen);
  assert.match(await screen.page.locator("h1.ask").innerText(), /packing/);
  await scanned(screen, "%WPACK-1");
  const bench = await open(service, { size: BENCH });
  screens.push(bench);
  await enter(bench, people["021"].badge, "/station");
  await scanned(bench, "%WPACK-1");
  await scanned(bench, "T000001");
  await picture(bench, "station/20-scan-item", { scrolls: true });
  let packed = 0;
  for (const sku of ["PEN-7", "MUG-RED", "PEN-7"]) {
    await rest(350);
    await scanned(bench, CODE[sku]);
    for (const paper of await bench.page.locator(".papers button").all()) await paper.click(), await rest(150);
    await until("the scale's step", async () => (await step(bench)) === "pack.weigh");
    await bench.page.locator("[data-keypad]").click();
    for (const digit of sku === "PEN-7" ? "60" : "330") await bench.page.locator(`#keypad [data-key="${digit}"]`).click();
    await tap(bench, '#keypad [data-key="ok"]');
    await until("the label's step", async () => (await step(bench)) === "pack.label");
    packed += 1;
    await until("the label", () => printer.labels.length === packed, 20000);
    const waybill = await bench.page.locator(".waybill").textContent();
    await until("the proof", async () => (await scanned(bench, waybill), (await step(bench)) === "pack.tote"), 15000);
  }
  assert.equal(printer.labels.length, 3);
});
