"""From what a search has found to the verdicts on the properties."""

from __future__ import annotations

from collections.abc import Container

from ..ir.program import ALWAYS_ON, Program, Property
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
    partial = exploration.reduced and exploration.whole is None  # not all witnesses need have been seen
    if prop.kind == "leads_to":
        verdict = NOT_CHECKED  # by this search; see api
    elif prop.kind == "reachable":
        due = program.bound is None or program.bound >= prop.from_bound
        if prop.name in exploration.reached:
            verdict = HOLDS
        elif exploration.complete:
            never = NOT_SEEN if partial else VIOLATED if shown else VACUOUS
            verdict = never if due else NOT_DUE
    elif verdict == HOLDS and _has_premise(prop) and prop.name not in exploration.reached:
        verdict = NOT_SEEN if partial else VACUOUS
    return PropertyResult(prop.name, prop.kind, verdict)


def _plain(name: str, exploration: Exploration) -> str:
    if name in exploration.violations:
        return VIOLATED
    return HOLDS if exploration.complete else INCOMPLETE


def _has_premise(prop: Property) -> bool:
    """Must the premise have been seen?  Not where a witness stands for it."""
    return not prop.witness and any(one.premise is not None for one in prop.instances)
