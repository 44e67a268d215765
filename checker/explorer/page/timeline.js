// The steps: a column for each thread, time downward.

function columnsOf() {
  const found = [...here.one.walk.columns];
  for (const one of here.two ? here.two.walk.columns : []) if (!found.includes(one)) found.push(one);
  return found.length ? found : here.one.scene.threads.map((_, number) => number);
}

function drawTimeline() {
  const columns = columnsOf();
  const place = new Map(columns.map((thread, column) => [thread, column]));
  const timeline = $("timeline");
  timeline.style.setProperty("--threads", columns.length);
  $("heads").replaceChildren(
    ...columns.map((thread) =>
      el("button.name", { style: { "--c": place.get(thread), "--hue": `var(--t${place.get(thread) % 6})` }, "data-thread": thread, title: "Its source (t)" }, here.one.scene.threads[thread].name)));
  const lines = [];
  if (here.one.walk.loop === 0) lines.push(remark("from here on, again and again"));
  here.rows.forEach((row, index) => {
    if (here.two && index === here.other.parts) lines.push(el("p.parts", { id: "parts" }, here.other.why));
    lines.push(...rowLines(row, index, place));
    if (here.one.walk.loop === index + 1 && !here.two) lines.push(remark("from here on, again and again"));
  });
  lines.push(...ending());
  const rails = columns.map((_, column) => el("i.rail", { style: { "--c": column, "--hue": `var(--t${column % 6})` } }));
  $("lines").replaceChildren(...rails, ...lines);
  timeline.classList.toggle("folded", !here.calls);
  drawHeading();
}

const remark = (text) => el("p.remark", {}, `⟨${text}⟩`);

/** A row: the calls that lead to the step, and the step. */
function rowLines([one, two], index, place) {
  const side = one !== null ? here.one : here.two;
  const step = one !== null ? one : two;
  const who = side.walk.steps[step].who;
  const before = here.rows[index - 1];
  const last = before && (before[0] !== null ? here.one : here.two).walk.steps[before[0] !== null ? before[0] : before[1]].who;
  const only = here.two ? (one === null ? "plus" : two === null ? "minus" : "") : "";
  const lines = side.linesOf.get(step) || [];
  const violation = side.walk.steps[step].violation;
  return lines.filter(([, , text]) => !text.startsWith("*** ")).map(([, depth, text, , call], number) => {
    const column = place.get(who);
    const changes = call ? [] : side.walk.steps[step].changes;
    return el(`div.line${call ? ".call" : ""}${only ? "." + only : ""}`, {
      style: { "--c": column, "--d": depth, "--hue": `var(--t${column % 6})` },
      "data-row": index + 1,
      "data-who": last !== who && number === 0 ? side.scene.threads[who].name : false,
    }, el("span.text", {}, text), ...orderMarks(one, call), ...changeMarks(changes), violation && !call ? el("span.wrong", {}, `✗ ${violation.message}`) : "");
  });
}

/** Where the order of two steps matters: ①→ at the first, →① at the second. */
function orderMarks(step, call) {
  if (call || step === null) return [];
  const marks = [];
  here.one.walk.order.pairs.forEach(([first, second], number) => {
    const sign = number < 20 ? String.fromCodePoint(0x2460 + number) : `(${number + 1})`;
    if (first === step) marks.push(el("span.order", { title: `has to come before →${sign}` }, `${sign}→`));
    if (second === step) marks.push(el("span.order", { title: `has to come after ${sign}→` }, `→${sign}`));
  });
  return marks;
}

const changeMarks = (changes) => (changes.length ? [el("span.changes", {}, ...changes.map((change) => el("span", {}, change.replaceAll("->", "→"))))] : []);

function ending() {
  const { walk, scene } = here.one;
  if (walk.loop !== null && walk.loop !== undefined) {
    return [remark(walk.loop >= walk.steps.length ? "nothing more happens" : "back to the mark above"), ...violationLines(walk)];
  }
  const kind = scene.properties.find((one) => walk.violation && one.name === walk.violation.property)?.kind;
  return [...(kind === "crash" ? [el("p.power", {}, "⟨power failure⟩")] : []), ...violationLines(walk)];
}

function violationLines(walk) {
  if (!walk.violation) return [];
  const order = walk.order.text;
  return [el("div.violated", {}, el("b", {}, walk.violation.property), ` ${walk.violation.message}`, order ? el("p", {}, order) : "")];
}

/** Marks what is past, now, and to come. */
function markTimeline() {
  let current = null;
  for (const line of $("lines").querySelectorAll("[data-row]")) {
    const row = Number(line.dataset.row);
    line.classList.toggle("later", row > here.position);
    line.classList.toggle("now", row === here.position);
    if (row === here.position) current = line;
  }
  const columns = columnsOf();
  const who = lastStep()?.step.who;
  for (const head of $("heads").children) head.classList.toggle("active", columns[head.style.getPropertyValue("--c")] === who);
  const box = $("timeline");
  if (!current) box.scrollTop = 0;
  else {
    const [top, height] = [current.offsetTop, box.clientHeight];
    if (top < box.scrollTop + 60 || top > box.scrollTop + height - 90) box.scrollTop = top - height / 2;
  }
}
