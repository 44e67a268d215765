// What the page shows: scenes, walks, and where we are.  A walk is a schedule with its states; position p is after p rows.
"use strict";

const $ = (id) => document.getElementById(id);

/** An element: el("p.note", {title: "x"}, "text", child...). */
function el(what, attributes = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const made = document.createElement(tag || "div");
  if (classes.length) made.className = classes.join(" ");
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, v] of Object.entries(value)) made.style.setProperty(key, v);
    else if (value !== false && value != null) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== "" && child != null));
  return made;
}

/** A scene with one walk in it. */
class Side {
  constructor(scene, walk) {
    this.scene = scene;
    this.walk = walk;
    this.states = [walk.moments[0].state];
    this.drawings = [];
    this.linesOf = new Map();
    let drawn = [];
    for (const moment of walk.moments) {
      drawn = moment.drawn || drawn;
      this.drawings.push(drawn);
    }
    for (const line of walk.lines) {
      if (!this.linesOf.has(line[3])) this.linesOf.set(line[3], []);
      this.linesOf.get(line[3]).push(line);
    }
  }

  /** The last moment with a state of its own, at most this one: a step that fails has none. */
  moment(number) {
    return Math.min(number, this.walk.moments.length - 1);
  }

  state(number) {
    const wanted = this.moment(number);
    for (let k = this.states.length; k <= wanted; k++) {
      const next = this.states[k - 1].slice();
      for (const [slot, value] of this.walk.moments[k].changed) next[slot] = value;
      this.states.push(next);
    }
    return this.states[wanted];
  }

  shown(slot, value) {
    const type = this.scene.types[this.scene.slots[slot][2]];
    return type ? type[1][value - type[0]] ?? String(value) : String(value);
  }

  /** Where a thread stands: the block at its label. */
  block(thread, moment) {
    const { process, pc } = this.scene.threads[thread];
    return this.scene.blocks[`${process}.${this.state(moment)[pc]}`];
  }

  /** The block of a step. */
  blockOf(step) {
    return this.scene.blocks[`${this.scene.threads[step.who].process}.${step.label}`];
  }

  rests(thread, moment) {
    const { rests, pc } = this.scene.threads[thread];
    return rests.includes(this.state(moment)[pc]);
  }

  /** What is false at a moment: of the state, and of a step that fails. */
  wrong(moment) {
    const step = this.walk.steps[moment - 1];
    const failed = step && step.violation ? [step.violation] : [];
    return [...failed, ...(moment < this.walk.moments.length ? this.walk.moments[moment].false || [] : [])];
  }

  firstWrong() {
    for (let k = 0; k <= this.walk.steps.length; k++) if (this.wrong(k).length) return k;
    return null;
  }
}

/** All that the page knows; `here` changes, and `show()` draws it. */
const given = JSON.parse($("data").textContent);
const here = {
  live: given.live,
  one: new Side(given.scene, given.walk),
  two: null, // the other design, when it is beside
  other: given.beside || null,
  rows: [],
  position: 0,
  next: given.next || null,
  thread: null, // whose source is shown; null: of who took the last step
  depth: null, // which of its calls; null: the innermost
  calls: true,
  tab: "drawn",
  designs: given.designs || [],
  undone: [],
};

function setRows() {
  here.two = here.beside && here.other ? new Side(here.other.scene, here.other.walk) : null;
  here.rows = here.two ? here.other.rows : here.one.walk.steps.map((_, index) => [index, null]);
  const taken = [0, 0];
  here.counts = [[0, 0]];
  for (const row of here.rows) {
    row.forEach((step, side) => { if (step !== null) taken[side] = step + 1; });
    here.counts.push([...taken]);
  }
}

/** How many steps each side has taken at a position. */
const counts = (position = here.position) => here.counts[position];
const sides = () => (here.two ? [here.one, here.two] : [here.one]);

/** The side and the step of the row before the position. */
function lastStep(position = here.position) {
  const row = here.rows[position - 1];
  if (!row) return null;
  const side = row[0] !== null ? here.one : here.two;
  return { side, step: side.walk.steps[row[0] !== null ? row[0] : row[1]] };
}
