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
from .specialise import Specialiser, read_by, reads

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
        self._known: dict[tuple[int, int, Value], Footprint | None] = {}
        self._read: dict[tuple[int, int], list[tuple[str, int]]] = {}
        self._functions: dict[tuple[int, int], Step] = {}
        self._arrivals: dict[tuple[int, int], tuple[list[int], list[tuple[int, int]]]] = {}
        self._own: dict[int, list[int]] = {}
        self._taken: dict[tuple[int, Value, Known, tuple[int, ...]], Taken] = {}
        self._unknown: Flat = [UNKNOWN if v is None else v for v in components.base]  # all that is known of any state
        if components.operations >= 0:
            self._unknown[components.operations] = self.slots.hi[components.operations]

    # ---- what a step touches

    def block(self, component: Component, value: Value) -> Block:
        """The block at which a process instance stands, specialised."""
        return self._footprints_of(component).process.blocks[value[0]]

    def footprint(self, component: Component, value: Value) -> Footprint | None:
        """What the steps of a process instance touch from one of its values; None if there are none."""
        assert component.actor is not None
        label, places = value[0], self._scalars(component, value[0])
        key = component.actor.self, label, tuple([value[position] for _, position in places])
        if key not in self._known:
            known = {name: value[position] for name, position in places}
            self._known[key] = self._footprints_of(component).of(label, known)
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

    def _scalars(self, component: Component, label: int) -> list[tuple[str, int]]:
        """The scalar locals that the block at a label reads, and their positions in the component's values."""
        actor = component.actor
        assert actor is not None
        key = actor.self, label
        if key not in self._read:
            block = self._footprints_of(component).process.blocks[label]
            names = sorted(read_by(block) & block.live)
            scalars = [name for name in names if self.program.variable(name).count == 1]
            self._read[key] = [(name, component.slots.index(self.slots.at(name, 0, actor.instance))) for name in scalars]
        return self._read[key]

    # ---- what a step does

    def taken(self, component: Component, value: Value, known: Known, watched: tuple[int, ...]) -> Taken:
        """Take every step of a process instance from one of its values, where these slots of others are known."""
        assert component.actor is not None
        key = component.actor.self, value, known, watched
        if key not in self._taken:
            self._taken[key] = self._take(component, value, known, watched)
        return self._taken[key]

    def _take(self, component: Component, value: Value, known: Known, watched: tuple[int, ...]) -> Taken:
        before = self._unknown[:]
        for slot, number in (*known, *zip(component.slots, value)):
            before[slot] = number
        writes, ends, violated, exercised = self._writes_of(component, value), [], [], []

        def emit(after: Flat, label: int) -> None:
            for number in watched:
                self._watch(self.watches[number], before, after, violated, exercised)
            value, live = self._arrival(component, label)
            value = value[:]
            for position, slot in live:
                value[position] = after[slot]
            ends.append((tuple(value), self._written(before, after, writes)))
            self._refuse_others(component, before, after, writes)

        def fail(_: Flat, check: Check | Fail) -> None:
            violated.append(self.sites.number(STEP, check.name, check.message, (), check.pos))

        self._function(component, value[0])(before[:], emit, fail)
        return Taken(tuple(dict.fromkeys(ends)), tuple(violated), tuple(exercised))

    def _writes_of(self, component: Component, value: Value) -> tuple[int, ...]:
        """The slots of others that the steps may write, ascending."""
        footprint = self.footprint(component, value)
        return () if footprint is None else tuple(sorted(footprint.writes & self.components.place.keys()))

    def _written(self, before: Flat, after: Flat, writes: tuple[int, ...]) -> Known:
        """Those of the slots `writes` that have another value now, or one where it was not known."""
        found = []
        for slot in writes:
            old, new = before[slot], after[slot]
            if new is not old and (old is UNKNOWN or old != new):
                if new is UNKNOWN:
                    raise InternalError("a step reads what its footprint does not have")
                found.append((slot, new))
        return tuple(found)

    def _refuse_others(self, component: Component, before: Flat, after: Flat, writes: tuple[int, ...]) -> None:
        """InternalError if the step has written anything but `writes` and what is its own."""
        rest = after[:]
        for slot in (*writes, *self._own_slots(component)):
            rest[slot] = before[slot]
        if rest != before:  # UNKNOWN is equal to itself only, and refuses to be compared with a value
            raise InternalError("a step writes what its footprint does not have")

    def _function(self, component: Component, label: int) -> Step:
        assert component.actor is not None
        key = component.actor.self, label
        if key not in self._functions:
            block = self._footprints_of(component).process.blocks[label]
            self._functions[key] = Compiler(self.slots, component.actor.instance).step(block)
        return self._functions[key]

    def _arrival(self, component: Component, label: int) -> tuple[list[int], list[tuple[int, int]]]:
        """The value of a process instance at a label, its dead locals reset; where the live ones belong: positions, slots."""
        actor = component.actor
        assert actor is not None
        key = actor.self, label
        if key not in self._arrivals:
            names = self.program.processes[actor.process].blocks[label].live
            live = {self.slots.at(n, e, actor.instance) for n in names for e in range(self.program.variable(n).count)}
            places = [(k, slot) for k, slot in enumerate(component.slots) if slot in live]
            self._arrivals[key] = [label, *(self.slots.lo[slot] for slot in component.slots[1:])], places
        return self._arrivals[key]

    def _own_slots(self, component: Component) -> list[int]:
        """The slots that a step may write whatever its footprint: its process's, and the count of operations."""
        actor = component.actor
        assert actor is not None
        if actor.self not in self._own:
            name = self.program.processes[actor.process].name
            own = [v for v in self.program.variables if v.process == name]
            places = [self.slots.at(v.name, e, actor.instance) for v in own for e in range(v.count)]
            self._own[actor.self] = [component.slots[0], *places, *([self.components.operations] * (self.components.operations >= 0))]
        return self._own[actor.self]

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
