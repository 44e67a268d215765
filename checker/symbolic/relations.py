"""Events and their relations: what a step does to the components that it touches, learnt where it is needed.

An *event* is the steps of one process instance at one label with one footprint.  Its *relation* is a tree: at each
level that the event touches, from the top, it branches by what the event reads of the component there (a *class* of
the component's values; of the process itself, the value).  At a leaf everything that the steps read is known,
so they are evaluated there, once, when a state that is really there first leads to it.  The result is a list of
*outcomes*: for each touched level, from the lowest up, what is written to it.

So an event is identity on all levels that it does not touch, and keeps the fields that it does not write; a relation
is never known as a whole, only for what was asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from ..errors import InternalError
from ..interpret import Interpreter
from ..ir import Block, Check, Expr, Fail, Read
from ..native_memory import reserve
from ..sites import STEP, TRANSITION, Site, Sites, Witness, witnesses
from .components import Components
from .evaluate import UNKNOWN, Compiler, Flat, Step
from .footprint import Footprint, Footprints
from .learning import LEAF, MOST_MAPS, Learnt, Maps
from .specialise import Specialiser, reads

MOST_EVENTS = 1 << 14
FIRST_WORDS = 4  # words of 64 events that sets of events have room for in the beginning
MOST_LEAVES = 1 << 26


@dataclass
class Event:
    """Steps of the process instance at `level`, standing at `label`.

    levels: those that it touches, ascending; read: for each, the positions in the component that it reads.
    values: those of the process with which it is this event.  watched: numbers of the transition invariants that it
    may violate, and of the premises of such that it may fulfil (`Relations.watches`)."""

    number: int
    level: int
    block: Block
    levels: list[int]
    read: list[list[int]]
    step: Step
    watched: tuple[int, ...]
    values: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Watch:
    """What is judged with each step that writes what it reads: a transition invariant, or a premise of one."""

    slots: frozenset[int]
    expr: Expr
    holds: Callable[[Flat, Flat], int]
    site: Site | None
    witness: Witness | None


@dataclass(frozen=True)
class Branch:
    """A node of a relation's tree: so many levels of the event are known, with these classes (of the process: its value)."""

    event: Event
    depth: int
    known: tuple[int, ...]


class Relations:
    """All events of a program, with what was learnt of them.

    fail: called when something goes wrong while Python is called from the machine; see `Maps`.
    violations: sites of checks and transition invariants, and reached: names of transition properties, seen so far."""

    def __init__(self, components: Components, fail: Callable[[], None], widen: Callable[[int], None]) -> None:
        self.components, self.maps, self._widen = components, Maps(fail), widen
        program = components.program
        self.interpreter: Interpreter = components.interpreter
        self.sites = Sites(program)
        self.violations: dict[int, None] = {}
        self.reached: set[str] = set()
        self.watches = list(self._watches())
        self.events: list[Event] = []
        self._events: dict[tuple, int] = {}
        self._footprints: dict[int, Footprints] = {}
        self._steps: dict[tuple[int, int], Step] = {}
        self._lives: dict[tuple[int, int, int], set[int]] = {}
        self._has_failed = False
        self.start()

    def start(self) -> None:
        """Forget what depends on the order of the components."""
        levels = self.components.levels
        self.events.clear()
        self._events.clear()
        self._views: dict[tuple[int, tuple[int, ...]], int] = {}
        self._tuples: dict[int, list[tuple[int, ...]]] = {}
        self._writes: dict[tuple[int, tuple], int] = {(-1, ()): 0}
        self._outcomes: dict[tuple[int, int], int] = {(0, 0): 0}
        self._positions: dict[tuple[int, int], int] = {}
        self.words = FIRST_WORDS
        table = lambda count: reserve(count, np.int32)  # noqa: E731
        rel, event, leaf = [table(MOST_MAPS) for _ in range(3)], [table(MOST_EVENTS) for _ in range(5)], MOST_LEAVES
        event[4][:] = -1
        bits = [np.zeros((len(levels) + 1, MOST_EVENTS // 64), np.uint64) for _ in range(2)]
        maps = self.maps
        event_of = [self._map_of_events(level) for level in range(len(levels))]
        index_of = [maps.new(partial(self._index, level)) if c.actor else -1 for level, c in enumerate(levels)]
        self.always: list[set[int]] = [set() for _ in levels]
        self.learnt = Learnt(
            maps.at, maps.room, maps.data, maps.address, *rel, *event, np.array(event_of, np.int32),
            np.array(index_of, np.int32), table(leaf), table(leaf), table(4 * leaf), table(leaf), table(leaf), *bits,
        )  # fmt: skip
        self.leaves, self.leaf_outcomes = 1, 0  # leaf 0: the event is not enabled; at others a step can be taken, or fails

    # ---- events

    def _map_of_events(self, level: int) -> int:
        """The event of a value of a process instance, plus 1; 0 if it has none."""
        return self.maps.new(partial(self._event_of, level)) if self.components.levels[level].actor else -1

    def _event_of(self, level: int, number: int) -> int:
        component = self.components.levels[level]
        value = component.values[number]
        footprints = self._footprints_of(level)
        label = value[0]
        block = footprints.process.blocks[label]
        footprint = footprints.of(label, self._known(level, block, value))
        if footprint is None:
            return 0
        if footprint.always:
            self.always[level].add(number)
        event = self.events[self._event(level, block, footprint)]
        self._positions[level, number] = len(event.values)
        event.values.append(number)
        return event.number + 1

    def _index(self, level: int, number: int) -> int:
        """Which of its event's values this one is."""
        return self._positions[level, number]

    def _known(self, level: int, block: Block, value: tuple[int, ...]) -> dict[str, int]:
        """The scalar locals that are live at `block`, in a value of the process instance."""
        component, slots = self.components.levels[level], self.interpreter.slots
        found = {}
        for name in block.live:
            if self.components.program.variable(name).count == 1:
                position = component.slots.index(slots.at(name, 0, component.actor.instance))
                found[name] = value[position]
        return found

    def _footprints_of(self, level: int) -> Footprints:
        actor = self.components.levels[level].actor
        assert actor is not None
        if actor.self not in self._footprints:
            self._footprints[actor.self] = Footprints(self.components, actor)
        return self._footprints[actor.self]

    def _event(self, level: int, block: Block, footprint: Footprint) -> int:
        components = self.components
        watched = tuple(n for n, watch in enumerate(self.watches) if watch.slots & footprint.writes)
        reads = footprint.reads.union(*(self.watches[n].slots for n in watched)) - {components.operations}
        touched = (reads | footprint.writes) - {components.operations}
        key = level, block.label, reads, touched
        if key not in self._events:
            levels = sorted({level} | {components.place[slot][0] for slot in touched})
            positions: dict[int, list[int]] = {k: [] for k in levels}
            for slot in sorted(reads):
                positions[components.place[slot][0]].append(components.place[slot][1])
            read = [sorted(positions[k]) for k in levels]
            event = Event(len(self.events), level, block, levels, read, self._step(level, block), watched)
            self._events[key] = event.number
            self.events.append(event)
            self._enter(event)
        return self._events[key]

    def _step(self, level: int, block: Block) -> Step:
        actor = self.components.levels[level].actor
        assert actor is not None
        key = actor.self, block.label
        if key not in self._steps:
            self._steps[key] = Compiler(self.interpreter.slots, actor.instance).step(block)
        return self._steps[key]

    def _enter(self, event: Event) -> None:
        """Make an event known to the machine."""
        number, learnt = event.number, self.learnt
        if number >= MOST_EVENTS:
            raise MemoryError("more events than there is room for")
        if number >= 64 * self.words:
            self.words *= 2
            self._widen(self.words)
        root = self._branch(Branch(event, 0, ()))
        learnt.event_level[number], learnt.event_top[number] = event.level, event.levels[0]
        learnt.event_root[number], learnt.event_starts[number] = root, event.block.starts
        word, bit = number >> 6, np.uint64(1 << (number & 63))
        first = 0 if event.block.starts else event.levels[0] + 1
        learnt.crossing[first : event.level + 1, word] |= bit
        if not event.block.starts:
            learnt.top[event.levels[0], word] |= bit

    # ---- relations

    def _branch(self, branch: Branch) -> int:
        """The map that leads on from a branch: from the class at its level to the next branch, or to a leaf."""
        number = self.maps.new(partial(self._follow, branch), LEAF)
        level, event, learnt = branch.event.levels[branch.depth], branch.event, self.learnt
        learnt.rel_level[number], learnt.rel_event[number] = level, event.number
        own = level == event.level
        learnt.rel_key[number] = learnt.index_of[level] if own else self.view(level, tuple(event.read[branch.depth]))
        return number

    def _follow(self, branch: Branch, argument: int) -> int:
        event = branch.event
        own = event.levels[branch.depth] == event.level
        known = (*branch.known, event.values[argument] if own else argument)
        if len(known) == len(event.levels):
            return LEAF | self._leaf(event, known)
        return self._branch(Branch(event, branch.depth + 1, known))

    def view(self, level: int, positions: tuple[int, ...]) -> int:
        """The map from a value of a component to its class, by what stands at these positions."""
        key = level, positions
        if key not in self._views:
            tuples: list[tuple[int, ...]] = []
            classes: dict[tuple[int, ...], int] = {}
            values = self.components.levels[level].values

            def find(number: int) -> int:
                seen = tuple(values[number][p] for p in positions)
                if seen not in classes:
                    classes[seen] = len(tuples)
                    tuples.append(seen)
                return classes[seen]

            self._views[key] = self.maps.new(find)
            self._tuples[self._views[key]] = tuples
        return self._views[key]

    def tuples(self, view: int) -> list[tuple[int, ...]]:
        """What the classes of a view have at its positions."""
        return self._tuples[view]

    def _write(self, level: int, changes: tuple[tuple[int, int], ...]) -> int:
        """The map from a value of a component to what it is with these (position, value) put in; 0 for no change."""
        key = (level, changes) if changes else (-1, ())
        if key not in self._writes:
            component = self.components.levels[level]

            def find(number: int) -> int:
                value = list(component.values[number])
                for position, new in changes:
                    value[position] = new
                return component.number(tuple(value))

            self._writes[key] = self.maps.new(find)
        return self._writes[key]

    # ---- leaves

    def _leaf(self, event: Event, known: tuple[int, ...]) -> int:
        """Evaluate the steps of an event where all that they read is known; the number of what comes of it."""
        self._has_failed = False
        outcomes = dict.fromkeys(self._outcome(event, changes) for changes in self._evaluate(event, known))
        learnt, number = self.learnt, self.leaves
        if not outcomes and not self._has_failed:
            return 0
        if number >= MOST_LEAVES:
            raise MemoryError("more leaves of relations than there is room for")
        learnt.leaf_at[number], learnt.leaf_count[number] = self.leaf_outcomes, len(outcomes)
        learnt.leaf_outcomes[self.leaf_outcomes : self.leaf_outcomes + len(outcomes)] = list(outcomes)
        self.leaves, self.leaf_outcomes = number + 1, self.leaf_outcomes + len(outcomes)
        return number

    def _evaluate(self, event: Event, known: tuple[int, ...]) -> list[tuple[tuple[int, ...], dict[int, int]]]:
        """For each successor the new value of the process, and the other slots that are written, with their values."""
        components = self.components
        before: Flat = list(components.base)
        slots = self.interpreter.slots
        for slot, value in enumerate(before):
            if value is None:
                before[slot] = UNKNOWN
        for level, positions, number in zip(event.levels, event.read, known):
            component = components.levels[level]
            if level == event.level:
                for slot, value in zip(component.slots, component.values[number]):
                    before[slot] = value
            else:
                view = self._views[level, tuple(positions)]
                for position, value in zip(positions, self._tuples[view][number]):
                    before[component.slots[position]] = value
        if components.operations >= 0:
            before[components.operations] = slots.hi[components.operations]
        own = components.levels[event.level]
        found: list[tuple[tuple[int, ...], dict[int, int]]] = []

        def emit(after: Flat, label: int) -> None:
            self._judge(event, before, after)
            live = own.actor and self._live(own.actor.process, own.actor.instance, label)
            value = (label, *(after[s] if s in live else slots.lo[s] for s in own.slots[1:]))
            mine = set(own.slots)
            written = {
                s: new for s, (old, new) in enumerate(zip(before, after))
                if new is not old and s not in mine and (old is UNKNOWN or old != new)
            }  # fmt: skip
            found.append((value, written))

        event.step(list(before), emit, self._failed)
        return found

    def _live(self, process: int, instance: int, label: int) -> set[int]:
        """The slots of the locals that are live at a label of an instance."""
        key = process, instance, label
        if key not in self._lives:
            program, slots = self.components.program, self.interpreter.slots
            names = program.processes[process].blocks[label].live
            self._lives[key] = {slots.at(n, e, instance) for n in names for e in range(program.variable(n).count)}
        return self._lives[key]

    def _outcome(self, event: Event, change: tuple[tuple[int, ...], dict[int, int]]) -> int:
        """The number of an outcome: what is written to the lowest level, and the outcome on the levels above."""
        value, written = change
        components, number = self.components, 0
        by_level: dict[int, list[tuple[int, int]]] = {}
        for slot, new in written.items():
            if slot == components.operations or slot not in components.place:
                continue
            if new is UNKNOWN:
                raise InternalError("a step writes what its footprint does not have")
            level, position = components.place[slot]
            by_level.setdefault(level, []).append((position, new))
        if not by_level.keys() <= set(event.levels):
            raise InternalError("a step writes what its footprint does not have")
        for level in event.levels:
            if level == event.level:
                write = components.levels[level].number(value)
            else:
                write = self._write(level, tuple(sorted(by_level.get(level, ()))))
            number = self._link(write, number)
        return number

    def _link(self, write: int, above: int) -> int:
        key = write, above
        number = self._outcomes.get(key)
        if number is None:
            number = self._outcomes[key] = len(self._outcomes)
            self.learnt.outcome_write[number], self.learnt.outcome_rest[number] = write, above
        return number

    # ---- what is judged with a step

    def _failed(self, _: Flat, check: Check | Fail) -> None:
        self._has_failed = True
        self.violations[self.sites.number(STEP, check.name, check.message, (), check.pos)] = None

    def _judge(self, event: Event, before: Flat, after: Flat) -> None:
        for number in event.watched:
            watch = self.watches[number]
            if watch.site is not None and not watch.holds(after, before):
                site = watch.site
                self.violations[self.sites.number(TRANSITION, site.property, site.message, site.binding, site.pos)] = None
            if watch.witness is not None and watch.holds(after, before):
                self.reached.add(watch.witness.name)

    def _watches(self) -> Iterable[Watch]:
        compiler = Compiler(self.interpreter.slots)
        for _, site in self.sites.of_kind(TRANSITION):
            expr = self.specialised(site.expr)
            yield Watch(self._slots(expr), expr, compiler.predicate(expr), site, None)
        for witness in witnesses(self.components.program):
            for expr in witness.exprs if witness.kind == TRANSITION else ():
                expr = self.specialised(expr)
                yield Watch(self._slots(expr), expr, compiler.predicate(expr), None, witness)

    def specialised(self, expr: Expr) -> Expr:
        """A property's expression with what never changes put in."""
        return Specialiser(self.constant).expr(expr)

    def constant(self, read: Read) -> int | None:
        variable = self.components.program.variable(read.var)
        index = read.index.value if 0 <= read.index.value < variable.count else 0
        return self.components.constants.get(self.interpreter.slots.at(read.var, index))

    def _slots(self, expr: Expr) -> frozenset[int]:
        """The slots that an expression may read."""
        found: set[int] = set()
        for read in reads(expr):
            variable, first = self.components.program.variable(read.var), self.interpreter.slots.at(read.var)
            constant = getattr(read.index, "value", None)
            inside = range(variable.count) if constant is None else (constant if 0 <= constant < variable.count else 0,)
            found |= {first + e for e in inside} - self.components.constants.keys()
        return frozenset(found)
