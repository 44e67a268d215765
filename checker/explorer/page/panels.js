// Beside the steps: the file and the device, the state, the source, the properties.

const LETTER = { D: "data", d: "old", 0: "zero", s: "stale", ".": "hole", " ": "none" };

function drawDrawings() {
  const shown = sides().map((side, number) => side.drawings[side.moment(counts()[number])]);
  const alike = shown.length < 2 || JSON.stringify(shown[0]) === JSON.stringify(shown[1]);
  const blocks = (alike ? sides().slice(0, 1) : sides()).flatMap((side, number) => {
    const moment = side.moment(counts()[number]);
    const before = side.drawings[Math.max(0, moment - 1)];
    return [
      here.two ? el("h3", {}, alike ? "the same in both" : side.scene.design) : "",
      ...side.scene.drawings.map((row, index) => drawing(row, side.drawings[moment][index], before[index], moment)),
    ];
  });
  const legends = [...new Set(here.one.scene.drawings.map((row) => row.legend).filter(Boolean))];
  $("drawn").replaceChildren(el("h2", {}, "File and device"), ...blocks.filter(Boolean), ...legends.map((text) => el("p.legend", {}, text)));
  $("drawn").hidden = !here.one.scene.drawings.length;
}

/** |D0|ss| as boxes; what has changed is marked. */
function drawing(row, [cells, ...marks], [old], moment) {
  const boxes = [...cells].map((letter, at) =>
    letter === "|" ? el("i.bar") : el(`i.cell.${LETTER[letter] || "other"}`, moment && old[at] !== letter ? { class: `cell ${LETTER[letter] || "other"} changed` } : {}, letter));
  return el(`figure${row.durable ? ".durable" : ""}`, {}, el("figcaption", {}, row.title), el("div.cells", {}, ...boxes),
    ...marks.map((text) => el("div.mark", { style: { "--at": cells.slice(0, text.indexOf("^")).replaceAll("|", "").length } }, text.trimStart().replace("^ ", "▲ "))));
}

/** What is shown of the state: each place with its value, the one before, and that on the other side. */
function places() {
  const [one, two] = sides();
  const [now, before] = [one.state(counts()[0]), one.state(Math.max(0, counts()[0] - 1))];
  const others = two && two.scene.slots.length === one.scene.slots.length ? two.state(counts()[1]) : null;
  const advanced = here.position > 0 && here.rows[here.position - 1][0] !== null && counts()[0] < one.walk.moments.length;
  return one.scene.slots.flatMap((slot, index) => {
    if (!slot || (slot[3] === "local" && !isLive(one, slot[0], slot[1]))) return [];
    const [group, name, type, kind] = slot;
    const changed = advanced && now[index] !== before[index];
    const apart = others && others[index] !== now[index];
    const zero = now[index] === (one.scene.types[type] ? one.scene.types[type][0] : 0);
    const value = (changed ? `${one.shown(index, before[index])} → ` : "") + one.shown(index, now[index]);
    return [{ group, name, kind, changed, apart, zero, value, other: apart ? two.shown(index, others[index]) : "" }];
  });
}

function drawState() {
  const every = $("every").checked;
  const wanted = $("filter").value.trim().toLowerCase();
  const all = places();
  const shown = all.filter((one) => (wanted ? `${one.group} ${one.name}`.toLowerCase().includes(wanted) : every || !one.zero || one.changed));
  const groups = new Map();
  const add = (title, entry) => groups.set(title, [...(groups.get(title) || []), entry]);
  if (!wanted) {
    for (const one of all.filter((one) => one.changed && one.kind !== "local")) add("changed by this step", place(one, true));
    for (const one of all.filter((one) => one.apart && one.kind !== "local")) add(`here, and in ${here.two.scene.design}`, place(one, true));
  }
  for (const one of shown.filter((one) => one.kind !== "local")) add(one.group || "shared", place(one));
  for (const one of shown.filter((one) => one.kind === "local")) add(`locals of ${one.group}`, place(one));
  $("values").replaceChildren(...[...groups].map(([title, entries]) => el("div.group", {}, el("h3", {}, title), ...entries)));
}

const place = (one, whole = false) =>
  el(`div.value${one.changed ? ".changed" : ""}${one.kind ? "." + one.kind : ""}`, {},
    el("span", {}, whole && one.group ? `${one.group} ${one.name}` : one.name), el("b", {}, one.value), one.apart ? el("span.apart", {}, one.other) : "");

function isLive(side, thread, name) {
  const number = side.scene.threads.findIndex((one) => one.name === thread);
  const live = side.block(number, counts()[0])?.live || [];
  return live.includes(name.replace(/\[\d+\]$/, ""));
}

/** Whose source: the one that was chosen, or who took the last step, or who takes the first. */
function sourceThread() {
  if (here.thread !== null) return here.thread;
  return lastStep()?.step.who ?? here.one.walk.steps[0]?.who ?? 0;
}

function drawSource() {
  const thread = sourceThread();
  const parts = sides().map((side, number) => sourceOf(side, thread, counts()[number])).filter(Boolean);
  const names = here.one.scene.threads.map((one, number) =>
    el(`button${number === thread ? ".chosen" : ""}`, { "data-thread": number }, one.name));
  $("source").replaceChildren(el("div.head", {}, el("h2", {}, "Source"), el("div.threads", {}, ...names)), el(`div.sources${here.two ? ".two" : ""}`, {}, ...parts));
  for (const code of $("source").querySelectorAll("pre")) {
    const line = code.querySelector(".done, .ahead");
    if (line) code.scrollTop = line.offsetTop - code.clientHeight / (here.two ? 8 : 3);
  }
}

/** The function in which a thread is: the line of its last step if that was the last of all, and that of the next one. */
function sourceOf(side, thread, count) {
  const last = count > 0 ? side.walk.steps[count - 1] : null;
  const done = last && last.who === thread ? side.blockOf(last) : null;
  const ahead = side.rests(thread, count) && count > 0 && done ? null : side.block(thread, count);
  const main = done || ahead;
  if (!main || !main.frames.length) return el("p.note", {}, `${side.scene.threads[thread].name}: ${main ? main.call : "nothing to do"}`);
  const depth = Math.min(here.depth ?? main.frames.length - 1, main.frames.length - 1);
  const [number, row, place] = main.frames[depth];
  const crumbs = main.frames.map(([one], level) =>
    el(`button${level === depth ? ".chosen" : ""}`, { "data-depth": level }, `${side.scene.functions[one]?.name ?? one}()`));
  const listed = side.scene.functions[number];
  const parts = [here.two ? el("h3", {}, side.scene.design) : "", el("div.crumbs", {}, ...crumbs)];
  parts.push(el("p.place", {}, place, listed?.kernel ? el("span", {}, listed.kernel) : ""));
  if (listed) {
    const next = done && ahead ? ahead.frames.find(([one]) => one === number) : null;
    parts.push(code(listed, done ? row : null, done ? next?.[1] ?? null : row, apartRows(listed, side)));
  }
  if (main.atomic && depth === main.frames.length - 1) parts.push(el("p.note", {}, `one atomic step: ${main.atomic}`));
  return el("div", {}, ...parts.filter(Boolean));
}

const WORDS = /(#.*$)|("""[\s\S]*?"""|"(?:[^"\\]|\\.)*")|\b(def|if|elif|else|while|for|in|return|with|and|or|not|break|continue|pass|None|True|False|yield|from|import)\b|(@\w+)/g;

/** The rows that the other design has not; with one design alone, those that it has and the model has not. */
function apartRows(listed, side) {
  const other = here.two && (side === here.one ? here.two : here.one).scene.functions.find((one) => one.name === listed.name && one.file === listed.file);
  if (!other) return here.two ? [] : listed.edited;
  const known = new Set(other.text);
  return listed.text.flatMap((text, row) => (known.has(text) ? [] : [row]));
}

function code(listed, done, ahead, apart) {
  let inText = false;
  const lines = listed.text.map((text, row) => {
    const marks = [row === done ? ".done" : "", row === ahead && row !== done ? ".ahead" : "", apart.includes(row) ? ".edited" : ""].join("");
    const quotes = (text.match(/"""/g) || []).length;
    const prose = inText || (quotes === 1 && !inText);
    if (quotes === 1) inText = !inText;
    return el(`span.row${marks}`, {}, ...(prose ? [el("span.string", {}, text)] : coloured(text)), "\n");
  });
  return el("pre", { tabindex: "0" }, ...lines);
}

function coloured(text) {
  const parts = [];
  let at = 0;
  for (const found of text.matchAll(WORDS)) {
    parts.push(text.slice(at, found.index));
    const kind = found[1] ? "comment" : found[2] ? "string" : found[3] ? "word" : "word.name";
    parts.push(el(`span.${kind}`, {}, found[0]));
    at = found.index + found[0].length;
  }
  return [...parts, text.slice(at)];
}

function drawProperties() {
  const wrong = sides().map((side, number) => side.wrong(counts()[number]));
  const names = wrong.map((list) => new Set(list.map((one) => one.property)));
  const listed = here.one.scene.properties.filter((one) => !names[0].has(one.name));
  const extra = here.two ? wrong[1].filter((one) => !names[0].has(one.property)) : [];
  $("properties").replaceChildren(
    ...stands(),
    el("h2", {}, "Properties"),
    ...wrong[0].map((one) => falsity(one, here.two ? here.one.scene.design : "")), ...extra.map((one) => falsity(one, here.two.scene.design)),
    el("p.holding", {}, ...listed.map((one) => el(`span.${one.kind}`, { title: one.doc }, one.name))));
}

function falsity(one, design) {
  const kind = here.one.scene.properties.find((other) => other.name === one.property)?.kind;
  const head = `${one.property}${one.of ? ` for ${one.of}` : ""}${kind === "crash" ? ", if the power fails now" : ""}`;
  return el("div.false", {}, el("b", {}, `✗ ${head}`, design ? ` · ${design}` : ""), el("p", {}, one.message),
    one.because?.length ? el("p.because", {}, one.because.join(", ")) : "");
}

/** What each thread that is in the middle of something is about to do. */
function stands() {
  const found = here.one.scene.threads.map((one, number) => {
    const block = here.one.block(number, counts()[0]);
    if (!block || !block.frames.length || here.one.rests(number, counts()[0])) return "";
    const inner = block.frames.at(-1);
    const name = here.one.scene.functions[inner[0]]?.name ?? inner[0];
    return el("div", { "data-thread": number, title: inner[2] }, el("b", {}, one.name), ` before ${block.call}${/^\w+$/.test(block.call) ? "()" : ""} in ${name}()`);
  });
  return found.some(Boolean) ? [el("h2", {}, "About to"), el("div.stands", {}, ...found.filter(Boolean))] : [];
}
