"""Steps of the processes on what they touch: what they read and write, and what they make of it.

Nothing here depends on the order of the components in a diagram, so that it is kept while orders are tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..base.errors import InternalError
from ..ir.program import Block, Check, Expr, Fail, Read
from ..ir.sites import STEP, TRANSITION, Site, Sites, witnesses
from .components import Component, Components, Value
from .evaluate import UNKNOWN, Compiler, Flat, Step
from .footprint import Footprint, Footprints
from .specialise import Specialiser, reads

Known = tuple[tuple[int, int], ...]  # slots with their values, ascending

Seen = tuple[str, int]  # a property, and the number of its instantiation


@dataclass(frozen=True)
class Watch:
    """What is judged with each step that writes what it reads: a transition invariant, or where one says something.

    seen: the property and the number of its instantiation that are exercised by it."""

    slots: frozenset[int]
    expr: Expr
    holds: Callable[[Flat, Flat], int]
    site: Site | None
    seen: Seen | None


@dataclass(frozen=True)
class Taken:
    """What steps lead to.  ends: for each successor the new value of the process, and the other slots that are written, with
    what is written to them.  violated: sites; exercised: instantiations of transition invariants."""

    ends: tuple[tuple[Value, Known], ...]
    violated: tuple[int, ...]
    exercised: tuple[Seen, ...]

    @property
    def possible(self) -> bool:
        """A step can be taken, though it may fail."""
        return bool(self.ends or self.violated)


class LearntSteps:
    """The steps of a program."""

    def __init__(self, components: Components) -> None:
        self.components, self.program = components, components.program
        self.slots = components.interpreter.slots
        self.sites = Sites(self.program)
        self.watches = list(self._watches())
        self._footprints: dict[int, Footprints] = {}
        self._known: dict[tuple[int, Value], Footprint | None] = {}
        self._functions: dict[tuple[int, int], Step] = {}
        self._live: dict[tuple[int, int], frozenset[int]] = {}
        self._taken: dict[tuple[int, Value, Known, tuple[int, ...]], Taken] = {}

    # ---- what a step touches

    def block(self, component: Component, value: Value) -> Block:
        """The block at which a process instance stands, specialised."""
        return self._footprints_of(component).process.blocks[value[0]]

    def footprint(self, component: Component, value: Value) -> Footprint | None:
        """What the steps of a process instance touch from one of its values; None if there are none."""
        assert component.actor is not None
        key = component.actor.self, value
        if key not in self._known:
            self._known[key] = self._footprints_of(component).of(value[0], self._locals(component, value))
        return self._known[key]

    def watched(self, footprint: Footprint) -> tuple[int, ...]:
        """Numbers of the watches that steps with this footprint have to be judged by."""
        return tuple(n for n, watch in enumerate(self.watches) if watch.slots & footprint.writes)

    def _footprints_of(self, component: Component) -> Footprints:
        actor = component.actor
        assert actor is not None
        if actor.self not in self._footprints:
            self._footprints[actor.self] = Footprints(self.components, actor)
        return self._footprints[actor.self]

    def _locals(self, component: Component, value: Value) -> dict[str, int]:
        """The scalar locals that are live, in a value of a process instance."""
        actor, found = component.actor, {}
        assert actor is not None
        for name in self.block(component, value).live:
            if self.program.variable(name).count == 1:
                found[name] = value[component.slots.index(self.slots.at(name, 0, actor.instance))]
        return found

    # ---- what a step does

    def taken(self, component: Component, value: Value, known: Known, watched: tuple[int, ...]) -> Taken:
        """Take every step of a process instance from one of its values, where these slots of others are known."""
        assert component.actor is not None
        key = component.actor.self, value, known, watched
        if key not in self._taken:
            self._taken[key] = self._take(component, value, known, watched)
        return self._taken[key]

    def _take(self, component: Component, value: Value, known: Known, watched: tuple[int, ...]) -> Taken:
        before: Flat = [UNKNOWN if v is None else v for v in self.components.base]
        for slot, number in (*known, *zip(component.slots, value)):
            before[slot] = number
        if self.components.operations >= 0:
            before[self.components.operations] = self.slots.hi[self.components.operations]
        own, ends, violated, exercised = set(component.slots), [], [], []

        def emit(after: Flat, label: int) -> None:
            for number in watched:
                self._watch(self.watches[number], before, after, violated, exercised)
            live = self._live_at(component, label)
            new = (label, *(after[s] if s in live else self.slots.lo[s] for s in component.slots[1:]))
            ends.append((new, self._written(before, after, own)))

        def fail(_: Flat, check: Check | Fail) -> None:
            violated.append(self.sites.number(STEP, check.name, check.message, (), check.pos))

        self._function(component, value[0])(list(before), emit, fail)
        return Taken(tuple(dict.fromkeys(ends)), tuple(violated), tuple(exercised))

    def _written(self, before: Flat, after: Flat, own: set[int]) -> Known:
        """The slots of others that have another value now, or one where it was not known."""
        found = []
        for slot, (old, new) in enumerate(zip(before, after)):
            if new is not old and slot not in own and slot in self.components.place and (old is UNKNOWN or old != new):
                if new is UNKNOWN:
                    raise InternalError("a step reads what its footprint does not have")
                found.append((slot, new))
        return tuple(found)

    def _function(self, component: Component, label: int) -> Step:
        assert component.actor is not None
        key = component.actor.self, label
        if key not in self._functions:
            block = self._footprints_of(component).process.blocks[label]
            self._functions[key] = Compiler(self.slots, component.actor.instance).step(block)
        return self._functions[key]

    def _live_at(self, component: Component, label: int) -> frozenset[int]:
        """The slots of the locals that are live at a label of an instance."""
        actor = component.actor
        assert actor is not None
        key = actor.self, label
        if key not in self._live:
            names = self.program.processes[actor.process].blocks[label].live
            places = {self.slots.at(n, e, actor.instance) for n in names for e in range(self.program.variable(n).count)}
            self._live[key] = frozenset(places)
        return self._live[key]

    # ---- what is judged with a step

    def _watch(self, watch: Watch, before: Flat, after: Flat, violated: list[int], exercised: list[Seen]) -> None:
        holds = watch.holds(after, before)
        if watch.seen is not None and holds:
            exercised.append(watch.seen)
        if watch.site is not None and not holds:
            violated.append(self.transition(watch.site))

    def transition(self, site: Site) -> int:
        """The number of a transition invariant's site."""
        return self.sites.number(TRANSITION, site.property, site.message, site.binding, site.pos)

    def _watches(self) -> Iterable[Watch]:
        compiler = Compiler(self.slots)
        for _, site in self.sites.of_kind(TRANSITION):
            if site.expr is not None:
                expr = self.specialised(site.expr)
                yield Watch(self.slots_of(expr), expr, compiler.predicate(expr), site, None)
        for witness in witnesses(self.program):
            for number, expr in witness.exprs if witness.kind == TRANSITION else ():
                expr = self.specialised(expr)
                yield Watch(self.slots_of(expr), expr, compiler.predicate(expr), None, (witness.name, number))

    # ---- expressions of properties

    def specialised(self, expr: Expr) -> Expr:
        """A property's expression with what never changes put in."""
        return Specialiser(self.constant).expr(expr)

    def constant(self, read: Read) -> int | None:
        """The value of an element that never changes."""
        return self.components.constants.get(self.slot(read))

    def slot(self, read: Read) -> int:
        """The slot that is read by a constant index."""
        index, count = getattr(read.index, "value", 0), self.program.variable(read.var).count
        return self.slots.at(read.var, index if 0 <= index < count else 0)

    def slots_of(self, expr: Expr) -> frozenset[int]:
        """The slots of components that an expression of shared variables may read."""
        found: set[int] = set()
        for read in reads(expr):
            first, count = self.slots.at(read.var), self.program.variable(read.var).count
            found |= {self.slot(read)} if hasattr(read.index, "value") else set(range(first, first + count))
        return frozenset(found & self.components.place.keys())
