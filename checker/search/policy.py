"""The policy of searching: small spaces first and without reduction, larger ones with it, and again where that is cheap.

A small space needs no reduction, and its counterexamples are the shortest and its witnesses all seen.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from ..base.errors import InternalError
from ..ir.program import Program
from .exploration import Exploration
from .options import REDUCTIONS, SearchOptions

SMALL = {"native": 4_000_000, "interpret": 20_000}  # states up to which no reduction is used
SHORTEST_SECONDS, SHORTEST_FACTOR = 20, 2  # how long a shortest counterexample is looked for
WHOLE_FACTOR, WHOLE_SECONDS = 10, 10  # what holds with reduction is searched without up to so many times its states, and seconds


class SmallerBounds(Protocol):
    """The smaller bounds of a search, see `verdict.deepening`."""

    interrupted: bool

    def suffices(self, left: Callable[[], float | None]) -> bool: ...


def searched(program: Program, options: SearchOptions, smaller: SmallerBounds | None = None) -> Exploration:
    """Search without reduction as long as the space is small, else with the reductions that pay.

    Where partial-order reduction finds a violation, a shortest one is looked for without it; what holds soon is
    searched without any, too, if that takes little more.  smaller: bounds to be searched first where the space is large.
    """
    from .explore import explore

    asked = options.explore()
    end = None if options.time_limit is None else time.monotonic() + options.time_limit
    rest = lambda: None if end is None else max(end - time.monotonic(), 0.001)  # noqa: E731
    reduced, symmetric = (name in options.reductions for name in REDUCTIONS)
    if options.at_once:
        return explore(program, time_limit=options.time_limit, reduced=reduced, symmetric=symmetric, **asked)
    small = SMALL[options.engine] if options.reductions or smaller else None
    first = explore(program, time_limit=rest(), states=small, **asked)
    if first.stopped_by != "states":
        return first
    if smaller and smaller.suffices(rest):
        first.stopped_by = "interrupt" if smaller.interrupted else first.stopped_by
        return first
    found = explore(program, time_limit=rest(), reduced=reduced, symmetric=symmetric, **asked)
    found.exercised |= first.exercised
    found.came |= first.came
    if not found.complete and found.violation is None and found.states < first.states:
        first.stopped_by, first.stopped_because = found.stopped_by, found.stopped_because
        return first  # it got farther: the time was used up by the preparations of the other
    if found.reduced and found.violation is not None and options.stop:
        patience = SHORTEST_FACTOR * found.seconds + SHORTEST_SECONDS
        again = explore(program, time_limit=min(patience, rest() or patience), symmetric=symmetric, **asked)
        return again if again.violation is not None else found
    if found.complete and found.violation is None and (found.reduced or found.symmetries):
        _search_whole(program, found, first.seconds + found.seconds, rest(), options)
    return found


def _search_whole(program: Program, found: Exploration, spent: float, left: float | None, options: SearchOptions) -> None:
    """Search again without reduction, if the space is not much larger; enter what that adds.

    spent: seconds until now, which this may double.  Raises InternalError if the two contradict each other."""
    from .explore import explore

    most, seconds = WHOLE_FACTOR * found.states, min(max(spent, 1.0), WHOLE_SECONDS, left or WHOLE_SECONDS)
    if found.seconds > WHOLE_SECONDS or most <= SMALL[options.engine]:  # that there are more is known
        return
    quiet = {"progress": None, "spill_dir": None}
    whole = explore(program, time_limit=seconds, states=most, **{**options.explore(), **quiet})
    if whole.violation is None and not whole.complete:
        return
    if said := _contradiction(program, whole, found):
        raise InternalError(f"the searches contradict each other: {said} with {' and '.join(found.reductions)}")
    found.whole = whole.states
    found.exercised |= whole.exercised
    found.came |= whole.came


def _contradiction(program: Program, whole: Exploration, found: Exploration) -> str:
    """What a search without reduction has found that one with it, which holds, has not; "" if they agree."""
    if whole.violation is not None:
        return f"{whole.violation.property} is violated without reduction, after {whole.violation.steps} steps, and holds"
    if whole.states < found.states:
        return f"{whole.states:,} states without reduction, and {found.states:,}"
    progress = {p.name for p in program.properties if p.kind == "leads_to"}  # symmetry need not keep where it begins
    missed = sorted((whole.reached ^ found.reached) - progress if not found.reduced else found.reached - whole.reached)
    return f"{', '.join(missed)} reached without reduction, or else" if missed else ""
