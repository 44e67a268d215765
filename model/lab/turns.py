"""From a counterexample to turns: who runs from where to where.

The steps of a counterexample are runs of one thread each.  At the end of a run the thread stands before a step that it must not take
yet; there it is held.  Where no function of the kernel begins or ends at that place, the run is made some steps shorter or longer, and the
model is asked whether the property is violated all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from checker.base.errors import UsageError
from checker.ir.program import Block
from checker.ir.slots import instance_name
from checker.trace.trace import Trace, Turn, follow

from . import operations
from .operations import Workload
from .points import OPERATION, Functions, Point, between, data

FARTHEST = 6  # steps by which a run is made shorter or longer
TRANSFER, COMPLETION, DONE = 1, 2, 3  # the marks of the device, as those of guest/gate_main.c
MOST_STEPS = 400  # of a trace that is made longer
EIO = -5


@dataclass(frozen=True)
class Role:
    """Who takes steps.  comm, first: of a thread of the kernel, its name, and the function that it begins with."""

    name: str
    kind: str
    comm: str = "user"
    first: str = ""


@dataclass(frozen=True)
class Run:
    """Steps of one thread, by index in the trace; until: where it ends; places: all such points, the best one first."""

    role: str
    steps: tuple[int, ...]
    until: Point = Point(OPERATION)
    before: int = 0
    places: tuple[Point, ...] = ()


@dataclass(frozen=True)
class Forced:
    """A call that is not made: it returns `value`."""

    role: str
    function: str
    nth: int
    value: int
    caller: str = "-"


@dataclass
class Schedule:
    """What the gate module is told, and the workload.

    broken: numbers of the bios that fail.  hold: whether the device waits for its turns.  unreadable: whether the file cannot be read
    meanwhile.  end: what is done where the runs end, while all are still held.
    """

    roles: list[Role]
    runs: list[Run]
    workload: Workload
    forced: list[Forced] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)
    hold: bool = False
    unreadable: bool = False
    end: list[str] = field(default_factory=list)

    def text(self) -> str:
        """The file `schedule` of the guest."""
        lines = [_role(one) for one in self.roles] + _failures(self)
        lines += ["hold"] if self.hold else []
        lines += ["unreadable"] if self.unreadable else []
        lines += [f"broken {number}" for number in self.broken]
        return "\n".join([*lines, *map(_turn, self.runs)]) + "\n"

    def control(self) -> Schedule:
        """The same operations and failures, one operation after the other; of a single thread, which has no order, the operations alone."""
        threads = [role for role in self.roles if role.kind == "thread"]
        begun = sorted((op.begins, name, n) for name, ops in self.workload.threads.items() for n, op in enumerate(ops, 2))
        runs = [Run(name, (), Point(OPERATION, nth=n)) for _, name, n in begun]
        names = {role.name for role in threads}
        if len(self.roles) == 1:
            return replace(self, runs=runs, forced=[], unreadable=False, workload=self.workload.undisturbed())
        forced = [one for one in self.forced if one.role in names]
        return replace(self, roles=threads, runs=runs, forced=forced, hold=bool(self.broken))


def _role(role: Role) -> str:
    return f"role {role.name} {role.comm} {role.first}".strip()


def _failures(schedule: Schedule) -> list[str]:
    return [f"fault {one.role} {one.function} {one.caller} {one.nth} {one.value}" for one in schedule.forced]


def _turn(run: Run) -> str:
    if run.until.at == OPERATION:
        return f"turn {run.role} o {run.until.nth}"
    return f"turn {run.role} {run.until.at} {run.until.function} {run.until.caller} {run.until.nth} {run.before}"


# ------------------------------------------------------------------ derivation


class _Longer(Exception):
    """The trace with steps more, from which a schedule can be derived instead."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace


def derive(trace: Trace, system: str, functions: Functions, avoid: frozenset[tuple[int, str]] = frozenset()) -> Schedule:
    """The schedule of a counterexample for a kernel with these functions.

    system: the name of the baseline.  avoid: points that turned out to be no good, each as the number of its run and its text.
    UsageError if there is a place at which no thread can be held, or what the counterexample takes cannot be had.
    """
    try:
        return _Derivation(trace, system, functions, avoid).schedule()
    except _Longer as longer:
        return derive(longer.trace, system, functions, avoid)


class _Derivation:
    def __init__(self, trace: Trace, system: str, functions: Functions, avoid: frozenset[tuple[int, str]]) -> None:
        self.trace, self.system, self.functions, self.avoid = trace, system, functions, avoid
        self.processes = trace.program.processes
        self.who = [(step.process, step.instance) for step in trace.steps]

    def schedule(self) -> Schedule:
        names = {who: self._name(who) for who in dict.fromkeys(self.who)}
        kinds = {names[who]: self.processes[who[0]].kind for who in names}
        actors = [names[who] if kinds[names[who]] == "thread" else "" for who in self.who]
        workload = operations.of(self.trace, self.system, actors)
        roles = [self._role(who, name) for who, name in names.items()]
        runs = self._placed(self._runs(names), kinds, workload)
        forced, broken = self._failures(names, kinds, workload)
        hold = any(kind == "interrupt" for kind in kinds.values()) or any(map(self._submits, range(len(self.who))))
        wanted = data()["properties"].get(self.trace.violation.property if self.trace.violation else "", {})
        unreadable = self.trace.facts.scenario in data()["unreadable"]["scenarios"]
        return Schedule(roles, runs, workload, forced, broken, hold, unreadable, list(wanted.get("end", ())))

    # ---- who

    def _name(self, who: tuple[int, int]) -> str:
        process = self.processes[who[0]]
        if process.kind == "interrupt":
            return f"disc{self._bio(who)}"
        return instance_name(process, who[1]).replace(" ", "")[:15]

    def _bio(self, who: tuple[int, int]) -> int:
        """Which bio an instance completes: that of the submission which last touched what its first step changes."""
        first = self.who.index(who)
        before, after = self.trace.states[first], self.trace.states[min(first + 1, len(self.trace.states) - 1)]
        touched = {slot for slot, (a, b) in enumerate(zip(before, after)) if a != b}
        submits = [index for index in range(first) if self._submits(index)]
        for number, index in reversed(list(enumerate(submits, 1))):
            if touched & {s for s, (a, b) in enumerate(zip(*self.trace.states[index : index + 2])) if a != b}:
                return number
        return len(submits) or 1

    def _submits(self, index: int) -> bool:
        return self._block(index).call.name.startswith(tuple(data()["submits"]["steps"]))

    def _role(self, who: tuple[int, int], name: str) -> Role:
        kind = self.processes[who[0]].kind
        if kind != "worker":
            return Role(name, kind)
        block = self._block(self.who.index(who))
        first = next((s for frame in block.frames if (s := self.functions.symbol(frame.function))), "")
        if not first:
            raise UsageError(f"cannot be driven: no function of {name} can be hooked")
        return Role(name, kind, data()["workers"]["comm"], first)

    # ---- runs

    def _runs(self, names: dict[tuple[int, int], str]) -> list[Run]:
        runs: list[Run] = []
        for index, who in enumerate(self.who):
            if runs and self.who[index - 1] == who:
                runs[-1] = replace(runs[-1], steps=(*runs[-1].steps, index))
            else:
                runs.append(Run(names[who], (index,)))
        return runs

    def _placed(self, runs: list[Run], kinds: dict[str, str], workload: Workload) -> list[Run]:
        for number in range(len(runs)):
            runs = self._place(runs, number, kinds, workload)
        return [run for run in runs if run.steps]

    def _place(self, runs: list[Run], number: int, kinds: dict[str, str], workload: Workload) -> list[Run]:
        """Say where a run ends; it may become shorter or longer."""
        run = runs[number]
        last = number == len(runs) - 1
        if last and kinds[run.role] == "thread":  # it goes on to the end of its operation: what that returns is looked at
            return _with(runs, number, replace(run, until=Point(OPERATION, nth=self._operation(run, workload) + 1)))
        for moved in self._shifts(runs, number):
            points = [p for p in self._points(moved, number, kinds, workload) if (number, str(p)) not in self.avoid]
            if points and (moved is runs or self._still_violated(moved)):
                before = self._operation(run, workload) + 1 if kinds[run.role] == "thread" else 0
                return _with(moved, number, replace(moved[number], until=points[0], before=before, places=tuple(points)))
        if longer := self._longer(run):
            raise _Longer(longer)
        step = self._block(run.steps[-1]).call.name
        raise UsageError(f"cannot be driven: there is no place to hold {run.role} after step {run.steps[-1] + 1}, {step}")

    def _shifts(self, runs: list[Run], number: int) -> Iterator[list[Run]]:
        """The runs as they are, and with the end of one some steps earlier or later."""
        yield runs
        run = runs[number]
        later = next((n for n in range(number + 1, len(runs)) if runs[n].role == run.role), None)
        for by in range(1, FARTHEST + 1):
            if by < len(run.steps):
                yield _moved(runs, number, later, run.steps[:-by], run.steps[-by:], True)
            if later is not None and by <= len(runs[later].steps):
                yield _moved(runs, number, later, run.steps + runs[later].steps[:by], runs[later].steps[by:], False)

    def _still_violated(self, runs: list[Run]) -> bool:
        turns = [Turn(*self.who[i], self.trace.steps[i].choices) for run in runs for i in run.steps]
        wanted = self.trace.violation.property if self.trace.violation else ""
        found = follow(self.trace.program, turns, self.trace.start, wanted).trace.violation
        return found is not None and found.property == wanted

    def _longer(self, run: Run) -> Trace | None:
        """The trace, where a thread that does nothing more goes on by a step at the end of its run; None if nothing is violated then."""
        if any(self.who[i] == self.who[run.steps[-1]] for i in range(run.steps[-1] + 1, len(self.who))) or len(self.who) > MOST_STEPS:
            return None
        at, who = run.steps[-1] + 1, self.who[run.steps[-1]]
        turns = [Turn(*who, step.choices) for who, step in zip(self.who, self.trace.steps)]
        wanted = self.trace.violation.property if self.trace.violation else ""
        for step in self.trace.judge.steps_of(self.trace.states[at], self.trace.judge.actor(*who)):
            longer = [*turns[:at], Turn(*who, step.choices), *turns[at:]]
            found = follow(self.trace.program, longer, self.trace.start, wanted, self.trace.facts)
            if found.stopped is None and found.trace.violation is not None and found.trace.violation.property == wanted:
                return found.trace
        return None

    def _points(self, runs: list[Run], number: int, kinds: dict[str, str], workload: Workload) -> list[Point]:
        """Where the thread of a run can be held at its end, the best place first."""
        run = runs[number]
        last, following = self._block(run.steps[-1]), self._following(run.steps[-1])
        if following is None or following.starts:
            if kinds[run.role] == "interrupt":
                return [Point(OPERATION, nth=DONE)]
            if kinds[run.role] == "thread":
                return [Point(OPERATION, nth=self._operation(run, workload) + 1)]
        if kinds[run.role] == "interrupt" and run.steps[-1] == self._first_of(run.role):
            return [Point(OPERATION, nth=COMPLETION)]
        found = between(last, following, self.functions)
        ordered = [p for p in reversed(found) if p.at == "e"] + [p for p in found if p.at == "x"]
        called = [one for point in ordered for one in dict.fromkeys((point, replace(point, caller="-")))]  # a call at the end is a jump
        return [replace(point, nth=self._nth(run, point)) for point in called]

    def _nth(self, run: Run, point: Point) -> int:
        """How many times the thread passes a point in a run, the last one included."""
        passed, previous = [], self._previous(run.steps[0])
        for index in run.steps:
            passed += between(previous, self._block(index), self.functions)
            previous = self._block(index)
        passed += between(previous, self._following(run.steps[-1]), self.functions)
        if point.caller == "-":
            passed = [replace(one, caller="-") for one in passed]
        return passed.count(point)

    def _first_of(self, role: str) -> int:
        return next(i for i, who in enumerate(self.who) if self._name(who) == role)

    # ---- steps

    def _block(self, index: int) -> Block:
        step = self.trace.steps[index]
        return self.processes[step.process].blocks[step.label]

    def _previous(self, index: int) -> Block | None:
        """The step that a thread took before, in the same operation."""
        mine = [i for i in range(index) if self.who[i] == self.who[index]]
        return self._block(mine[-1]) if mine and not self._block(index).starts else None

    def _following(self, index: int) -> Block | None:
        """Before which step a thread stands after one of its steps; None if it is at rest."""
        if index + 1 >= len(self.trace.states):
            return None
        process, instance = self.who[index]
        block = self.trace.judge.block_of(self.trace.states[index + 1], process, instance)
        return None if block.label in self.processes[process].rests or block.starts else block

    def _operation(self, run: Run, workload: Workload) -> int:
        """Which of its operations a thread is in at the end of a run, from 1."""
        begun = [n for n, one in enumerate(workload.threads[run.role], 1) if one.begins <= run.steps[-1]]
        return begun[-1]

    # ---- failures

    def _failures(self, names: dict[tuple[int, int], str], kinds: dict[str, str], workload: Workload) -> tuple[list[Forced], list[int]]:
        forced, broken = [], []
        for index, who in enumerate(self.who):
            role = names[who]
            if not self._fails(index):
                continue
            if kinds[role] == "interrupt":
                broken.append(int(role.removeprefix("disc")))
                continue
            frames = [frame.function for frame in self._block(index).frames]
            function = next((s for f in reversed(frames) if (s := self.functions.symbol(f))), "")
            if not function:
                raise UsageError(f"cannot be driven: nothing can be made to fail at step {index + 1}")
            forced.append(Forced(role, function, self._calls(who, index, function), EIO))
        return forced + self._gone(workload), broken

    def _gone(self, workload: Workload) -> list[Forced]:
        """User memory that is there when the kernel asks, and gone when it copies."""
        name = data()["memory"]["asked"]
        gone = [role for role, ops in workload.threads.items() for op in ops if op.call == "short" and not op.numbers[-1]]
        return [Forced(role, name, 1, 0) for role in gone]

    def _fails(self, index: int) -> bool:
        """Does the model let something fail in a step?"""
        if index + 1 >= len(self.trace.states):
            return False
        slots = [self.trace.judge.slots.at(v.name) for v in self.trace.program.variables if v.name.endswith(".failures_left")]
        return any(self.trace.states[index + 1][s] < self.trace.states[index][s] for s in slots)

    def _calls(self, who: tuple[int, int], index: int, function: str) -> int:
        """How many times a thread has entered a function when it takes a step."""
        mine = [i for i in range(index + 1) if self.who[i] == who]
        points = [p for i in mine for p in between(self._previous(i), self._block(i), self.functions)]
        return max(1, sum(p.at == "e" and p.function == function for p in points))


def _with(runs: list[Run], number: int, run: Run) -> list[Run]:
    return [*runs[:number], run, *runs[number + 1 :]]


def _moved(runs: list[Run], number: int, later: int | None, steps: tuple[int, ...], rest: tuple[int, ...], earlier: bool) -> list[Run]:
    """The runs, where one has `steps`, and the later one of the same thread what is left."""
    runs = _with(runs, number, replace(runs[number], steps=steps))
    if later is not None:
        runs = _with(runs, later, replace(runs[later], steps=rest + runs[later].steps if earlier else rest))
    return runs
