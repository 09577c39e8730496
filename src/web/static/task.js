// Judges a scan on the device, by the walk that was sent ahead: right or wrong at once, with and without a network. Stock changes
// by the service's word only. What can't be judged here gives nothing, and is left to the service.

const same = (text) => text.trim().toUpperCase();

function fill(text, facts) {
  return Object.entries(facts).reduce((out, [name, value]) => out.replaceAll(`{${name}}`, value), text ?? "");
}

export function judge(task, texts, raw, offline = false) {
  const line = task?.lines[task.index];
  const code = same(raw);
  if (!line || code.startsWith("%")) return null;
  const wrong = (id, facts) => ({ signal: "wrong", text: fill(texts[id], facts) });
  const place = task.places[code];
  if (task.at === "place") {
    if (code === line.place || code === line.digits || code === `=${line.digits}`) return arrive(task, line);
    return place || offline ? wrong("floor.wrong_place", { scanned: code, place: line.place }) : null;
  }
  if (task.at === "item") {
    if (code.startsWith("=")) return quantity(task, line, Number(code.slice(1)), wrong);
    const factor = line.codes[code];
    if (factor) return count(task, line, factor, wrong);
    const other = task.lines.find((other) => other.codes[code]);
    if (!other && !offline) return null;
    return wrong("floor.wrong_item", { scanned: other?.sku ?? code, item: line.sku, place: line.place });
  }
  if (task.at === "put") {
    if (code === line.tote) return confirm(task);
    const other = task.lines.find((other) => other.tote === code);
    return other || offline ? wrong("floor.wrong_tote", { scanned: code, tote: line.tote, position: line.position }) : null;
  }
  return null;
}

function arrive(task, line) {
  return { signal: "ok", task: { ...task, place: line.place, at: "item" } };
}

function count(task, line, factor, wrong) {
  if (line.ask_lot) return null;
  const first = task.counted === 0;
  const counted = task.positions > 1 && line.group > 1 && first ? line.quantity : task.counted + factor;
  if (counted > line.quantity) return wrong("floor.too_many", { picked: task.counted, wanted: line.quantity });
  return counted_(({ ...task, counted, verified: `${line.sku}|${line.lot}` }), line);
}

function quantity(task, line, number, wrong) {
  if (!Number.isInteger(number) || task.verified !== `${line.sku}|${line.lot}`) return null;
  if (number > line.quantity) return wrong("floor.too_many", { picked: number, wanted: line.quantity });
  return counted_({ ...task, counted: number }, line);
}

function counted_(task, line) {
  if (task.counted < line.quantity) return { signal: "ok", task };
  return task.positions > 1 ? { signal: "ok", task: { ...task, at: "put" } } : confirm(task);
}

// The line is done, as far as the device knows: on to the next.
function confirm(task) {
  const index = task.index + 1, next = task.lines[index];
  const after = { ...task, index, done: task.done + 1, counted: 0, at: "place" };
  if (next && next.place === task.place) {
    const again = task.positions > 1 && task.verified === `${next.sku}|${next.lot}`;
    Object.assign(after, again ? { at: "put", counted: next.quantity } : { at: "item" });
  }
  return { signal: "done", task: after };
}

// Shows where the device believes the picker to be. Fields are filled, nothing is made anew.
export function paint(task, texts) {
  const line = task.lines[task.index], step = document.querySelector(".pick");
  if (!step) return;
  const set = (name, text) => document.querySelectorAll(`[data-f="${name}"]`).forEach((field) => (field.textContent = text));
  set("done", task.done);
  if (!line) return set("ask", texts["floor.sending"]);
  step.dataset.at = task.at;
  const next = task.lines.slice(task.index + 1).find((other) => other.place !== line.place);
  set("ask", texts[`pda.ask_${task.at}`]);
  for (const name of ["place", "sku", "name", "position", "tote"]) set(name, line[name] ?? "");
  set("counted", task.counted);
  set("of", fill(texts["pda.of"], { count: line.quantity }));
  set("lot", fill(texts["pda.lot"], { lot: line.lot }));
  set("next", next ? fill(texts["pda.next"], { place: next.place }) : texts["pda.last_place"]);
  step.querySelector("[data-undo]")?.remove();
}
