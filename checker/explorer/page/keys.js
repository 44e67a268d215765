// Keys and buttons: all of them do one of these.

const doing = {
  first: () => go(0),
  back: () => go(here.position - 1),
  forward: () => go(here.position + 1),
  last: () => go(here.rows.length),
  nextThread: () => go(otherThread(1)),
  previousThread: () => go(otherThread(-1)),
  violation,
  undo: () => here.live && undo(),
  source: () => { const count = here.one.scene.threads.length; [here.thread, here.depth] = [(sourceThread() + 1) % count, null]; drawSource(); },
  fold: () => { here.calls = !here.calls; $("timeline").classList.toggle("folded", !here.calls); markTimeline(); },
  beside: toggleBeside,
  filter: () => { chooseTab("state"); $("filter").focus(); },
  link: async () => { await navigator.clipboard?.writeText(location.href).catch(() => null); say(`Copied: ${location.href}`); },
  help: () => ($("help").open ? $("help").close() : ($("short").textContent = here.one.walk.short.join("\n"), $("help").showModal())),
};

const KEYS = {
  j: "forward", ArrowDown: "forward", ArrowRight: "forward", k: "back", ArrowUp: "back", ArrowLeft: "back", Home: "first", End: "last",
  n: "nextThread", p: "previousThread", v: "violation", u: "undo", t: "source", c: "fold", b: "beside", "/": "filter", y: "link", "?": "help",
};

/** The next position, in this direction, at which another thread takes over. */
function otherThread(direction) {
  const who = (position) => lastStep(position)?.step.who;
  let at = here.position + direction;
  while (at > 0 && at < here.rows.length && who(at) === who(here.position)) at += direction;
  return at;
}

function listen() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || $("help").open) return;
    if (event.target.matches("input, select")) return void (event.key === "Escape" && event.target.blur());
    if (/^[1-9]$/.test(event.key) && here.live) choose(Number(event.key) - 1);
    else if (KEYS[event.key]) doing[KEYS[event.key]]();
    else return;
    event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    const at = event.target.closest("[data-do], [data-row], [data-thread], [data-depth], [data-choose], [data-tab]");
    if (!at) return;
    const { do: action, row, thread, depth, choose: number, tab } = at.dataset;
    if (action) doing[action]();
    else if (row) go(Number(row));
    else if (thread) { [here.thread, here.depth] = [Number(thread), null]; chooseTab("source"); drawSource(); }
    else if (depth) { here.depth = Number(depth); drawSource(); }
    else if (number) choose(Number(number));
    else if (tab) chooseTab(tab);
  });
  $("filter").addEventListener("input", drawState);
  $("every").addEventListener("change", drawState);
  $("other").addEventListener("change", () => { if (here.two) back(); toggleBeside(); $("other").blur(); });
  addEventListener("hashchange", () => followAddress());
}

/** On a narrow screen one panel is shown at a time. */
function chooseTab(name) {
  here.tab = name;
  document.body.dataset.tab = name;
  for (const tab of $("tabs").children) tab.setAttribute("aria-selected", tab.dataset.tab === name);
}
