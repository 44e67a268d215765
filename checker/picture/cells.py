"""Rows of cells: what a `drawing` of the model looks like in a state."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .. import lang
from ..ir.interpreter import State
from ..ir.program import Program, Type
from ..source.catalogue import Catalogue
from ..trace.values import Names


@dataclass(frozen=True)
class Layer:
    """A field and its letters.  slots: of its elements, each of which stands for as many cells."""

    slots: tuple[int, ...]
    letters: dict[int, str]

    def letter(self, cell: int, cells: int, state: State) -> str:
        return self.letters.get(state[self.slots[cell * len(self.slots) // cells]], "")


@dataclass(frozen=True)
class DrawnRow:
    """A drawing whose names have been looked up in a program.

    variable: name of the variable whose elements are the cells.  layers: what decides the
    character of a cell, the last one that has a letter for it.  count: cells.  marks: name
    and slot of each mark.
    """

    title: str
    variable: str
    count: int
    layers: tuple[Layer, ...]
    group: int
    marks: tuple[tuple[str, int], ...]
    durable: bool
    legend: str
    offsets: tuple[int, ...] = ()  # of the byte that each cell stands for, where marks count bytes

    def cells_in(self, state: State) -> str:
        """The row in `state`: |DDDD|0000|"""
        text = "".join(self._letter(cell, state) for cell in range(self.count))
        parts = [text[i : i + self.group] for i in range(0, len(text), self.group)]
        return "|" + "|".join(parts) + "|"

    def _letter(self, cell: int, state: State) -> str:
        letters = [layer.letter(cell, self.count, state) for layer in self.layers]
        return next((letter for letter in reversed(letters) if letter), "?")

    def marks_in(self, state: State) -> list[str]:
        """A line for each place that is marked in `state`: a caret and the names of the marks there."""
        places: dict[int, list[str]] = {}
        for name, slot in self.marks:
            places.setdefault(state[slot], []).append(f"{name} = {state[slot]}")
        return [
            " " * self._column(place) + "^ " + ", ".join(names) for place, names in sorted(places.items())
        ]

    def _column(self, place: int) -> int:
        """Where the boundary before cell `place` is drawn: the bar if there is one, else the cell."""
        if self.offsets:
            place = bisect_left(self.offsets, place)
        return place + place // self.group + (place % self.group != 0)


def rows_of(catalogue: Catalogue, program: Program) -> tuple[DrawnRow, ...]:
    """The drawings that the model declares and whose fields `program` has, in order of declaration."""
    found: list[lang.Drawing] = []
    for module in catalogue.modules:
        for value in vars(module).values():
            if isinstance(value, lang.Drawing) and value not in found:
                found.append(value)
    values = dict(program.constants)
    given = {constant: values[name] for name, constant in catalogue.constants.items() if name in values}
    names = Names(program)
    rows = (_resolved(drawing, names, given) for drawing in found)
    return tuple(row for row in rows if row is not None)


def _resolved(drawing: lang.Drawing, names: Names, given: dict) -> DrawnRow | None:
    program, slots = names.program, names.slots
    layers = []
    for field, letters in ((drawing.row, drawing.letters), *drawing.over):
        variable = program.by_name.get(_field_name(field))
        if variable is not None:
            where = tuple(slots.at(variable.name, element) for element in range(variable.count))
            layers.append(
                Layer(
                    where, {_number(value, variable.type): letter for value, letter in dict(letters).items()}
                )
            )
        elif field is drawing.row:
            return None
    marks = [program.by_name[name] for name in map(_field_name, drawing.marks) if name in program.by_name]
    group = drawing.group.value(given) if isinstance(drawing.group, lang.Const) else drawing.group
    return DrawnRow(
        drawing.title,
        _field_name(drawing.row),
        len(layers[0].slots),
        tuple(layers),
        max(1, group),
        tuple((names.variable(mark), slots.at(mark.name)) for mark in marks),
        drawing.durable,
        drawing.legend,
    )


def _field_name(field: Any) -> str:
    """The IR's name of a field of a struct."""
    declared = getattr(field, "field", field)
    return f"{declared.struct.__name__}.{declared.name}" if getattr(declared, "struct", None) else ""


def _number(value: Any, type: Type) -> int:
    return type.lo + value.number if isinstance(value, lang.EnumValue) else int(value)


def draw(rows: Iterable[DrawnRow], state: State) -> list[str]:
    """`rows` in `state`, titles at the left and cells under each other."""
    rows = list(rows)
    wide = max((len(row.title) for row in rows), default=0)
    lines = []
    for row in rows:
        lines.append(f"{row.title:<{wide}}  {row.cells_in(state)}")
        lines += [" " * (wide + 2) + marks for marks in row.marks_in(state)]
    return lines


def legends(rows: Iterable[DrawnRow]) -> list[str]:
    """What the letters of `rows` mean, each line once."""
    return list(dict.fromkeys(row.legend for row in rows if row.legend))
