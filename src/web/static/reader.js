// Reads the codes in pictures, beside the page that takes them. A worker has a policy of its own, and this one's alone allows
// WebAssembly (`assets.rs`).
const FORMATS = ["Code128", "EAN13", "EAN8", "UPCA", "UPCE", "ITF14", "Code39Std", "DataMatrix", "QRCode"];
// What was measured to read bars wrongly at times, though seldom: pictures made smaller, and a few lines that agree by chance.
const CAREFUL = { tryDownscale: false, minLineCount: 4 };

async function load() {
  importScripts("vendor/zxing_reader.js");
  const locateFile = (file) => new URL(`vendor/${file}`, location.href).href;
  await ZXingWASM.prepareZXingModule({ overrides: { locateFile }, fireImmediately: true });
}

function over(one, other) {
  const [a, b] = [one, other].map(({ position }) => Object.values(position).filter((corner) => corner.x !== undefined));
  return ["x", "y"].every((axis) => Math.min(...a.map((at) => at[axis])) <= Math.max(...b.map((at) => at[axis]))
    && Math.min(...b.map((at) => at[axis])) <= Math.max(...a.map((at) => at[axis])));
}

// The code that is nearest to the middle of the picture; its text as a scanner would send it, separators of GS1 among it. Lines
// that cross bars askew may read something else there, with a check digit that is right by chance: most lines win.
async function read({ data, width, height }) {
  const found = await ZXingWASM.readBarcodes(new ImageData(data, width, height), { formats: FORMATS, textMode: "Plain", tryInvert: false, ...CAREFUL });
  const off = ({ position: { topLeft: a, bottomRight: b } }) => Math.hypot(a.x + b.x - width, a.y + b.y - height);
  const beaten = (one) => found.some((other) => other.lineCount > one.lineCount && over(one, other));
  const [code] = found.filter((one) => one.isValid && one.text.trim() && !beaten(one)).sort((one, other) => off(one) - off(other));
  return code ? { text: code.text, aim: code.symbologyIdentifier, bars: code.lineCount > 0 } : null;
}

load().then(() => postMessage({ ready: true }), () => postMessage({ ready: false }));
onmessage = ({ data }) => read(data).catch(() => null).then((code) => postMessage({ code }));
