"""Where each label and each variable stands in a packed state of 64-bit words.

A value is stored as value - lo in as many bits as hi - lo needs; a variable with a single
value needs none.  An element never straddles two words, and the elements of an array
stand side by side, so that an index is a shift.  An array of more than 64 bits is cut
into sections of whole elements.

Locals of one process share bits if they are never live at the same label: colouring of
the interference graph that `Block.live` gives.  A local that is live at no label is a
temporary of one step and has no place.  A dead local is `lo` in every stored state, so
its bits are zero unless a local that shares them is live.

A value outside its range cannot be represented: only its lowest bits are kept, and no
neighbour is touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from ..ir.program import Process, Program, Variable
from ..ir.slots import Slots

WORD = 64
FOLDED = 4  # words from which on states are kept folded (`checker.native.loop.fold`)


@dataclass(frozen=True)
class Section:
    """`count` elements of `width` bits each, from element `first` on, from bit `shift` of
    word `word` on; element k is at shift + (k - first) * width."""

    word: int
    shift: int
    width: int
    first: int = 0
    count: int = 1

    @property
    def bits(self) -> int:
        return self.width * self.count

    @property
    def mask(self) -> int:
        """The bits of the section in its word."""
        return ones(self.bits) << self.shift


@dataclass
class _Item:
    """Something to be placed in a word: `sections` with shifts relative to the item's start."""

    bits: int
    sections: list[tuple[tuple, Section]] = field(default_factory=list)
    group: object = ""  # what changes together


class Layout:
    """The packed form of the states of `program`.

    words: 64-bit words in a state (at least 1).  bits: how many of their bits are used.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.slots = Slots(program)
        self._sections: dict[tuple, tuple[Section, ...]] = {}
        items = self._label_items() + self._shared_items()
        for process in program.processes:
            frame = _frame(process, [v for v in program.variables if v.process == process.name])
            for instance in range(process.instances):
                items += [_instance_item(process, instance, item) for item in frame]
        self.bits = sum(item.bits for item in items)
        self.words = self._place(items)
        self.cells = list(self._numbered_cells())

    def pc(self, process: int, instance: int) -> Section | None:
        """Place of the label of `instance` of the process with index `process`; None if it has one label."""
        found = self._sections.get(("pc", process, instance))
        return found[0] if found else None

    def sections(self, var: str, instance: int = 0) -> tuple[Section, ...]:
        """Place of a variable, in the order of its elements; () if it has none.  `instance` matters
        for locals only."""
        local = self.program.variable(var).process is not None
        return self._sections.get((var, instance if local else 0), ())

    def pack(self, state: Sequence[int]) -> list[int]:
        """The words of a flat state (`checker.ir.slots`)."""
        words = [0] * self.words
        for slot, lo, word, shift, mask in self.cells:
            words[word] |= (state[slot] - lo & mask) << shift
        return words

    def unpack(self, words: Iterable[int]) -> tuple[int, ...]:
        """The flat state; locals that are dead at their instance's label are `lo`."""
        given = [int(word) for word in words]
        state = list(self.slots.lo)
        for slot, lo, word, shift, mask in self.cells:
            state[slot] = lo + (given[word] >> shift & mask)
        for index, process in enumerate(self.program.processes):
            dead = self.dead[process.name]
            for instance in range(process.instances):
                for variable in dead[state[self.slots.pc(index, instance)]]:
                    first = self.slots.at(variable.name, 0, instance)
                    state[first : first + variable.count] = [variable.type.lo] * variable.count
        return tuple(state)

    def _label_items(self) -> list[_Item]:
        items = []
        for index, process in enumerate(self.program.processes):
            bits = (len(process.blocks) - 1).bit_length()
            for instance in range(process.instances if bits else 0):
                items.append(_Item(bits, [(("pc", index, instance), Section(0, 0, bits))], (process.name, instance)))
        return items

    def _shared_items(self) -> list[_Item]:
        shared = [v for v in self.program.variables if v.process is None]
        return [_Item(s.bits, [((v.name, 0), s)], v.struct) for v in shared for s in cut(v)]

    def _place(self, items: list[_Item]) -> int:
        """Give every item a place; number of words.

        A small state gets as few words as can be.  In a large one the words are kept in a tree
        (`checker.native.loop.fold`): there what changes together should stand together.
        """
        words = fullest_first(items)
        if len(words) >= FOLDED:
            words = together(items)
        placed: dict[tuple, list[Section]] = {}
        for word, content in enumerate(words):
            shift = 0
            for item in content:
                for key, section in item.sections:
                    placed.setdefault(key, []).append(replace(section, word=word, shift=shift + section.shift))
                shift += item.bits
        for key, sections in placed.items():
            self._sections[key] = tuple(sorted(sections, key=lambda section: section.first))
        return max(len(words), 1)

    def _numbered_cells(self) -> Iterable[tuple[int, int, int, int, int]]:
        """(slot, lo, word, shift, mask) of everything that has a place."""
        self.dead = {p.name: [self._dead_at(p, label) for label in range(len(p.blocks))] for p in self.program.processes}
        for (name, *where), sections in self._sections.items():
            for section in sections:
                for k in range(section.count):
                    slot = self._slot(name, where, section.first + k)
                    yield slot, self.slots.lo[slot], section.word, section.shift + k * section.width, ones(section.width)

    def _dead_at(self, process: Process, label: int) -> list[Variable]:
        own = [v for v in self.program.variables if v.process == process.name]
        return [v for v in own if v.name not in process.blocks[label].live]

    def _slot(self, name: str, where: list[int], element: int) -> int:
        if len(where) == 2:
            return self.slots.pc(*where)
        return self.slots.at(name, element, where[0])


def ones(bits: int) -> int:
    """A mask of the lowest `bits` bits."""
    return (1 << bits) - 1


def width(variable: Variable) -> int:
    """Bits of one element."""
    return (variable.type.hi - variable.type.lo).bit_length()


def cut(variable: Variable) -> list[Section]:
    """The sections of a variable, not yet placed; none if it has a single value."""
    bits = width(variable)
    if bits == 0:
        return []
    per_word = WORD // bits
    starts = range(0, variable.count, per_word)
    return [Section(0, 0, bits, first, min(per_word, variable.count - first)) for first in starts]


def _instance_item(process: Process, instance: int, item: _Item) -> _Item:
    sections = [((name, instance), section) for name, section in item.sections]
    return _Item(item.bits, sections, (process.name, instance))


def fullest_first(items: list[_Item]) -> list[list[_Item]]:
    """The content of words: the largest items first, each in the first word that has room."""
    words: list[list[_Item]] = []
    for item in sorted(items, key=lambda item: -item.bits):
        _put(item, words)
    return words


def together(items: list[_Item]) -> list[list[_Item]]:
    """The content of words: each group in words of its own, but for the last of a group, which
    others may fill."""
    words: list[list[_Item]] = []
    groups: dict[object, list[_Item]] = {}
    for item in items:
        groups.setdefault(item.group, []).append(item)
    for group in sorted(groups.values(), key=lambda group: -sum(item.bits for item in group)):
        own = fullest_first(group)
        rest = own.pop()
        words += own
        room = [word for word in words if _bits(word) + _bits(rest) <= WORD]
        if room:
            min(room, key=lambda word: WORD - _bits(word)).extend(rest)
        else:
            words.append(rest)
    return words


def _put(item: _Item, words: list[list[_Item]]) -> None:
    for word in words:
        if _bits(word) + item.bits <= WORD:
            word.append(item)
            return
    words.append([item])


def _bits(word: list[_Item]) -> int:
    return sum(item.bits for item in word)


def _frame(process: Process, locals_: list[Variable]) -> list[_Item]:
    """The locals of one instance, those that are never live together on the same bits.

    The largest come first, each at the lowest place that no neighbour in the interference
    graph takes; then the frame is cut wherever no local straddles, so that the pieces fit
    into what is free in the words.
    """
    at = {v.name: frozenset(b.label for b in process.blocks if v.name in b.live) for v in locals_}
    pieces = [(v.name, section) for v in locals_ if at[v.name] for section in cut(v)]
    columns: list[list[tuple[str, Section]]] = []  # each column is at most one word wide
    for name, section in sorted(pieces, key=lambda piece: -piece[1].bits):
        for column in [*columns, []]:
            rivals = [s for other, s in column if other == name or at[other] & at[name]]
            shift = _lowest_gap(rivals, section.bits)
            if shift + section.bits <= WORD:
                break
        if not column:
            columns.append(column)
        column.append((name, replace(section, shift=shift)))
    return [item for column in columns for item in _pieces_of(column)]


def _lowest_gap(taken: list[Section], bits: int) -> int:
    """The lowest shift at which `bits` bits overlap none of the sections `taken`."""
    shift = 0
    for section in sorted(taken, key=lambda section: section.shift):
        if shift + bits <= section.shift:
            break
        shift = max(shift, section.shift + section.bits)
    return shift


def _pieces_of(column: list[tuple[str, Section]]) -> list[_Item]:
    """Cut a column of the frame between bits that no section has in common."""
    items: list[_Item] = []
    start = end = 0
    for name, section in sorted(column, key=lambda piece: piece[1].shift):
        if section.shift >= end:
            items.append(_Item(0))
            start = end = section.shift
        items[-1].sections.append((name, replace(section, shift=section.shift - start)))
        end = max(end, section.shift + section.bits)
        items[-1].bits = end - start
    return items
