"""The symbolic engine: from a program to an `Exploration`, layer by layer.

Layer k holds the states in which k operations were started, so the states of bound k are those of the layers 0 to k,
and each bound's verdict is known before the next layer is begun.  For any number of operations the layers are united, until
a further one adds nothing.  A program that has no operations has one layer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

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
    """One run of the engine.  told: called with the result so far when a bound is judged.  split: components that have too
    many values, by name."""

    def __init__(
        self, program: Program, limits: Limits, stop: bool, progress: Callable[[Progress], None] | None,
        told: Callable[[Exploration], None] | None, split: frozenset[str],
    ) -> None:  # fmt: skip
        self.program, self.limits, self.stop, self.progress, self.told = program, limits, stop, progress, told
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
        result.came = bool(self._places() & self.limits.steps)
        self._measure()
        return result

    def _places(self) -> set[tuple[int, int]]:
        """The steps that somebody comes to, by index of the process and label."""
        levels = self.layers.components.levels
        actors = ((levels[event.level].actor, event.block.label) for event in self.layers.relations.events)
        return {(actor.process, label) for actor, label in actors if actor is not None}

    def _measure(self) -> None:
        """Enter what it has cost until now."""
        result = self.result
        result.seconds = time.perf_counter() - self.started
        result.bytes_per_state = self.layers.diagram.bytes() / max(result.states, 1)

    def _layers(self) -> None:
        """Make and judge one layer after the other."""
        result, bound, last = self.result, self.program.bound, 0
        for operations, (layer, count) in enumerate(self._sets()):
            self._judge(layer, operations)
            result.states = count if self.program.any_number else result.states + count
            if bound is not None or self.program.any_number:
                result.sizes[operations] = result.states
            if result.violation and self.stop:
                return
            result.covered, result.nodes, last = operations, self.layers.diagram.nodes, count
            self._measure()
            self._tell()
            if self.told:
                self.told(result)
        result.closed = self.layers.closed
        if result.closed and bound is not None:
            self._repeat(0 if self.layers.ends else last, bound)

    def _sets(self) -> Iterator[tuple[int, int]]:
        """The sets of states that are judged one after the other, with their sizes."""
        return self.layers.sums() if self.program.any_number else self.layers.layers(self.program.bound or 0)

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
                counts = self.program.bound is not None or self.program.any_number
                result.operations = operations if counts else None

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
    program: Program, limits: Limits, stop: bool = True, progress: Callable[[Progress], None] | None = None,
    told: Callable[[Exploration], None] | None = None,
) -> Exploration:
    """Make and judge every layer of `program`.  A violation comes without a path: with the number of operations."""
    split: frozenset[str] = frozenset()
    while True:
        try:
            return SymbolicSearch(program, limits, stop, progress, told, split).run()
        except TooManyValues as error:
            split |= {error.name}


def explore(
    program: Program, time_limit: float | None = None, memory_limit: int | None = None, stop: bool = True,
    progress: Callable[[Progress], None] | None = None, told: Callable[[Exploration], None] | None = None,
    steps: frozenset[tuple[int, int]] = frozenset(),
) -> Exploration:  # fmt: skip
    """Visit every reachable state of `program`, in sets.

    time_limit: seconds.  memory_limit: bytes.  told: called with the result so far whenever a bound is judged, and holds.
    steps: by index of the process and label, of which it is asked whether anybody comes to one (`Exploration.came`)."""
    limits = Limits(time_limit, memory_limit, steps=steps)
    with interruptible(limits):
        return search(program, limits, stop, progress, told)
