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

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from ..base.errors import InternalError
from ..ir.program import Block
from ..native.memory import reserve
from .footprint import Footprint
from .learning import LEAF, MOST_MAPS, Learnt, Maps
from .steps import Known, Seen, LearntSteps

MOST_EVENTS = 1 << 14
FIRST_WORDS = 4  # words of 64 events that sets of events have room for in the beginning
MOST_LEAVES = 1 << 26


@dataclass
class Event:
    """Steps of the process instance at `level`, standing at `block`.

    levels: those that it touches, ascending; read: for each, the positions in the component that it reads.
    values: numbers of those of the process with which it is this event.  watched: see `LearntSteps`."""

    number: int
    level: int
    block: Block
    levels: list[int]
    read: list[tuple[int, ...]]
    watched: tuple[int, ...]
    values: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class EventBranch:
    """A node of a relation's tree: the classes at the first levels of the event are known (of the process: its value)."""

    event: Event
    known: tuple[int, ...]


class Relations:
    """All events of a program, with what was learnt of them under one order of the components.

    fail: called when something goes wrong while Python is called from the machine; see `Maps`.  widen: called when sets of
    events need more words.  violated: sites of checks and transition invariants, and exercised: instantiations of
    these, seen so far.  always: for each level, the values of a process that can take a step whatever the
    others are."""

    def __init__(self, steps: LearntSteps, fail: Callable[[], None], widen: Callable[[int], None]) -> None:
        self.steps, self.components, self.maps, self._widen = steps, steps.components, Maps(fail), widen
        levels = self.components.levels
        self.violated: dict[int, None] = {}
        self.exercised: set[Seen] = set()
        self.events: list[Event] = []
        self.always: list[set[int]] = [set() for _ in levels]
        self._events: dict[tuple, int] = {}
        self._index_of: dict[tuple[int, int], int] = {}
        self._views: dict[tuple[int, tuple[int, ...]], int] = {}
        self._tuples: dict[int, list[tuple[int, ...]]] = {}
        self._writes: dict[tuple[int, Known], int] = {}
        self._outcomes: dict[tuple[int, int], int] = {(0, 0): 0}
        self._leaves: dict[tuple[int, ...], int] = {}
        self.words, self.leaves, self._leaf_end = FIRST_WORDS, 1, 0  # leaf 0: no step can be taken
        self.learnt = self._tables()

    def _tables(self) -> Learnt:
        maps, levels = self.maps, self.components.levels
        table = lambda count: reserve(count, np.int32)  # noqa: E731
        rel, event = [table(MOST_MAPS) for _ in range(3)], [table(MOST_EVENTS) for _ in range(5)]
        event[4][:] = -1
        bits = [np.zeros((len(levels) + 1, MOST_EVENTS // 64), np.uint64) for _ in range(2)]
        event_of, index_of = (
            np.array([maps.new(partial(find, level)) if c.actor else -1 for level, c in enumerate(levels)], np.int32)
            for find in (self._event_of, self._index)
        )
        leaf = [table(MOST_LEAVES), table(MOST_LEAVES), table(4 * MOST_LEAVES)]
        outcome = [table(MOST_LEAVES), table(MOST_LEAVES)]
        return Learnt(maps.at, maps.room, maps.data, maps.address, *rel, *event, event_of, index_of, *leaf, *outcome, *bits)

    # ---- events

    def _event_of(self, level: int, number: int) -> int:
        """The event of a value of a process instance, plus 1; 0 if it has none."""
        component = self.components.levels[level]
        value = component.values[number]
        footprint = self.steps.footprint(component, value)
        if footprint is None:
            return 0
        if footprint.always:
            self.always[level].add(number)
        event = self.events[self._event(level, self.steps.block(component, value), footprint)]
        self._index_of[level, number] = len(event.values)
        event.values.append(number)
        return event.number + 1

    def _index(self, level: int, number: int) -> int:
        """Which of its event's values this one is."""
        return self._index_of[level, number]

    def _event(self, level: int, block: Block, footprint: Footprint) -> int:
        components, watches = self.components, self.steps.watches
        watched = self.steps.watched(footprint)
        reads = footprint.reads.union(*(watches[n].slots for n in watched)) - {components.operations}
        touched = (reads | footprint.writes) - {components.operations}
        key = level, block.label, reads, touched
        if key not in self._events:
            positions: dict[int, list[int]] = {k: [] for k in {level} | {components.place[slot][0] for slot in touched}}
            for slot in reads:
                positions[components.place[slot][0]].append(components.place[slot][1])
            levels = sorted(positions)
            read = [tuple(sorted(positions[k])) for k in levels]
            self._events[key] = len(self.events)
            self.events.append(Event(len(self.events), level, block, levels, read, watched))
            self._enter(self.events[-1])
        return self._events[key]

    def _enter(self, event: Event) -> None:
        """Make an event known to the machine."""
        number, learnt = event.number, self.learnt
        if number >= MOST_EVENTS:
            raise MemoryError("more events than there is room for")
        if number >= 64 * self.words:
            self.words += 1
            self._widen(self.words)
        learnt.event_level[number], learnt.event_top[number] = event.level, event.levels[0]
        learnt.event_starts[number], learnt.event_root[number] = event.block.starts, self._branch(EventBranch(event, ()))
        word, bit = number >> 6, np.uint64(1 << (number & 63))
        first = 0 if event.block.starts else event.levels[0] + 1
        learnt.crossing[first : event.level + 1, word] |= bit
        if not event.block.starts:
            learnt.top[event.levels[0], word] |= bit

    # ---- relations

    def _branch(self, branch: EventBranch) -> int:
        """The map that leads on from a branch: from the class at its level to the next branch, or to a leaf."""
        number, learnt, event = self.maps.new(partial(self._follow, branch), LEAF), self.learnt, branch.event
        depth = len(branch.known)
        level = event.levels[depth]
        learnt.rel_level[number], learnt.rel_event[number] = level, event.number
        own = level == event.level
        learnt.rel_key[number] = learnt.index_of[level] if own else self.view(level, event.read[depth])
        return number

    def _follow(self, branch: EventBranch, argument: int) -> int:
        event, depth = branch.event, len(branch.known)
        own = event.levels[depth] == event.level
        known = (*branch.known, event.values[argument] if own else argument)
        if len(known) == len(event.levels):
            return LEAF | self._leaf(event, known)
        return self._branch(EventBranch(event, known))

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

    # ---- leaves

    def _leaf(self, event: Event, known: tuple[int, ...]) -> int:
        """Take the steps of an event where all that they read is known; the number of what comes of it."""
        levels, slots, value = self.components.levels, [], ()
        for level, positions, number in zip(event.levels, event.read, known):
            component = levels[level]
            if level == event.level:
                value = component.values[number]
            else:
                seen = self._tuples[self._views[level, positions]][number]
                slots += zip((component.slots[p] for p in positions), seen)
        taken = self.steps.taken(levels[event.level], value, tuple(sorted(slots)), event.watched)
        self.violated.update(dict.fromkeys(taken.violated))
        self.exercised.update(taken.exercised)
        return self._list(tuple(dict.fromkeys(self._outcome(event, *end) for end in taken.ends))) if taken.possible else 0

    def _list(self, outcomes: tuple[int, ...]) -> int:
        """The number of a leaf with these outcomes."""
        number = self._leaves.get(outcomes)
        if number is None:
            number, learnt, end = self.leaves, self.learnt, self._leaf_end + len(outcomes)
            if number >= MOST_LEAVES or end > 4 * MOST_LEAVES:
                raise MemoryError("more leaves of relations than there is room for")
            learnt.leaf_at[number], learnt.leaf_count[number] = self._leaf_end, len(outcomes)
            learnt.leaf_outcomes[self._leaf_end : end] = outcomes
            self._leaves[outcomes] = number
            self.leaves, self._leaf_end = number + 1, end
        return number

    def _outcome(self, event: Event, value: tuple[int, ...], written: Known) -> int:
        """The number of an outcome: what is written to the lowest level, and the outcome on the levels above."""
        changes: dict[int, list[tuple[int, int]]] = {}
        for slot, new in written:
            level, position = self.components.place[slot]
            changes.setdefault(level, []).append((position, new))
        if not changes.keys() <= set(event.levels):
            raise InternalError("a step writes what its footprint does not have")
        number = 0
        for level in event.levels:
            own = level == event.level
            write = self.components.levels[level].number(value) if own else self._write(level, tuple(sorted(changes.get(level, ()))))
            number = self._link(write, number)
        return number

    def _link(self, write: int, above: int) -> int:
        key = write, above
        number = self._outcomes.get(key)
        if number is None:
            number = self._outcomes[key] = len(self._outcomes)
            self.learnt.outcome_write[number], self.learnt.outcome_rest[number] = write, above
        return number

    def _write(self, level: int, changes: Known) -> int:
        """The map from a value of a component to what it is with these (position, value) put in; 0 for no change."""
        if not changes:
            return 0
        key = level, changes
        if key not in self._writes:
            component = self.components.levels[level]

            def find(number: int) -> int:
                value = list(component.values[number])
                for position, new in changes:
                    value[position] = new
                return component.number(tuple(value))

            self._writes[key] = self.maps.new(find)
        return self._writes[key]
