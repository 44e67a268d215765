"""The symbolic engine: from a program to an `Exploration`, layer by layer.

Layer k holds the states in which k operations were started, so the states of bound k are those of the layers 0 to k,
and each bound's verdict is known before the next layer is begun.  A program that counts no operations has one layer.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from ..base.limits import available_memory
from ..ir.program import Program
from ..search.exploration import Exploration, Found, Limits, Progress, interruptible
from .components import Components, TooManyValues
from .diagram import Stopped
from .judge import Judge
from .layers import Layers
from .order import order_of
from .steps import LearntSteps

SHARE = 0.9  # of the available memory, if there is no limit
MOST_SIZES = 10_000  # bounds whose sizes are listed
SHOWN = 0.2  # seconds between two reports of progress


class SymbolicSearch:
    """One run of the engine.  split: components that have too many values, by name."""

    def __init__(
        self, program: Program, limits: Limits, stop: bool, progress: Callable[[Progress], None] | None, split: frozenset[str]
    ) -> None:
        self.program, self.limits, self.stop, self.progress = program, limits, stop, progress
        self.result = Exploration(engine="symbolic")
        self.started, self.shown = time.perf_counter(), 0.0
        memory = limits.memory if limits.memory is not None else int(SHARE * available_memory())
        steps = LearntSteps(Components(program, split))
        self.layers = Layers(steps, memory, self._look, order_of(steps, program.bound or 0, memory))
        self.judge = Judge(self.layers.diagram, self.layers.relations)

    def run(self) -> Exploration:
        result = self.result
        result.compile_seconds, self.started = time.perf_counter() - self.started, time.perf_counter()
        try:
            self._layers()
        except Stopped as stopped:
            result.stopped_by = stopped.why
        except MemoryError:
            result.stopped_by = "memory"
        if self.stop and result.violation:
            result.stopped_by = "violation"
        result.complete = not result.stopped_by
        result.seconds = time.perf_counter() - self.started
        result.bytes_per_state = self.layers.diagram.bytes() / max(result.states, 1)
        return result

    def _layers(self) -> None:
        """Make and judge one layer after the other."""
        result, bound = self.result, self.program.bound
        for operations, (layer, count) in enumerate(self.layers.layers(bound or 0)):
            self._judge(layer, operations)
            result.states += count
            if bound is not None:
                result.sizes[operations] = result.states
            if result.violation and self.stop:
                return
            result.covered = operations
            self._tell()
            last = count
        result.closed = self.layers.closed
        if result.closed and bound is not None:
            self._repeat(0 if self.layers.ends else last, bound)

    def _repeat(self, count: int, bound: int) -> None:
        """Count the states of further layers, all of which have so many."""
        result = self.result
        made = len(result.sizes)
        for more in range(made, min(bound + 1, MOST_SIZES)):
            result.sizes[more] = result.states + (more - made + 1) * count
        result.states += (bound + 1 - made) * count

    def _judge(self, layer: int, operations: int) -> None:
        """Enter what is wrong in a layer, as the last one: no operation is left to be started."""
        result, steps = self.result, self.layers.relations.steps
        found = self.judge.judge(layer, last=True)
        result.exercised |= found.exercised
        for number in sorted(found.violated):
            site = steps.sites.all[number]
            if site.property not in result.violations:
                result.violations[site.property] = Found(site.property, site.message, [], None, site.binding, site.pos)
                result.violation = result.violation or result.violations[site.property]
                result.operations = operations if self.program.bound is not None else None

    def _look(self) -> str:
        """Show progress; why the search has to end now, or ""."""
        if time.perf_counter() - self.started - self.shown > SHOWN:
            self._tell()
        return self.limits.reached()

    def _tell(self) -> None:
        self.shown = time.perf_counter() - self.started
        if self.progress:
            diagram, result = self.layers.diagram, self.result
            covered = -1 if result.covered is None else result.covered
            self.progress(
                Progress(result.states, 0, covered, diagram.live, diagram.bytes(), self.shown, operations=result.covered, symbolic=True)
            )


def search(
    program: Program, limits: Limits, stop: bool = True, progress: Callable[[Progress], None] | None = None
) -> Exploration:
    """Make and judge every layer of `program`.  A violation comes without a path: with the number of operations."""
    split: frozenset[str] = frozenset()
    while True:
        try:
            return SymbolicSearch(program, limits, stop, progress, split).run()
        except TooManyValues as error:
            split |= {error.name}


def explore(
    program: Program, time_limit: float | None = None, memory_limit: int | None = None, stop: bool = True,
    progress: Callable[[Progress], None] | None = None,
) -> Exploration:  # fmt: skip
    """Visit every reachable state of `program`, in sets; time_limit: seconds; memory_limit: bytes."""
    limits = Limits(time_limit, memory_limit)
    with interruptible(limits):
        return search(program, limits, stop, progress)
