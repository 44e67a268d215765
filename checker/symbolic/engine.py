"""The symbolic engine: layers of started operations, each saturated from the starts of the one before."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..ir import Program
from .components import Components
from .diagram import EMPTY, Diagram
from .relations import Relations


class Layers:
    """The reachable states of a program by the number of operations that were started.

    memory: bytes.  look: a reason to stop, or "", asked for now and then."""

    def __init__(self, program: Program, memory: int, look: Callable[[], str] = lambda: "", order: list[int] | None = None) -> None:
        self.program = program
        self.components = Components(program)
        if order:
            self.components.arrange(order)
        self.diagram = Diagram(len(self.components.levels), memory, look)
        self.relations = Relations(self.components, self.diagram.fail, self.diagram.widen)
        self.diagram.learnt = self.relations.learnt
        self.diagram.failure = lambda: self.relations.maps.failure

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

    def layers(self) -> Iterator[int]:
        """All layers up to the program's bound, each kept for good; fewer if one is empty."""
        layer = self.first()
        for _ in range(self.program.bound or 0):
            self.diagram.roots.append(layer)
            yield layer
            layer = self.next(layer)
            if not layer:
                return
        self.diagram.roots.append(layer)
        yield layer
