"""Traces: how a violation comes about, step by step, as the interpreter saw it.

An engine hands over states; `replay` finds the steps between them and the violation at
their end, or says that the engines disagree.  A *schedule* is what remains of a trace
when the states are left out: who takes a step, with which choices.  It can be followed
again, on the same design or on another one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from ..base.errors import InternalError, shown_path
from ..ir.interpreter import Actor, Interpreter, PropertyViolation, State, Step
from ..ir.program import Program
from ..ir.slots import instance_name

BEAM = 100  # partial schedules kept for each number of steps when looking for fewer context switches


@dataclass(frozen=True)
class Facts:
    """What was checked: enough to compile the same program again.

    settings: values of constants given by hand.  model: the file of --model, or "".
    """

    design: str = ""
    scenario: str = ""
    bound: int | str | None = None
    settings: dict[str, int] = field(default_factory=dict)
    model: str = ""


@dataclass(frozen=True)
class Turn:
    """One entry of a schedule: `instance` of the process with index `process` takes a step
    with these `choices`; call: what the step was called, as a cross-check."""

    process: int
    instance: int
    choices: tuple[int, ...] = ()
    call: str = ""


@dataclass(frozen=True)
class Trace:
    """An initial state, the steps from it, and what is violated at their end.

    states: the initial one and the successor of each step.  If the last step failed a
    check it has no successor, and there are as many states as steps.
    start: which of the program's initial states it is.  violation: None for a trace that
    only shows something.  loop: index of the state to which the last step leads back, in
    a trace that never ends.
    """

    program: Program
    judge: Interpreter
    states: tuple[State, ...]
    steps: tuple[Step, ...]
    start: int = 0
    violation: PropertyViolation | None = None
    loop: int | None = None
    facts: Facts = Facts()

    def call(self, index: int) -> str:
        """What step `index` is called."""
        step = self.steps[index]
        return self.program.processes[step.process].blocks[step.label].call.name

    def actor(self, index: int) -> Actor:
        """Who takes step `index`."""
        step = self.steps[index]
        return next(a for a in self.judge.actors if (a.process, a.instance) == (step.process, step.instance))

    def turns(self) -> list[Turn]:
        """The schedule of this trace."""
        return [Turn(s.process, s.instance, s.choices, self.call(i)) for i, s in enumerate(self.steps)]

    def switches(self) -> int:
        """How often a step is taken by another process instance than the step before."""
        who = [(s.process, s.instance) for s in self.steps]
        return sum(a != b for a, b in zip(who, who[1:]))


def place_of(trace: Trace, index: int) -> str:
    """Where step `index` is in the model, "model/fs/iomap/buffered_io.py:131"; "" if that is not known."""
    step = trace.steps[index]
    frames = trace.program.processes[step.process].blocks[step.label].frames
    return f"{shown_path(frames[-1].pos.file)}:{frames[-1].pos.line}" if frames else ""


# ------------------------------------------------------------------ replaying


def replay(
    program: Program,
    path: Sequence[State],
    last: tuple[int, int] | None = None,
    property: str | None = "",
    facts: Facts = Facts(),
) -> Trace:
    """The trace whose states are `path`, judged by the interpreter.

    last: the instance (process index, instance) whose step from the last state violates a
    check.  property: what must be violated at the end; "" for anything, None for a trace
    that is to show something and need not violate anything.
    Raises InternalError if the interpreter finds no such steps, or no such violation.
    """
    judge = Interpreter(program)
    initial = judge.initial_states()
    if path[0] not in initial:
        raise InternalError(
            "engines disagree: the interpreter has no such initial state\n  " + _shown(judge, path[0])
        )
    steps: list[Step] = []
    for number, (state, after) in enumerate(zip(path, path[1:]), 1):
        steps.append(_step_between(judge, state, after, steps[-1] if steps else None, number))
    if last is not None:
        steps.append(_failing_step(judge, path[-1], last, property or ""))
    trace = Trace(program, judge, tuple(path), tuple(steps), initial.index(path[0]), facts=facts)
    if property is None:
        return trace
    violation = _wanted(violations_at_end(trace), property)
    if violation is None:
        raise InternalError(
            f"engines disagree: the interpreter sees no violation{' of ' + property if property else ''} after "
            f"{len(steps)} steps\n  {_shown(judge, path[-1])}"
        )
    return replace(trace, violation=violation)


def violations_at_end(trace: Trace) -> list[PropertyViolation]:
    """What the last step or the last state of `trace` violates, in the order in which engines report it."""
    if trace.steps and trace.steps[-1].violation:
        return [trace.steps[-1].violation]
    found = trace.judge.judge_step(*trace.states[-2:]) if trace.steps else []
    found += trace.judge.judge(trace.states[-1])
    return found + ([] if trace.judge.steps(trace.states[-1]) else trace.judge.at_rest(trace.states[-1]))


def _step_between(judge: Interpreter, state: State, after: State, previous: Step | None, number: int) -> Step:
    """The step from `state` to `after`; of several, one of the process that moved last."""
    fitting = [s for s in judge.steps(state) if s.after == after]
    if not fitting:
        raise InternalError(
            f"engines disagree: the interpreter has no step {number} like this\n"
            f"  from {_shown(judge, state)}\n  to   {_shown(judge, after)}"
        )
    return min(
        fitting,
        key=lambda s: previous is None or (s.process, s.instance) != (previous.process, previous.instance),
    )


def _failing_step(judge: Interpreter, state: State, last: tuple[int, int], property: str) -> Step:
    failing = [s for s in judge.steps(state) if (s.process, s.instance) == last and s.violation]
    for step in failing:
        if step.violation and property in ("", step.violation.property):
            return step
    name = instance_name(judge.program.processes[last[0]], last[1])
    raise InternalError(
        f"engines disagree: the interpreter sees no violation{' of ' + property if property else ''} in the next step of "
        f"{name}\n  {_shown(judge, state)}"
    )


def _wanted(violations: list[PropertyViolation], property: str) -> PropertyViolation | None:
    return next((v for v in violations if property in ("", v.property)), None)


def _shown(judge: Interpreter, state: State) -> str:
    return ", ".join(f"{name} = {value}" for name, value in zip(judge.slots.names, state))


# ------------------------------------------------------- following a schedule


@dataclass(frozen=True)
class Followed:
    """How far a schedule could be followed.

    stopped: index of the first turn that was not possible, or None; why: the reason;
    strange: indices of turns that were possible, but whose step has another call than the
    schedule says (as happens on another design).
    """

    trace: Trace
    stopped: int | None = None
    why: str = ""
    strange: tuple[int, ...] = ()


def follow(
    program: Program, turns: Sequence[Turn], start: int = 0, property: str = "", facts: Facts = Facts()
) -> Followed:
    """Take the steps of a schedule from the initial state `start`, as far as possible.

    The trace ends where `property` is violated, even if there are more turns.  If it never
    is, but something else was on the way, the trace ends at the first such violation.
    """
    judge = Interpreter(program)
    initial = judge.initial_states()
    if start >= len(initial):
        trace = Trace(program, judge, tuple(initial[:1]), (), 0, facts=facts)
        return Followed(trace, 0, f"there is no initial state {start}; there are {len(initial)}")
    trace = Trace(program, judge, (initial[start],), (), start, facts=facts)
    other: Followed | None = None
    strange: tuple[int, ...] = ()
    for index, turn in enumerate([*turns, None]):
        wrong = violations_at_end(trace)
        if violation := _wanted(wrong, property):
            return Followed(replace(trace, violation=violation), strange=strange)
        if wrong and other is None:
            other = Followed(replace(trace, violation=wrong[0]), strange=strange)
        if turn is None:
            break
        step, why = _take(judge, trace.states[-1], turn)
        if step is None:
            return other or Followed(trace, index, why, strange)
        states = trace.states if step.after is None else (*trace.states, step.after)
        trace = replace(trace, states=states, steps=(*trace.steps, step))
        if turn.call and trace.call(index) != turn.call:
            strange += (index,)
        if step.after is None and not _wanted([step.violation], property):
            return other or Followed(replace(trace, violation=step.violation), strange=strange)
    return other or Followed(trace, strange=strange)


def _take(judge: Interpreter, state: State, turn: Turn) -> tuple[Step | None, str]:
    """The step of one turn, or None and the reason why there is none."""
    processes = judge.program.processes
    actor = next((a for a in judge.actors if (a.process, a.instance) == (turn.process, turn.instance)), None)
    if actor is None:
        return None, "there is no such process"
    possible = list(judge.steps_of(state, actor))
    for step in possible:
        if step.choices == turn.choices:
            return step, ""
    name, block = (
        instance_name(processes[actor.process], actor.instance),
        judge.block_of(state, actor.process, actor.instance),
    )
    if not possible:
        return None, f"{name} stands before {block.call.name} and cannot go on"
    choices = " or ".join(str(list(s.choices)) for s in possible[:4])
    return (
        None,
        f"{name} stands before {block.call.name}, where the choices {list(turn.choices)} do not exist, but {choices}",
    )


# -------------------------------------------------------- fewer context switches


@dataclass(frozen=True)
class _Partial:
    """The beginning of a reordered schedule.  done: steps of each actor so far."""

    done: tuple[int, ...]
    last: int
    state: State
    switches: int
    before: _Partial | None
    step: Step | None


def fewest_switches(trace: Trace) -> Trace:
    """The same steps in an order with fewer context switches, if one leads to the same violation.

    Every actor takes as many steps as before, with the same choices.  Orders are built
    step by step, and the BEAM best of each length are kept; so the result is the best
    where there are not too many, and never worse than `trace`.
    """
    if trace.violation is None or trace.loop is not None or trace.switches() < 2:
        return trace
    search = _Reordering(trace)
    for most in range(search.least(), trace.switches()):
        for candidate in search.orders(most):
            if violation := search.same_violation(candidate):
                return replace(candidate, violation=violation)
    return trace


class _Reordering:
    """The search of `fewest_switches`."""

    def __init__(self, trace: Trace) -> None:
        self.trace, self.judge = trace, trace.judge
        index = {(a.process, a.instance): i for i, a in enumerate(self.judge.actors)}
        self.whose = [index[s.process, s.instance] for s in trace.steps]
        self.choices: list[list[tuple[int, ...]]] = [[] for _ in self.judge.actors]
        for who, step in zip(self.whose, trace.steps):
            self.choices[who].append(step.choices)
        self.known: dict[tuple[State, int, tuple[int, ...]], Step | None] = {}

    def least(self) -> int:
        """Context switches that there have to be: each who takes part begins once."""
        return sum(map(bool, self.choices)) - 1

    def orders(self, most: int) -> list[Trace]:
        """Complete reorderings with at most so many context switches, the best first."""
        layer = [_Partial((0,) * len(self.choices), -1, self.trace.states[0], -1, None, None)]
        last = len(self.trace.steps)
        for number in range(1, last + 1):
            following: dict[tuple, _Partial] = {}
            for partial in (p for one in layer for p in self._extended(one, number == last)):
                key = (partial.done, partial.last, partial.state)
                known = following.get(key)
                if self._cost(partial) <= most and (known is None or partial.switches < known.switches):
                    following[key] = partial
            layer = sorted(following.values(), key=self._cost)[:BEAM]
        return [self._trace_of(partial) for partial in layer]

    def _cost(self, partial: _Partial) -> int:
        """Context switches so far, and one for each other actor that has steps left."""
        left = (
            who != partial.last and done < len(self.choices[who]) for who, done in enumerate(partial.done)
        )
        return partial.switches + sum(left)

    def _extended(self, partial: _Partial, is_last: bool) -> Iterable[_Partial]:
        for who, done in enumerate(partial.done):
            if done == len(self.choices[who]):
                continue
            step = self._step(partial.state, who, self.choices[who][done])
            if step is not None and (is_last or step.after is not None):
                counts = (*partial.done[:who], done + 1, *partial.done[who + 1 :])
                yield _Partial(
                    counts, who, step.after, partial.switches + (who != partial.last), partial, step
                )

    def _step(self, state: State, who: int, choices: tuple[int, ...]) -> Step | None:
        key = (state, who, choices)
        if key not in self.known:
            steps = self.judge.steps_of(state, self.judge.actors[who])
            self.known[key] = next((s for s in steps if s.choices == choices), None)
        return self.known[key]

    def _trace_of(self, partial: _Partial) -> Trace:
        steps: list[Step] = []
        while partial.step is not None:
            steps.append(partial.step)
            partial = partial.before
        steps.reverse()
        states = (self.trace.states[0], *(s.after for s in steps if s.after is not None))
        return replace(self.trace, states=states, steps=tuple(steps))

    def same_violation(self, candidate: Trace) -> PropertyViolation | None:
        """The violation at the end, if it is of the same property and nothing is violated before."""
        judge = self.judge
        before_end = candidate.states if candidate.steps[-1].after is None else candidate.states[:-1]
        if any(judge.judge(s) for s in before_end) or any(map(judge.judge_step, before_end, before_end[1:])):
            return None
        return _wanted(violations_at_end(candidate), self.trace.violation.property)
