import { Service, warehouse, released, open, enter, scanned, scan, tap, picture, closeBrowser, CODE, PHONE, SMALL, step, rest } from "./kit.mjs";
const service = await Service.start();
const people = await warehouse(service);
await released(service, [["MUG-BLUE", 3], ["TEA-001", 1]], [["MUG-RED", 2]]);
try {
  const screen = await open(service, { size: SMALL });
  await screen.page.goto(service.url + "/pda");
  await screen.page.screenshot({ path: "/tmp/s-login.png", scale: "css" });
  await enter(screen, people["011"].badge);
  const shot = async (n) => { console.log(n, await step(screen)); await screen.page.screenshot({ path: `/tmp/s-${n}.png`, scale: "css" }); await picture(screen, "pda/" + n).catch((e) => console.log(e.message)); };
  await shot("menu");
  await tap(screen, '[data-send="%GO:PICK"]');
  await shot("tote");
  await scanned(screen, "T000001"); await shot("place");
  await scanned(screen, "A-02-3"); await shot("wrong");
  await scanned(screen, "A-01-1"); await shot("item");
  await scanned(screen, CODE["MUG-BLUE"]); await shot("one");
  await tap(screen, '[data-send="%SHORT"]'); await shot("short");
} finally { await closeBrowser(); await service.stop(); }
