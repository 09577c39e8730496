// Draws ZPL with zpl-renderer-js: `node render.mjs FOLDER_OF_NODE_MODULES < LIST`. Each line of the list is
// `zpl width height dpmm input output`, sizes in dots. A line to stdout for each that it could not draw.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(process.argv[2] + "/");
const { ready } = require("zpl-renderer-js");
const { api } = await ready;
for (const line of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  const [, width, height, dpmm, input, output] = line.split(" ");
  try {
    const zpl = readFileSync(input, "latin1");
    const png = await api.zplToBase64Async(zpl, width / dpmm, height / dpmm, Number(dpmm));
    writeFileSync(output, Buffer.from(png, "base64"));
  } catch (error) {
    console.log(`${line}: ${error.message ?? error}`);
  }
}
process.exit(0);
