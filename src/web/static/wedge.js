// Scans of a keyboard wedge. A scan begins with its AIM prefix (`]C1`) and ends with Enter or Tab; time decides only where a
// device sends no prefix. Time is read from `event.timeStamp`, because a handler may run late.

const AIM = /^\][A-Za-z][0-9]$/;
const LONGEST = 512;
// Without a key for so long, an unfinished scan is given up; some devices pause for seconds inside a long code.
const FORGET_MS = 10000;
// Keys of a scan without a prefix: never further apart than this, and on average much closer.
const APART_MS = 100, MEAN_MS = 35, FEWEST = 3;

// A US keyboard, for keys that an input method or another layout has turned into something else.
const PLAIN = { Minus: "-_", Equal: "=+", BracketLeft: "[{", BracketRight: "]}", Backslash: "\\|", Semicolon: ";:", Quote: "'\"",
  Comma: ",<", Period: ".>", Slash: "/?", Backquote: "`~", Space: "  ", NumpadAdd: "++", NumpadSubtract: "--", NumpadMultiply: "**",
  NumpadDivide: "//", NumpadDecimal: ".." };
const DIGITS = ")!@#$%^&*(";

function byCode(event) {
  const { code, shiftKey: shift } = event;
  let found = /^Key([A-Z])$/.exec(code);
  if (found) return shift !== event.getModifierState?.("CapsLock") ? found[1] : found[1].toLowerCase();
  found = /^(Digit|Numpad)([0-9])$/.exec(code);
  if (found) return shift && found[1] === "Digit" ? DIGITS[+found[2]] : found[2];
  return PLAIN[code]?.[shift ? 1 : 0] ?? "";
}

// The character that a key stands for; nothing where it stands for none.
function character(event) {
  if (event.metaKey) return "";
  if (event.ctrlKey) return event.key === "]" || event.key === "\u001d" || event.code === "BracketRight" ? "\u001d" : "";
  if (event.key.length === 1) return event.key.charCodeAt(0) < 127 ? event.key : byCode(event);
  return event.key === "Process" || event.key === "Unidentified" ? byCode(event) : "";
}

// What was scanned, without prefix and leading separator; a written-out separator becomes the real one.
export function normal(text) {
  const found = /^(\][A-Za-z][0-9])([^]*)$/.exec(text);
  const raw = (found ? found[2] : text).replace(/<GS>|\{GS\}|Alt\+029/g, "\u001d").replace(/^\u001d/, "");
  return { aim: found ? found[1] : "", raw };
}

function typing(target) {
  return target instanceof HTMLElement && !target.hasAttribute("data-scan")
    && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

// Calls `scanned({ raw, aim, provisioned })` for each scan, in order. Options: `blankMs`, in which the same code counts once;
// `field`, for devices that write through an input method; `keys(event)`, to look at each key.
export function listen(scanned, { blankMs = 0, field = null, keys = null } = {}) {
  let buffer = "", times = [], alt = "", last = { raw: "", at: -Infinity };

  function add(text, at) {
    if (times.length && at - times[times.length - 1] > FORGET_MS) buffer = "", times = [];
    if (buffer.length >= LONGEST) buffer = "", times = [];
    buffer += text;
    times.push(at);
    // A new prefix: what came before it was never finished.
    const tail = buffer.slice(-3);
    if (buffer.length > 3 && AIM.test(tail)) buffer = tail, times = times.slice(-3);
  }

  // Whether what was collected is a scan, and not somebody typing.
  function isScan() {
    if (buffer[0] === "]" && AIM.test(buffer.slice(0, 3))) return true;
    if (buffer.length < FEWEST) return false;
    const gaps = times.slice(1).map((time, index) => time - times[index]);
    return Math.max(...gaps) <= APART_MS && gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length < MEAN_MS;
  }

  function end(at) {
    const text = buffer, scan = isScan();
    buffer = "", times = [];
    if (!scan) return false;
    const { raw, aim } = normal(text);
    if (!raw.trim()) return true;
    const twice = blankMs > 0 && raw === last.raw && at - last.at < blankMs;
    last = { raw, at };
    if (!twice) scanned({ raw, aim, provisioned: aim !== "" });
    return true;
  }

  addEventListener("keydown", (event) => {
    keys?.(event);
    if (event.repeat) return;
    const inField = typing(event.target);
    if (event.key === "Enter" || event.key === "Tab" || event.code === "NumpadEnter") {
      // Enter of a scanner never presses anything. Where somebody types, Enter is theirs, and Tab always where nothing was scanned.
      const ended = end(event.timeStamp);
      if (ended || (!inField && event.key !== "Tab")) event.preventDefault(), event.stopPropagation();
      return;
    }
    if (event.isComposing) return;
    const digit = event.altKey && /^Numpad([0-9])$/.exec(event.code);
    if (digit) {
      alt += digit[1];
      if (alt.endsWith("029")) add("\u001d", event.timeStamp), alt = "";
      return;
    }
    alt = "";
    const text = character(event);
    if (!text) return;
    const begun = buffer[0] === "]";
    add(text, event.timeStamp);
    // A scan that announced itself is kept out of the field; what came before it was three characters at most.
    if (!inField || (begun && AIM.test(buffer.slice(0, 3)))) {
      if (text !== " " || !inField) event.preventDefault();
    }
  }, { capture: true });

  if (field) {
    const focus = () => document.activeElement === document.body && field.focus({ preventScroll: true });
    field.addEventListener("input", (event) => {
      const at = event.timeStamp;
      for (const text of field.value) text === "\n" || text === "\t" ? end(at) : add(text, at);
      field.value = "";
    });
    field.addEventListener("blur", () => setTimeout(focus, 0));
    focus();
  }
}
