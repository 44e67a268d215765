"""From what a search has found to the verdicts on the properties."""

from __future__ import annotations

from collections.abc import Container

from ..ir.program import ALWAYS_ON, Program, Property
from ..ir.sites import sought
from ..search.exploration import Exploration
from .result import HOLDS, INCOMPLETE, NOT_CHECKED, NOT_DUE, NOT_SEEN, VACUOUS, VIOLATED, PropertyResult, Violation


def judged(
    program: Program, exploration: Exploration, shows: Container[str] | None = None
) -> tuple[str, tuple[PropertyResult, ...], Violation | None]:
    """The verdict of a search, that on each property, and the violation (still without trace).

    shows: names of the witnesses that this scenario must show (None: all of them).  One
    that is due and was not reached by a complete search makes the verdict "violated":
    what the properties speak of does not happen, so that their holding says nothing.
    """
    violation = None
    if exploration.violation is not None:
        violation = Violation(exploration.violation.property, exploration.violation.message)
    results = [
        _judged(p, program, exploration, shows is None or p.name in shows) for p in program.properties
    ]
    results += [PropertyResult(name, "always", _plain(name, exploration)) for name in ALWAYS_ON]
    if violation is None:
        unreached = [p for p, r in zip(program.properties, results, strict=False) if r.verdict == VIOLATED]
        if unreached:
            violation = Violation(unreached[0].name, f"vacuous: never reached: {unreached[0].doc}")
    verdict = VIOLATED if violation else HOLDS if exploration.complete else INCOMPLETE
    return verdict, tuple(results), violation


def _judged(prop: Property, program: Program, exploration: Exploration, shown: bool) -> PropertyResult:
    verdict = _plain(prop.name, exploration)
    exercised = {number for name, number in exploration.exercised if name == prop.name}
    partial = exploration.reduced and exploration.whole is None  # not all that happens need have been seen
    exact = exploration.complete and not partial
    if prop.kind == "leads_to":  # it is decided by another search, see api
        exact = exact and not exploration.symmetries  # which need not keep such a property
        verdict = NOT_CHECKED if exercised or not exploration.complete else VACUOUS if exact else NOT_SEEN
    elif prop.kind == "reachable":
        due = program.bound is None or program.bound >= prop.from_bound
        if prop.name in exploration.reached:
            verdict = HOLDS
        elif exploration.complete:
            never = NOT_SEEN if partial else VIOLATED if shown else VACUOUS
            verdict = never if due else NOT_DUE
    elif verdict == HOLDS and not prop.witness:
        idle = [one for number, one in enumerate(prop.instances) if number not in exercised and sought(prop, one) is not None]
        if prop.instances and len(idle) == len(prop.instances):
            verdict = VACUOUS if exact else NOT_SEEN
        elif exact and not exploration.symmetries:
            texts = (", ".join(value for _, value in one.binding) for one in idle)
            return PropertyResult(prop.name, prop.kind, verdict, tuple(texts))
    return PropertyResult(prop.name, prop.kind, verdict)


def _plain(name: str, exploration: Exploration) -> str:
    if name in exploration.violations:
        return VIOLATED
    return HOLDS if exploration.complete else INCOMPLETE
