"""An ample process held against its definition, by running what the others can do before it moves.

No table, no granule and no lock is asked here: from a state with an ample process all runs of the
other processes are followed in the interpreter, up to a number of steps.  In each state on the way the
ample step must be the same, commute with what the others do, and hide no violation (the definition
is that of persistent sets of one process, and of invisibility, in `checker/reduce/partial_order.md`).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from ..reduce.ample import Ample
from ..base.errors import InternalError
from ..reduce.partial_order import LONGEST

if TYPE_CHECKING:
    from ..ir.interpreter import Interpreter, State, Step, PropertyViolation

STEPS = 200  # of others that are followed from one state
SAMPLE, SAMPLE_STEPS = 20, 50  # stored states of a search behind which ample steps are looked at; steps of others from each
SECONDS = 0.05  # that a search spends on it

Wrong = set[tuple[str, tuple]]  # property and binding


class Contradiction(Exception):
    """The choice is no ample one: why."""


def hold_against_definition(rule: Ample, states: Iterable[State], steps: int = STEPS, seconds: float = math.inf) -> int:
    """Check the ample process of each of the states that has one; how many had.

    steps: of the other processes that are followed from each state.  seconds: after which no more are.
    Raises InternalError if one is no ample process.
    """
    looked, end = 0, time.monotonic() + seconds
    for state in states:
        if time.monotonic() > end:
            break
        chosen = rule.process(state)
        if chosen is not None:
            looked += 1
            try:
                _Ample(rule.interpreter, state, chosen).check(steps, end)
            except Contradiction as why:
                process = rule.program.processes[chosen[0]].name
                raise InternalError(f"the step of {process} is not ample: {why}; search with --reduction none") from None
    return looked


def check_sample(rule: Ample, count: int, stored: Callable[[int], State]) -> int:
    """The same for states that a search has passed through, behind some of the `count` that it has stored;
    how many were ample."""
    numbers = range(0, count, max(count // SAMPLE, 1))
    passed = (state for number in numbers for state in _passed(rule, stored(number)))
    return hold_against_definition(rule, passed, SAMPLE_STEPS, SECONDS)


def _passed(rule: Ample, stored: State) -> Iterator[State]:
    """The states on the chains of ample steps from the successors of a stored state."""
    for step in rule.interpreter.steps(stored):
        state, length = step.after, 0
        while state is not None and (chosen := rule.process(state)) and length < LONGEST:
            yield state
            actor = rule.interpreter.actor(*chosen)
            state, length = next(rule.interpreter.steps_of(state, actor)).after, length + 1


class _Ample:
    """The step that process instance `chosen` would take from `state`, and what it must not change."""

    def __init__(self, interpreter: Interpreter, state: State, chosen: tuple[int, int]) -> None:
        self.interpreter, self.state, self.chosen = interpreter, state, chosen
        self.others = [a for a in interpreter.actors if (a.process, a.instance) != chosen]
        self.actor = interpreter.actor(*chosen)
        self.judged: dict[State, Wrong] = {}

    def check(self, budget: int, end: float) -> None:
        """Raise Contradiction if the choice is wrong, as far as it is followed."""
        first = self.own(self.state)
        if first.after is None:  # a search expands such a state in full
            return
        self.step_shows = self.of_step(self.state, first.after)
        moved = {self.state: first.after}  # by the ample step, from each state that the others reach
        for state in (pending := [self.state]):
            self.compare_states(state, moved[state])
            for other in self.others:
                behind = self.interpreter.steps_of(moved[state], other)
                for step in self.interpreter.steps_of(state, other):
                    if step.after is not None and step.after not in moved:
                        moved[step.after] = self.own(step.after).after
                        pending.append(step.after)
                    self.compare(step, next((one for one in behind if one.choices == step.choices), None), state, moved)
                    budget -= 1
                    if budget <= 0 or time.monotonic() > end:
                        return

    def own(self, state: State) -> Step:
        """The one step that the ample process can take."""
        steps = list(self.interpreter.steps_of(state, self.actor))
        if len(steps) != 1:
            raise Contradiction(f"it has {len(steps)} steps behind steps of others")
        return steps[0]

    def compare_states(self, state: State, after: State | None) -> None:
        if after is None:
            raise Contradiction("it fails behind steps of others")
        wrong = self.of_state(state)
        if wrong:
            self.subset(wrong, self.of_state(self.state) | self.of_state(after))
        self.subset(self.of_step(state, after), self.step_shows)

    def compare(self, step: Step, same: Step | None, state: State, moved: dict[State, State]) -> None:
        """A step of another process from `state`, with the same one behind the ample step."""
        who = self.interpreter.program.processes[step.process].name
        if same is None or same.violation != step.violation:
            raise Contradiction(f"it changes what {who} can do")
        if step.after is None or same.after is None:
            return
        if same.after != moved[step.after]:
            raise Contradiction(f"it does not commute with {who}")
        self.subset(self.of_step(state, step.after), self.step_shows | self.of_step(moved[state], same.after))

    def subset(self, wrong: Wrong, shown: Wrong) -> None:
        if wrong - shown:
            raise Contradiction(f"it hides that {min(wrong - shown)[0]} is violated")

    def of_state(self, state: State) -> Wrong:
        if state not in self.judged:
            self.judged[state] = _names(self.interpreter.judge(state))
        return self.judged[state]

    def of_step(self, before: State, after: State) -> Wrong:
        return _names(self.interpreter.judge_step(before, after))


def _names(violations: list[PropertyViolation]) -> Wrong:
    return {(one.property, one.binding) for one in violations}
