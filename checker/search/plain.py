"""The reference engine: breadth-first search by the interpreter, in plain Python."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..ir.interpreter import Interpreter, PropertyViolation, Step
from ..ir.program import Program
from ..ir.sites import REST, STATE, STEP, TRANSITION, Site, Sites
from ..reduce.ample import Ample
from ..reduce.partial_order import LONGEST
from ..reduce.symmetry import NONE, Group, symmetries
from .ample_check import check_sample
from .digest import digest as digest_of
from .exploration import Candidate, Exploration, Found, Limits, Progress, State, sentence, settle
from .real_run import real_run
from .self_check import check_orbits

BYTES = 1000  # what a state of some dozens of variables takes here: tuple, dictionary entry, parent


class _Search:
    """parents: for each state found, its number and the number of its parent (-1: initial);
    states: the states by number."""

    def __init__(self, program: Program, reduced: bool = False, symmetric: bool = False) -> None:
        self.interpreter = Interpreter(program)
        self.ample = Ample(self.interpreter) if reduced else None
        self.sites = Sites(program)
        found = symmetries(program, self.interpreter.initial_states()) if symmetric else NONE
        classes = found.classes
        self.group = Group(program, classes) if classes else None
        names = tuple(one.name(program) for one in classes)
        self.result = Exploration(engine="interpret", reduced=reduced, symmetries=names, off=found.off)
        self.number_of: dict[State, int] = {}
        self.states: list[State] = []
        self.parents: list[int] = []
        self.found: list[Candidate] = []  # on this level
        self.started = time.perf_counter()

    @property
    def depth(self) -> int:
        """Of the states that are being expanded."""
        return len(self.result.levels) - 1

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.started

    def add(self, state: State, parent: int, depth: int) -> None:
        """Store a state that may be new, at `depth`."""
        if self.group:
            state = self.group.canonical(state)
        if state in self.number_of:
            return
        number = self.number_of[state] = len(self.states)
        self.states.append(state)
        self.parents.append(parent)
        self._note(STATE, self.interpreter.judge(state), depth, number)
        self.result.exercised |= self.interpreter.exercised(state)

    def comes_to(self, state: State, steps: frozenset[tuple[int, int]]) -> bool:
        """Does a process stand at one of these labels?"""
        at = self.interpreter.slots.pc
        return any((a.process, state[at(a.process, a.instance)]) in steps for a in self.interpreter.actors)

    def expand(self, number: int) -> None:
        """Find the successors of a state."""
        state, result, judge = self.states[number], self.result, self.interpreter
        steps = judge.steps(state)
        for step in steps:
            if step.after is None:
                self._note(STEP, [step.violation], self.depth + 1, number, None, (step.process, step.instance))
                continue
            result.transitions += 1
            self._judge_step(state, step.after, number)
            self._enter(step.after, number)
        if not steps:
            self._note(REST, judge.at_rest(state), self.depth, number)
            result.exercised |= judge.exercised(state, resting=True)

    def _judge_step(self, before: State, after: State, number: int) -> None:
        self._note(TRANSITION, self.interpreter.judge_step(before, after), self.depth + 1, number, after)
        self.result.exercised |= self.interpreter.exercised(after, before=before)

    def _enter(self, state: State, number: int) -> None:
        """Store a successor of the state `number`, or what the chains of ample steps from it lead to."""
        pending = [(state, 0)]
        while pending:
            state, depth = pending.pop()
            chosen = self.ample.process(state) if self.ample and depth < LONGEST else None
            if chosen is None:
                self.add(state, number, self.depth + 1)
                continue
            self._note(STATE, self.interpreter.judge(state), self.depth + 1, number, state)
            self.result.exercised |= self.interpreter.exercised(state)
            steps = [s for s in self.interpreter.steps(state) if (s.process, s.instance) == chosen]
            after = self._take(state, steps, number)
            if state in after or not after:  # it would go round, and put off the others; or it fails
                self.add(state, number, self.depth + 1)
            else:
                pending += [(one, depth + 1) for one in after]

    def _take(self, state: State, steps: list[Step], number: int) -> list[State]:
        """Judge the steps from `state`, which is not stored; their successors."""
        for step in steps:
            if step.after is None:
                self._note(STEP, [step.violation], self.depth + 1, number, state, (step.process, step.instance))
            else:
                self.result.transitions += 1
                self._judge_step(state, step.after, number)
        return [step.after for step in steps if step.after is not None]

    def end_level(self, first: int) -> int:
        """States from number `first` on are a level; report what was found on the way to it.
        The number of states, or 0 if the level is empty."""
        settle(self.result, self.found, self.sites.all, self._make)
        self.found = []
        if first == len(self.states):
            return 0
        self.result.levels.append(len(self.states) - first)
        return len(self.states)

    def _note(
        self, kind: int, violations: list[PropertyViolation], steps: int, number: int,
        state: State | None = None, last: tuple[int, int] | None = None,
    ) -> None:  # fmt: skip
        """Found at the state with this number, or at `state` behind it, which is not stored."""
        for violation in violations:
            site = self.sites.number(kind, violation.property, violation.message, violation.binding, violation.pos)
            self.found.append(Candidate(steps, site, number, (state, last)))

    def _make(self, candidate: Candidate, site: Site) -> Found:
        path, number = [], candidate.state
        while number >= 0:
            path.append(self.states[number])
            number = self.parents[number]
        path.reverse()
        state, last = candidate.detail
        if state is not None:
            path.append(state)
        real = real_run(self.interpreter, site, path, last, self.ample is not None, self.group)
        message = sentence(site, self.interpreter, real.path[-1])
        return Found(site.property, message, real.path, real.last, real.binding, site.pos)


def search(
    program: Program,
    limits: Limits,
    stop: bool = True,
    progress: Callable[[Progress], None] | None = None,
    reduced: bool = False,
    symmetric: bool = False,
    digest: bool = False,
    self_check: bool = False,
) -> Exploration:
    """Visit every reachable state of `program`; reduced, symmetric: with these reductions."""
    run = _Search(program, reduced, symmetric)
    result = run.result
    try:
        result.stopped_by = _levels(run, limits, stop, progress)
    except MemoryError:
        result.stopped_by = "memory"
    if stop and result.violation:
        result.stopped_by = "violation"
    if run.ample:
        check_sample(run.ample, len(run.states), run.states.__getitem__)
    result.complete = not result.stopped_by
    if digest and result.complete:
        result.digest = digest_of(run.states)
    result.came = any(run.comes_to(state, limits.steps) for state in run.states) if limits.steps else False
    result.states, result.seconds, result.bytes_per_state = len(run.states), run.seconds, BYTES
    if run.group:
        stored, closed = run.states.__getitem__, result.complete and not reduced
        check_orbits(run.interpreter, run.group, stored, len(run.states), run.group.canonical, self_check, closed)
    return result


def _levels(run: _Search, limits: Limits, stop: bool, progress: Callable[[Progress], None] | None) -> str:
    """Search level by level; what stopped it."""
    result, first = run.result, 0
    for state in run.interpreter.initial_states():
        run.add(state, -1, 0)
    while end := run.end_level(first):
        if stop and result.violation:
            break
        for number in range(first, end):
            run.expand(number)
            if number % 64 == 0 and (why := _reached(run, limits)):
                run.end_level(end)
                return why
            if progress and number % 1024 == 0:
                progress(_progress(run, end - first))
        first = end
    return ""


def _reached(run: _Search, limits: Limits) -> str:
    full = limits.memory is not None and len(run.states) * BYTES > limits.memory
    return limits.reached(len(run.states)) or ("memory" if full else "")


def _progress(run: _Search, frontier: int) -> Progress:
    states = len(run.states)
    return Progress(states, run.result.transitions, run.depth, frontier, states * BYTES, run.seconds)


