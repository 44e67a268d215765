"""A run of the program itself from what a reduced search has stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..base.errors import InternalError
from ..ir.sites import REST, STATE, STEP, TRANSITION, Site
from ..reduce.ample import whole_path
from ..reduce.symmetry import Group

State = tuple[int, ...]


@dataclass(frozen=True)
class Real:
    """A path from an initial state, who takes the step that fails behind it, if one does, and for which
    values of its parameters the property is violated."""

    path: list[State]
    last: tuple[int, int] | None
    binding: tuple[tuple[str, str], ...]


def real_run(
    interpreter, site: Site, path: list[State], last: tuple[int, int] | None, passes: bool, group: Group | None
) -> Real:
    """What violates `site`, from the stored states on a way to it.

    passes: states with an ample process were passed through.  group: what was permuted.
    Raises InternalError if there is no such run.
    """
    canonical: Callable[[State], State] = group.canonical if group else lambda state: state

    def ends(before: State, after: State) -> bool:
        """May the path end so?  Of several steps to one state perhaps one only violates a transition invariant."""
        found = interpreter.judge_step(before, after) if site.kind == TRANSITION else []
        return site.kind != TRANSITION or any(
            one.property == site.property and (group is not None or one.binding == site.binding) for one in found
        )

    if passes:
        path = whole_path(interpreter, path, canonical, ends)
    if group is None:
        return Real(path, last, site.binding)
    path = _followed(interpreter, path, canonical, ends)
    return _violated(interpreter, site, path)


def _followed(
    interpreter, path: Sequence[State], canonical: Callable[[State], State], ends: Callable[[State, State], bool]
) -> list[State]:
    """A path through the same orbits, each state a successor of the one before.  ends: as the last two must be."""
    starts = [state for state in interpreter.initial_states() if canonical(state) == canonical(path[0])]
    real = starts[:1]
    for number, orbit in enumerate(map(canonical, path[1:]), 2):
        found = [step.after for step in interpreter.steps(real[-1]) if step.after is not None]
        fits = [state for state in found if canonical(state) == orbit and (number < len(path) or ends(real[-1], state))]
        real += fits[:1] or [()]
        if not real[-1]:
            raise InternalError("engines disagree: permuted states have different successors")
    return real


def _violated(interpreter, site: Site, path: list[State]) -> Real:
    """The same violation behind this path."""
    if site.kind == STEP:
        failed = [(step.violation, (step.process, step.instance)) for step in interpreter.steps(path[-1]) if step.after is None]
    else:
        judged = {
            STATE: lambda: interpreter.judge(path[-1]), REST: lambda: interpreter.at_rest(path[-1]),
            TRANSITION: lambda: interpreter.judge_step(path[-2], path[-1]),
        }  # fmt: skip
        failed = [(violation, None) for violation in judged[site.kind]()]
    for violation, last in failed:
        if violation.property == site.property and (site.kind != STEP or violation.pos == site.pos):
            return Real(path, last, violation.binding)
    raise InternalError(f"engines disagree: {site.property} is not violated when the states are permuted")
