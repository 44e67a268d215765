// The page as a whole.

/** To a position; draws all that depends on it. */
function go(position) {
  here.position = Math.max(0, Math.min(position, here.rows.length));
  [here.thread, here.depth] = [null, null];
  $("at").textContent = `${here.position} / ${here.rows.length}`;
  markTimeline();
  drawDrawings();
  drawState();
  drawSource();
  drawProperties();
  drawNext();
  if (location.hash !== address()) history.replaceState(null, "", address());
}

function drawScene() {
  const { scene } = here.one;
  const facts = [scene.design, scene.scenario, scene.bound === null ? "" : `bound ${scene.bound}`, ...Object.entries(scene.settings).map((one) => one.join(" = "))];
  $("where").textContent = facts.filter(Boolean).join(" · ");
  $("where").title = scene.about;
  document.body.classList.toggle("alone", !here.live);
  $("other").replaceChildren(...here.designs.filter((name) => name !== scene.design).map((name) => el("option", { value: name }, name)));
  if (here.other && here.live) $("other").value = here.other.scene.design;
  document.querySelector("[data-do=beside]").hidden = here.live ? here.designs.length < 2 : !here.other;
}

function drawHeading() {
  const { walk } = here.one;
  $("violated").textContent = walk.violation ? walk.violation.property : walk.steps.length ? "no violation" : "nothing has happened yet";
  $("violated").classList.toggle("bad", Boolean(walk.violation));
}

const asked = location.hash; // before a position is written there
here.otherOf = here.one.walk.schedule;
drawScene();
setRows();
drawTimeline();
chooseTab("drawn");
listen();
go(here.rows.length);
followAddress(asked);
