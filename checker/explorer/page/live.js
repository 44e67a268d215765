// With a server: what can come next, other schedules, other designs.

/** Asks the server; says what is wrong if something is. */
async function ask(what, values = {}) {
  const { design, scenario, bound } = here.one.scene;
  const known = { design, scenario, ...(bound === null ? {} : { bound }), start: here.one.walk.start };
  const answer = await fetch(`${what}?${new URLSearchParams({ ...known, ...values })}`).catch(() => null);
  if (answer === null) return say("The server does not answer; was it stopped?", true);
  const found = await answer.json();
  return answer.ok ? found : say(found.error, true);
}

function say(text, bad = false) {
  $("said").textContent = text;
  $("said").classList.toggle("bad", bad);
  $("said").hidden = !text;
  return null;
}

/** The schedule up to a step. */
const upTo = (count) => (here.one.walk.schedule.match(/[a-zA-Z][-\d.]*/g) || []).slice(0, count).join("");

/** Another schedule of the same scene; remembered unless it takes one back. */
async function take(schedule, position, { remember = true, start = here.one.walk.start } = {}) {
  const found = await ask("walk", { steps: schedule, start });
  if (!found) return false;
  if (remember) here.undone.push([here.one.walk.schedule, here.position, here.one.walk.start]);
  leaveBeside();
  here.one = new Side(here.one.scene, found.walk);
  here.next = null;
  say(found.stopped || "", true);
  setRows();
  drawTimeline();
  go(Math.min(position, here.rows.length));
  return true;
}

async function choose(number) {
  const step = here.next?.steps[number];
  if (!step || here.asking || here.two) return;
  const letter = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"[step.who];
  const count = counts()[0];
  here.asking = true;
  await take(upTo(count) + letter + step.choices.join("."), count + 1);
  here.asking = false;
}

async function undo() {
  const last = here.undone.pop();
  if (last) await take(last[0], last[1], { remember: false, start: last[2] });
  else say("There is nothing to take back.");
}

/** To the first violation of the schedule; if there is none, to that which a search finds. */
async function violation() {
  const first = here.one.firstWrong();
  if (first !== null) return go(here.counts.findIndex((count) => count[0] === first));
  if (!here.live) return say("Nothing is violated here.");
  say("searching …");
  const found = await ask("violation");
  if (!found) return null;
  if (found.schedule === null) return say(found.said);
  return (await take(found.schedule, 1e9, { start: found.start })) && say(found.said);
}

async function drawNext() {
  if (!here.live) return;
  if (here.two) return void $("next").replaceChildren(el("h2", {}, "Next"), el("p.note", {}, "b leaves the other design; then steps can be chosen."));
  const wanted = `${here.one.walk.schedule} ${here.position}`;
  if (here.nextOf !== wanted || !here.next) {
    const found = await ask("next", { steps: upTo(counts()[0]) });
    if (`${here.one.walk.schedule} ${here.position}` !== wanted || !found) return;
    [here.next, here.nextOf] = [found, wanted];
  }
  const threads = here.one.scene.threads;
  const columns = columnsOf();
  const hue = (who) => ({ "--hue": columns.includes(who) ? `var(--t${columns.indexOf(who) % 6})` : "var(--dim)" });
  const steps = here.next.steps.map((step, number) =>
    el(`button.step${step.fails ? ".bad" : ""}`, { "data-choose": number, style: hue(step.who) },
      el("kbd", {}, number < 9 ? String(number + 1) : ""), el("b", {}, threads[step.who].name), el("span", {}, step.text),
      ...changeMarks(step.fails ? [`✗ ${step.fails}`] : step.changes.slice(0, 3))));
  const waits = here.next.waits.map((one) => el("p.wait", {}, el("b", {}, threads[one.who].name), ` waits${one.for.length ? ": " + one.for.join(", ") : ""}`));
  const none = steps.length ? "" : el("p.note", {}, "No thread can take a step.");
  $("next").replaceChildren(...[el("h2", {}, "Next"), ...steps, none, ...waits].filter(Boolean));
}

async function toggleBeside() {
  if (here.two) return back();
  const wanted = here.live ? $("other").value : here.other?.scene.design;
  if (!here.one.walk.steps.length) return say("There are no steps yet to be tried on another design.");
  if (here.live && wanted && (here.other?.scene.design !== wanted || here.otherOf !== here.one.walk.schedule)) {
    say("compiling …");
    const found = await ask("beside", { steps: here.one.walk.schedule, with: wanted });
    if (!found) return null;
    say("");
    [here.other, here.otherOf] = [found, here.one.walk.schedule];
  }
  if (!here.other) return say("There is no other design here; --with D has one beside it.");
  here.beside = true;
  setRows();
  drawTimeline();
  return go(here.other.parts === null ? here.rows.length : here.other.parts + 1);
}

function leaveBeside() {
  here.beside = false;
  here.two = null;
}

function back() {
  const count = counts()[0];
  leaveBeside();
  setRows();
  drawTimeline();
  go(count);
}

/** What the address says: the schedule, and where in it. */
function address() {
  const { scene, walk } = here.one;
  const values = { at: here.position };
  if (here.live) Object.assign(values, { design: scene.design, scenario: scene.scenario, bound: scene.bound ?? "", start: walk.start, steps: walk.schedule });
  if (here.two) values.with = here.other.scene.design;
  return `#${new URLSearchParams(values)}`;
}

async function followAddress(hash = location.hash) {
  const said = new URLSearchParams(hash.slice(1));
  const { scene, walk } = here.one;
  const foreign = ["design", "scenario", "bound"].some((name) => (said.get(name) || String(scene[name] ?? "")) !== String(scene[name] ?? ""));
  if (here.live && foreign) {
    const found = await ask("scene", { design: said.get("design"), scenario: said.get("scenario"), bound: said.get("bound") || "" });
    if (!found) return;
    here.one = new Side(found.scene, { ...walk, moments: walk.moments.slice(0, 1), steps: [], lines: [], schedule: "\0", columns: [], violation: null, order: { pairs: [], text: "" }, loop: null });
    here.designs = found.designs;
    drawScene();
  }
  if (here.live && said.has("steps") && said.get("steps") !== here.one.walk.schedule) {
    if (!(await take(said.get("steps"), 1e9, { remember: false, start: Number(said.get("start") || 0) }))) return;
  }
  if (said.get("with") && !here.two) {
    if (here.live) $("other").value = said.get("with");
    await toggleBeside();
  }
  if (said.has("at")) go(Number(said.get("at")));
}
