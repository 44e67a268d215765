"""Symmetry as generated code: see `checker.reduce.symmetry`.

    canonical(state)
        sorts the identities of each class, in place: by what is theirs, then by who names them.

What is compared and exchanged are *pieces* of words, with whatever locals share them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from ...base.errors import InternalError
from ...ir.program import Program, Variable
from ...reduce.symmetry import Class, names_of, owners_of
from ..layout import Layout, ones, width
from .instructions import Code, signed

HEADER = "define void @canonical(ptr noalias %state) nounwind"


@dataclass(frozen=True)
class Piece:
    """`bits` bits of a word, from `shift` on."""

    word: int
    shift: int
    bits: int


@dataclass(frozen=True)
class Name:
    """A piece that may name an identity; first: the value that names identity 0.  label, live: for a local
    the piece with the label of its instance, and at which labels it has a value (bit k for label k)."""

    piece: Piece
    first: int
    label: Piece | None = None
    labels: int = 0
    live: int = 0


def canonical_text(layout: Layout, classes: Sequence[Class]) -> str:
    """The function for these classes."""
    code = Code(HEADER)
    for one in classes:
        own, names = _Pieces(layout, one).own(), _names(layout, one)
        for end in range(one.size - 1, 0, -1):
            for k in range(end):
                _put_in_order(code, own, names, k)
    code.write("ret void")
    return code.text()


# ------------------------------------------------------------------------ the code


def _put_in_order(code: Code, own: list[list[Piece]], names: list[Name], k: int) -> None:
    """Exchange identities k and k + 1 if they are out of order."""
    swap, done = code.name("swap"), code.name("done")
    for one, other in zip(own[k], own[k + 1]):
        _compare(code, _value(code, one), _value(code, other), swap, done)
    for name in names:
        found = _value(code, name.piece)
        first, second = (_is(code, name, found, k + n) for n in range(2))
        _compare(code, first, second, swap, done)
    code.jump(done)
    code.start(swap)
    _exchange(code, own, names, k)
    code.jump(done)
    code.start(done)


def _compare(code: Code, one: str, other: str, swap: str, done: str) -> None:
    """Leave for `swap` or `done` if the values differ."""
    differ, equal = code.name("differ"), code.name("equal")
    code.write(f"br i1 {code.emit(f'icmp ne i64 {one}, {other}')}, label %{differ}, label %{equal}")
    code.start(differ)
    code.write(f"br i1 {code.emit(f'icmp ugt i64 {one}, {other}')}, label %{swap}, label %{done}")
    code.start(equal)


def _is(code: Code, name: Name, found: str, k: int) -> str:
    """1 if `found` names identity k, and has a value at all."""
    there = code.emit(f"icmp eq i64 {found}, {name.first + k}")
    if name.label is not None:
        there = code.emit(f"and i1 {there}, {_live(code, name)}")
    return code.emit(f"zext i1 {there} to i64")


def _live(code: Code, name: Name) -> str:
    kind = f"i{max(name.labels, 64) + 1}"  # one bit more: constants are signed
    label = code.emit(f"zext i64 {_value(code, name.label)} to {kind}")
    return code.emit(f"trunc {kind} {code.emit(f'lshr {kind} {name.live}, {label}')} to i1")


def _exchange(code: Code, own: list[list[Piece]], names: list[Name], k: int) -> None:
    """Exchange what belongs to identities k and k + 1; then rename, one after the other: names may share bits."""
    words: dict[int, str] = {}  # their values by now
    exchanged = list(zip(own[k], own[k + 1]))
    _require_apart([piece for pair in exchanged for piece in pair])
    values = [(_value(code, one), _value(code, other)) for one, other in exchanged]
    for (one, other), (mine, theirs) in zip(exchanged, values):
        _put(code, words, one, theirs)
        _put(code, words, other, mine)
    for name in names:
        found = _value(code, name.piece, words)
        first, second = (code.emit(f"icmp eq i64 {found}, {name.first + k + n}") for n in range(2))
        there = code.emit(f"select i1 {first}, i64 {name.first + k + 1}, i64 {found}")
        there = code.emit(f"select i1 {second}, i64 {name.first + k}, i64 {there}")
        if name.label is not None:
            there = code.emit(f"select i1 {_live(code, name)}, i64 {there}, i64 {found}")
        _put(code, words, name.piece, there)
    for word, result in words.items():
        code.write(f"store i64 {result}, ptr {_at(code, word)}")


def _put(code: Code, words: dict[int, str], piece: Piece, value: str) -> None:
    """Let the bits of a piece be `value`, and no others."""
    before = words.get(piece.word) or _load(code, piece.word)
    cleared = code.emit(f"and i64 {before}, {signed(ones(64) ^ ones(piece.bits) << piece.shift)}")
    words[piece.word] = code.emit(f"or i64 {cleared}, {code.emit(f'shl i64 {value}, {piece.shift}')}")


def _require_apart(pieces: list[Piece]) -> None:
    """What belongs to identities has bits of its own."""
    taken: dict[int, int] = {}
    for piece in pieces:
        bits = ones(piece.bits) << piece.shift
        if taken.get(piece.word, 0) & bits or bits > ones(64):
            raise InternalError("two identities share bits of the packed state")
        taken[piece.word] = taken.get(piece.word, 0) | bits


def _value(code: Code, piece: Piece, words: Mapping[int, str] = MappingProxyType({})) -> str:
    """The bits of a piece.  words: those that have other values by now than in memory."""
    shifted = code.emit(f"lshr i64 {words.get(piece.word) or _load(code, piece.word)}, {piece.shift}")
    return code.emit(f"and i64 {shifted}, {signed(ones(piece.bits))}")


def _load(code: Code, word: int) -> str:
    return code.emit(f"load i64, ptr {_at(code, word)}")


def _at(code: Code, word: int) -> str:
    return code.emit(f"getelementptr inbounds i64, ptr %state, i64 {word}")


# ---------------------------------------------------------------------- the pieces


class _Pieces:
    """Where that stands which belongs to the identities of a class."""

    def __init__(self, layout: Layout, one: Class) -> None:
        self.layout, self.program, self.one = layout, layout.program, one

    def own(self) -> list[list[Piece]]:
        """For each identity its pieces, in the same order."""
        found: list[list[Piece]] = [[] for _ in range(self.one.size)]
        for index in self.one.processes:
            self._add(found, [[pc] if (pc := _label(self.layout, index, k)) else [] for k in range(self.one.size)])
        for variable in self.program.variables:
            if variable.process is None:
                elements = self._elements(variable)
                self._add(found, [[_element(self.layout, variable, e) for e in row] for row in elements])
        for index in self.one.processes:
            self._add(found, self._frames(index))
        return found

    def _add(self, found: list[list[Piece]], more: list[list[Piece]]) -> None:
        for row, pieces in zip(found, more):
            row += pieces

    def _elements(self, variable: Variable) -> list[list[int]]:
        """The elements of a shared variable that belong to each identity."""
        found: list[list[int]] = [[] for _ in range(self.one.size)]
        for element in range(variable.count if width(variable) else 0):
            for _, k in owners_of(self.program, (self.one,), variable, element):
                found[k].append(element)
        return found

    def _frames(self, index: int) -> list[list[Piece]]:
        """The locals of the instances of a process; those that overlap are one piece."""
        process = self.program.processes[index]
        rows = []  # for each section of the first instance the same one of all instances
        for variable in self.program.variables:
            if variable.process == process.name:
                places = [self.layout.sections(variable.name, k) for k in range(self.one.size)]
                rows += [[Piece(s.word, s.shift, s.bits) for s in column] for column in zip(*places)]
        merged: list[list[Piece]] = []
        for row in sorted(rows, key=lambda row: (row[0].word, row[0].shift)):
            last = merged[-1] if merged else None
            if last and last[0].word == row[0].word and row[0].shift < last[0].shift + last[0].bits:
                bits = max(last[0].bits, row[0].shift + row[0].bits - last[0].shift)
                merged[-1] = [Piece(piece.word, piece.shift, bits) for piece in last]
            else:
                merged.append(row)
        return [[row[k] for row in merged] for k in range(self.one.size)]


def _label(layout: Layout, process: int, instance: int) -> Piece | None:
    section = layout.pc(process, instance)
    return Piece(section.word, section.shift, section.bits) if section else None


def _element(layout: Layout, variable: Variable, element: int, instance: int = 0) -> Piece:
    for section in layout.sections(variable.name, instance):
        if section.first <= element < section.first + section.count:
            return Piece(section.word, section.shift + (element - section.first) * section.width, section.width)
    raise ValueError(f"{variable.name}[{element}] has no place")


def _names(layout: Layout, one: Class) -> list[Name]:
    """What may name an identity of the class."""
    found: list[Name] = []
    program: Program = layout.program
    for variable in program.variables:
        firsts = names_of(program, one, variable)
        if not firsts or width(variable) == 0:
            continue
        if variable.process is None:
            pieces = [_element(layout, variable, e) for e in range(variable.count)]
            found += [Name(piece, first - variable.type.lo) for piece in pieces for first in firsts]
        else:
            found += _local_names(layout, variable, firsts)
    return found


def _local_names(layout: Layout, variable: Variable, firsts: list[int]) -> list[Name]:
    program = layout.program
    index, process = next((i, p) for i, p in enumerate(program.processes) if p.name == variable.process)
    live = sum(1 << block.label for block in process.blocks if variable.name in block.live)
    found = []
    for instance in range(process.instances) if live else ():
        label = _label(layout, index, instance)
        for element in range(variable.count):
            piece = _element(layout, variable, element, instance)
            found += [Name(piece, first - variable.type.lo, label, len(process.blocks), live) for first in firsts]
    return found
