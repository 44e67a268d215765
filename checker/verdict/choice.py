"""Which engine searches: states are listed where they are few, and kept in sets where they are many (decision 155).

Whether they are many is told by the bounds 1 and 2, or by a list that has become long; before there is machine code, the
interpreter has told of bound 1 (decision 180).  Sets that outgrow the memory are
given up; where a list might still fit, the states that are left are listed, with reductions.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from ..ir.program import Program
from ..search.exploration import Exploration
from ..search.forecast import of_bound
from ..search.options import SearchOptions
from ..search.policy import SMALL, SmallerBounds, searched

AUTO, SYMBOLIC, NATIVE = "auto", "symbolic", "native"
LONG = 350  # blocks of a program whose machine code takes long to make
AT_ONCE, MOST_AT_ONCE = 10.0, 2_000  # seconds and states of what the interpreter says before it is made
SAMPLED = (1, 2)  # bounds whose states tell how many a greater one has
LISTED_BYTES = 4  # of each state of the whole space, in the smallest list: a third of 12 (decision 155)

Told = Callable[[Exploration], None]


class SmallerAfter(SmallerBounds, Protocol):
    """The smaller bounds of a search, some of which are known to hold."""

    def after(self, covered: int | None) -> None: ...


def found(program: Program, options: SearchOptions, smaller: SmallerAfter | None = None, told: Told | None = None) -> Exploration:
    """What the engine finds that was asked for, or that is chosen.

    smaller: bounds to be searched first where states are listed and many.  told: called with each bound that the symbolic
    engine has judged."""
    if options.engine == SYMBOLIC:
        return _in_sets(program, options, told)
    if options.engine != AUTO:
        return searched(program, options, smaller)
    end = None if options.time_limit is None else time.monotonic() + options.time_limit
    left = lambda: replace(options, engine=NATIVE, time_limit=end and max(end - time.monotonic(), 0.001))  # noqa: E731
    if told and program.bound is not None and program.bound > max(SAMPLED):
        _first_bound(program, left(), told)
    samples = _samples(program, left())
    if samples and samples[-1].stopped_by not in ("", "states"):
        return Exploration(stopped_by=samples[-1].stopped_by, seconds=samples[-1].seconds)  # it has judged nothing
    if not _are_many(program, samples):
        listed = _listed(program, left())
        if listed.stopped_by != "states":
            return listed
    sets = _in_sets(program, left(), told)
    if sets.stopped_by != "memory" or not _may_be_listed(program, sets, options.memory):
        return sets
    gc.collect()  # the sets
    return _after_sets(program, sets, left(), smaller)


def _first_bound(program: Program, options: SearchOptions, told: Told) -> None:
    """Tell of bound 1 what the interpreter says, if it holds, where machine code has yet to be made: that takes far longer."""
    from ..search.explore import explore
    from ..search.native import is_compiled

    if sum(len(process.blocks) for process in program.processes) < LONG or is_compiled(program):
        return
    seconds = min(AT_ONCE, options.time_limit or AT_ONCE)
    first = explore(program.with_bound(1), "interpret", time_limit=seconds, states=MOST_AT_ONCE)
    if first.complete and not first.violations:
        told(replace(first, covered=1))


def _in_sets(program: Program, options: SearchOptions, told: Told | None) -> Exploration:
    from ..symbolic.engine import explore

    return explore(
        program, options.time_limit, options.memory, options.stop, options.progress, told, options.steps or frozenset()
    )


def _listed(program: Program, options: SearchOptions) -> Exploration:
    """A list of the states, without reduction, as long as they are few."""
    from ..search.explore import explore

    return explore(program, time_limit=options.time_limit, states=SMALL[NATIVE], **options.explore())


def _samples(program: Program, options: SearchOptions) -> list[Exploration]:
    """Lists of the states of small bounds, up to the first that is not whole; none if the bound asked for is as small."""
    from ..search.explore import explore

    quiet = options.explore() | {"progress": None, "steps": frozenset()}
    made: list[Exploration] = []
    for bound in SAMPLED if program.bound is not None and program.bound > max(SAMPLED) else ():
        made.append(explore(program, time_limit=options.time_limit, states=SMALL[NATIVE], operations=bound, **quiet))
        if not made[-1].complete:
            break
    return made


def _are_many(program: Program, samples: list[Exploration]) -> bool:
    """Do few operations tell that there are too many states for a list?"""
    if not samples or program.bound is None:
        return False
    expected = of_bound({bound: one.states for bound, one in zip(SAMPLED, samples)}, program.bound)
    return not samples[-1].complete or expected is not None and expected[0] / expected[1] > SMALL[NATIVE]


def _may_be_listed(program: Program, sets: Exploration, memory: int | None) -> bool:
    """Might the states of the first bound that the sets did not reach fit into the memory, as a list?"""
    if program.bound is None or sets.covered is None or memory is None:
        return True
    expected = of_bound(sets.sizes, sets.covered + 1)
    return expected is None or expected[0] / expected[1] * LISTED_BYTES < memory


def _after_sets(program: Program, sets: Exploration, options: SearchOptions, smaller: SmallerAfter | None) -> Exploration:
    """List the states of bounds that the sets have not reached; what was found farther."""
    if smaller:
        smaller.after(sets.covered)
    listed = searched(program, options, smaller)
    listed.seconds += sets.seconds
    if not listed.complete and listed.violation is None:
        listed.covered = sets.covered
        listed.stopped_because = f"the sets of states had outgrown the memory before; {listed.stopped_because}".rstrip("; ")
    return listed
