// The camera as a scanner, for when there is no other. Loaded when it is asked for first. Its pictures are read on the device and
// never leave it; the first code is a scan like any other, and ends it.
import { normal } from "./wedge.js";

const EVERY_MS = 125;
const WIDEST = 1280;
const WANTED = { audio: false, video: { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } } };
const FAULTS = { NotAllowedError: "denied", SecurityError: "denied", NotFoundError: "none", OverconstrainedError: "none" };

const box = document.getElementById("camera"), video = box.querySelector("video");
const canvas = document.createElement("canvas"), context = canvas.getContext("2d", { willReadFrequently: true });
// The opening that counts: what comes in for an earlier one is thrown away.
let opening = 0, stream = null, reader = null;

// The worker that reads, once it has loaded what it needs.
function load() {
  reader ??= new Promise((resolve, reject) => {
    const worker = new Worker(new URL("reader.js", import.meta.url));
    const failed = () => (reader = null, worker.terminate(), reject(new DOMException("", "reader")));
    worker.onerror = failed;
    worker.onmessage = ({ data }) => (data.ready ? resolve(worker) : failed());
  });
  return reader;
}

// What the person sees of the picture, and no more, so that nothing is read that is out of sight.
function picture() {
  const { videoWidth, videoHeight, clientWidth, clientHeight } = video;
  const scale = Math.max(clientWidth / videoWidth, clientHeight / videoHeight);
  // Whole pixels: a picture shifted by half a one is a blurred one.
  const [wide, high] = [Math.round(clientWidth / scale), Math.round(clientHeight / scale)], shrink = Math.min(1, WIDEST / Math.max(wide, high));
  canvas.width = Math.round(wide * shrink), canvas.height = Math.round(high * shrink);
  context.drawImage(video, (videoWidth - wide) >> 1, (videoHeight - high) >> 1, wide, high, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

function read(worker) {
  const { data, width, height } = picture();
  return new Promise((resolve) => {
    worker.onmessage = (answer) => resolve(answer.data.code);
    worker.postMessage({ data, width, height }, [data.buffer]);
  });
}

async function watch(worker, mine) {
  for (let before = ""; mine === opening; ) {
    const began = performance.now();
    const code = video.videoWidth && video.clientWidth ? await read(worker) : null;
    if (mine !== opening) return null;
    const said = code ? code.aim + code.text : "";
    // Bars are read wrongly at times, also with a check digit: two pictures in a row must say the same.
    if (code && (said === before || !code.bars)) return normal(said);
    before = said;
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS - (performance.now() - began)));
  }
  return null;
}

const end = (of) => of?.getTracks().forEach((track) => track.stop());

export function close() {
  opening += 1;
  end(stream);
  stream = video.srcObject = null;
  if (box.hidden) return;
  box.hidden = true;
  document.querySelector(".scan-field").focus({ preventScroll: true });
}

// `heard({ raw, aim, source })` with the first code; `failed(why)` where there can be none.
export async function open(heard, failed) {
  close();
  const mine = opening;
  box.hidden = false;
  box.querySelector("button").focus({ preventScroll: true });
  try {
    const loading = load();
    loading.catch(() => {});
    const given = await navigator.mediaDevices.getUserMedia(WANTED);
    if (mine !== opening) return end(given);
    stream = video.srcObject = given;
    given.getVideoTracks()[0].onended = () => mine === opening && (close(), failed("busy"));
    video.play().catch(() => {});
    const scan = await watch(await loading, mine);
    if (!scan || mine !== opening) return;
    close();
    heard({ ...scan, source: "camera" });
  } catch (error) {
    if (mine !== opening) return;
    close();
    failed(error.name === "reader" ? "reader" : FAULTS[error.name] ?? "busy");
  }
}

box.querySelector("button").onclick = close;
addEventListener("keydown", ({ key }) => key === "Escape" && close());
addEventListener("pagehide", close);
document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && close());
