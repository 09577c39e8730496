// Right, done, wrong and to be read: told apart by sound, colour and vibration at once. Browsers allow sound after the first key
// or tap only.
let context = null;

export function unlock() {
  const Audio = window.AudioContext ?? window.webkitAudioContext;
  if (!Audio) return;
  context ??= new Audio();
  if (context.state === "suspended") context.resume().catch(() => {});
}

// Tones: hertz, milliseconds after now, length, volume.
const TONES = { ok: [[1760, 0, 70, 0.3]], done: [[1320, 0, 90, 0.3], [1976, 110, 120, 0.3]], info: [[880, 0, 90, 0.12]],
  wrong: [[196, 0, 350, 0.6], [196, 430, 350, 0.6]] };
const SHAKES = { ok: 40, done: [40, 60, 40], wrong: [200, 100, 200] };

export function signal(kind) {
  window.dispatchEvent(new CustomEvent("signal", { detail: kind }));
  if (SHAKES[kind]) navigator.vibrate?.(SHAKES[kind]);
  if (context?.state !== "running") return;
  for (const [hertz, after, length, volume] of TONES[kind] ?? []) {
    const tone = context.createOscillator(), gain = context.createGain(), at = context.currentTime + after / 1000;
    tone.type = kind === "wrong" ? "square" : "sine";
    tone.frequency.value = hertz;
    gain.gain.setValueAtTime(volume, at);
    gain.gain.setTargetAtTime(0, at + length / 1000, 0.01);
    tone.connect(gain).connect(context.destination);
    tone.start(at);
    tone.stop(at + length / 1000 + 0.1);
  }
}

// The edge of the screen, within the frame of the key that ended the scan.
export function flash(kind) {
  const edge = document.getElementById("tick");
  if (!edge) return;
  edge.className = kind;
  clearTimeout(flash.timer);
  flash.timer = setTimeout(() => (edge.className = ""), kind === "seen" ? 250 : 500);
}
