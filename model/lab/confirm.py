"""A counterexample, forced on a kernel: runs with its order and without, and what is to be said of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from checker.base.errors import UsageError
from checker.trace.file import Stored, read as read_stored
from checker.trace.trace import Trace
from checker.verdict.api import prepare as compiled

from . import judge, kernels, turns
from .points import Functions
from .prepared import Prepared
from .seen import Seen, read
from .turns import Schedule

CONFIRMED, NOT_REACHED, DIFFERS, CANNOT = "confirmed", "not reached", "differs", "cannot be driven"
STATUS = {CONFIRMED: 1, DIFFERS: 0, NOT_REACHED: 3, CANNOT: 3}
ATTEMPTS = 6  # places that are tried where the kernel goes another way than the model


@dataclass
class Confirmed:
    """What became of a counterexample on a kernel.

    verdict: one of the four; why: what was seen, or the step or the reason why not.  forced, control: what was wrong in each
    run, "" where nothing was.  examples: a run of each kind, by "schedule" and "control".
    """

    file: str
    property: str
    kernel: str
    verdict: str
    why: str = ""
    forced: list[str] = field(default_factory=list)
    control: list[str] = field(default_factory=list)
    schedule: Schedule | None = None
    examples: dict[str, Seen] = field(default_factory=dict)

    @property
    def counts(self) -> str:
        """ "5 of 5; control 0 of 5"."""
        parts = [f"{sum(map(bool, runs))} of {len(runs)}" for runs in (self.forced, self.control)]
        return f"{parts[0]}; control {parts[1]}"

    @property
    def line(self) -> str:
        """The verdict, as a table has it."""
        if self.verdict == CONFIRMED:
            return f"{CONFIRMED} on {self.kernel}, {self.counts}"
        return f"{self.verdict} on {self.kernel}: {self.why}"


@dataclass(frozen=True)
class Counterexample:
    """A stored counterexample and its steps.  system: the name of the baseline that its design is of."""

    stored: Stored
    trace: Trace
    system: str


def follow(path: str) -> Counterexample:
    """A stored counterexample, followed; UsageError if it is not one any more."""
    stored = read_stored(path)
    facts = stored.facts
    task = compiled(model=facts.model or None, design=facts.design, scenario=facts.scenario, bound=facts.bound, settings=facts.settings)
    followed = stored.follow(task.program)
    if followed.stopped is not None or followed.trace.violation is None:
        raise UsageError(f"{path}: the model does not violate {stored.property} in these steps any more")
    baseline = task.catalogue.baseline_of(task.design)
    return Counterexample(stored, replace(followed.trace, facts=facts), task.catalogue.name_of(baseline))


def confirm(path: str, machine: Prepared, runs: int, tell: Callable[[str], None] = lambda text: None) -> Confirmed:
    """Force the counterexample in a file on a kernel, `runs` times, and as often without its order."""
    given = follow(path)
    trace = given.trace
    found = Confirmed(path, given.stored.property, kernels.version_of(machine.kernel.release), CANNOT)
    looked = judge.judge_of(given.stored.property)
    if looked is None:
        return replace(found, why=f"nobody knows how {given.stored.property} shows outside")
    message = trace.violation.message if trace.violation else ""
    try:
        schedule, first = _reached(given, machine, tell)
    except UsageError as error:
        return replace(found, why=str(error).removeprefix(f"{CANNOT}: "))
    found = replace(found, schedule=schedule, examples={"schedule": first})
    if first.state != "complete":
        return replace(found, verdict=NOT_REACHED, why=_where(schedule, first))
    seen = [first]
    for number in range(2, runs + 1):
        tell(f"run {number} of {runs}")
        seen.append(_run(schedule, machine, "schedule"))
    for number in range(1, runs + 1):
        tell(f"control {number} of {runs}")
        found.examples["control"] = _run(schedule, machine, "control")
        if found.examples["control"].state != "complete":
            return replace(found, verdict=NOT_REACHED, why=f"the control stops: {_where(schedule.control(), found.examples['control'])}")
        found.control.append(looked(found.examples["control"], schedule.control().workload, message))
    found.forced = [looked(one, schedule.workload, message) if one.state == "complete" else "" for one in seen]
    found.verdict, found.why = _verdict(found)
    return found


def _verdict(found: Confirmed) -> tuple[str, str]:
    wrong = next(filter(None, found.forced), "")
    if not wrong:
        return DIFFERS, "all steps are taken, and nothing is wrong"
    if any(found.control):
        return DIFFERS, f"it happens without the order as well ({found.counts}): {wrong}"
    return CONFIRMED, wrong


def _reached(given: Counterexample, machine: Prepared, tell: Callable[[str], None]) -> tuple[Schedule, Seen]:
    """A schedule that the kernel can follow, and its first run; the last one that was tried, if there is none.

    Where the kernel does not come by a point, the next one that is as good is tried.
    """
    functions, avoid = Functions(machine.functions), frozenset()
    schedule = turns.derive(given.trace, given.system, functions)
    best: tuple[Schedule, Seen] | None = None
    for attempt in range(1, ATTEMPTS + 1):
        tell(f"attempt {attempt}")
        seen = _run(schedule, machine, "schedule")
        if best is None or seen.turn > best[1].turn:
            best = schedule, seen
        if seen.state == "complete":
            return schedule, seen
        avoid |= {_to_blame(schedule, seen)}
        try:
            schedule = turns.derive(given.trace, given.system, functions, avoid)
        except UsageError:
            break
    return best


def _to_blame(schedule: Schedule, seen: Seen) -> tuple[int, str]:
    """The point to do without: the one that was not reached, or, if its thread waits for somebody who is held, where that one is held."""
    number = seen.turn
    if number > 0 and seen.state == "running" and seen.role in seen.stacks:
        number -= 1
    return number, str(schedule.runs[number].until)


def _run(schedule: Schedule, machine: Prepared, what: str) -> Seen:
    seen = read(machine.run(files(schedule), what))
    if seen.refused:
        raise UsageError(f"{CANNOT}: the guest refuses: {seen.refused}")
    return seen


def files(schedule: Schedule) -> dict[str, str]:
    """What the guest is told."""
    load = schedule.workload
    conf = f"FS={load.fs}\nBLOCK={load.block}\n" + (f"TUNE='{load.tune}'\n" if load.tune else "")
    control = schedule.control()
    return {"case.conf": conf, "operations.schedule": load.text(schedule.end), "schedule": schedule.text(),
            "operations.control": control.workload.text(schedule.end), "control": control.text()}  # fmt: skip


def _where(schedule: Schedule, seen: Seen) -> str:
    """At which step the kernel could not be brought, and what it did instead."""
    run = schedule.runs[min(seen.turn, len(schedule.runs) - 1)]
    at = f"step {run.steps[-1] + 1}: " if run.steps else ""
    step = f"{at}{run.role} does not come to the place {run.until}"
    instead = {"missed": "it ends its operation without", "unsleepable": "no thread may sleep there"}.get(seen.state, "")
    if not instead:
        stack = seen.stacks.get(run.role, [])
        instead = f"it waits in {stack[0].split('+')[0]}()" if stack else "it never comes"
    return f"{step}; {instead}"


# -------------------------------------------------------------------- findings


def counterexample_of(name: str) -> str:
    """The file of a finding's counterexample, or `name` if it is a file itself; UsageError if it is neither."""
    from checker.source.catalogue import suggestions
    from checker.table import findings, rows

    if Path(name).is_file():
        return name
    known = findings.load()
    if (wanted := name.replace(" ", "_").replace("-", "_")) not in known:
        raise UsageError(f"there is no file and no finding {name!r}" + suggestions(wanted, list(known)))
    row = next(row for row in rows.load() if row.finding == wanted)
    for file in sorted(Path("counterexamples").rglob(f"{row.design}--{row.expected.property}.txt")):
        if read_stored(file).facts.scenario == row.scenario:
            return str(file)
    raise UsageError(f"the counterexample of {wanted} is not below counterexamples/ here; name its file")
