"""Layers: the reachable states of a program by the number of operations that were started."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..ir.program import Program
from .components import Order
from .diagram import EMPTY, Diagram
from .relations import Relations
from .steps import LearntSteps


class Layers:
    """The layers of a program, one after the other.

    memory: bytes.  look: a reason to stop, or "", asked for now and then.  order: of the components, from the top.
    closed: all further layers are as the last one, or, if `ends`, empty."""

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
        self.closed = self.ends = False

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
        """All layers up to `bound`, with the number of their states; a layer is kept until the next one is there.

        It ends before the bound if all further layers are as the last one, or are empty."""
        diagram, layer = self.diagram, self.first()
        for started in range(bound + 1):
            with diagram.keep(layer):
                yield layer, diagram.count(layer)
                if started == bound:
                    return
                following = self.next(layer)
            self.ends, self.closed = not following, following in (layer, EMPTY)
            if self.closed:
                return
            layer = following

    def sums(self) -> Iterator[tuple[int, int]]:
        """The states with up to 0, 1, 2 ... operations, as `layers`, until a further operation adds none: the union of all layers."""
        diagram, whole = self.diagram, self.first()
        while True:
            with diagram.keep(whole):
                yield whole, diagram.count(whole)
                following = self.next(whole)
                with diagram.keep(following):
                    more = diagram.union(whole, following)
            self.closed = more == whole
            if self.closed:
                return
            whole = more
