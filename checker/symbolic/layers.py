"""Layers: the reachable states of a program by the number of operations that were started."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..ir.program import Program
from .components import Order
from .diagram import EMPTY, Diagram
from .relations import Relations
from .steps import LearntSteps

SETTLING = 1.5  # growth from one layer to the next below which it is asked whether there is anything new


class Layers:
    """The layers of a program, one after the other.

    memory: bytes.  look: a reason to stop, or "", asked for now and then.  order: of the components, from the top.
    closed: the last layer that was made holds nothing that the layers before it do not, so that no later one will."""

    def __init__(
        self, steps: LearntSteps, memory: int, look: Callable[[], str] = lambda: "", order: Order = ()
    ) -> None:
        self.program, self.components = steps.program, steps.components
        if order:
            self.components.arrange(order)
        self.diagram = Diagram(len(self.components.levels), memory, look)
        self.relations = Relations(steps, self.diagram.fail, self.diagram.widen)
        self.diagram.learnt = self.relations.learnt
        self.diagram.failure = lambda: self.relations.maps.failure
        self.closed = False

    def first(self) -> int:
        """The layer in which no operation was started."""
        diagram, whole = self.diagram, EMPTY
        for state in self.components.initial:
            one = diagram.path(self.components.of_state(state))
            with diagram.keep(whole, one):
                whole = diagram.union(whole, one)
        with diagram.keep(whole):
            return diagram.saturated(whole)

    def next(self, layer: int) -> int:
        """The layer with one operation more; `layer` has to be kept."""
        diagram, whole = self.diagram, EMPTY
        for event in [e for e in self.relations.events if e.block.starts]:
            with diagram.keep(whole):
                image = diagram.image(layer, int(self.relations.learnt.event_root[event.number]))
                with diagram.keep(image):
                    whole = diagram.union(whole, image)
        with diagram.keep(whole):
            return diagram.saturated(whole)

    def layers(self, bound: int) -> Iterator[tuple[int, int]]:
        """All layers up to `bound`, each kept for good, with the number of their states.

        It ends before the bound if no more operation can be started, or when the layers are closed."""
        diagram, layer = self.diagram, self.first()
        seen, before = EMPTY, 0
        for started in range(bound + 1):
            diagram.roots.append(layer)
            count = diagram.count(layer)
            yield layer, count
            if started == bound:
                return
            if seen or count < SETTLING * before:
                wider = diagram.union(seen, layer)
                self.closed = wider == seen
                seen = wider
                diagram.roots.append(seen)
            before = count
            layer = EMPTY if self.closed else self.next(layer)
            if not layer:
                self.closed = True
                return
