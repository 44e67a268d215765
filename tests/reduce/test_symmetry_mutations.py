"""Conditions of the symmetry reduction left out on purpose, and errors put into it: each must be noticed.

The adversarial models of tests/models/soundness tell what is violated without symmetry; a condition is needed
if, without it, one of them is judged otherwise, or the search contradicts itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.agreement import changed_by_symmetry
from checker.verdict import api
from checker.ir import program as ir
from checker.native.codegen import symmetry as native_symmetry
from checker.reduce import renaming, symmetry
from checker.base.errors import InternalError
from checker.search.explore import explore
from checker.ir.program import Program
from checker.native.layout import Layout

SOUNDNESS = Path("tests/models/soundness")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Damaged code must not be found by anybody else."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def compiled(name: str) -> Program:
    return api.prepare(SOUNDNESS / f"sym_{name}.py").program


def noticed(program: Program) -> bool:
    try:
        return bool(changed_by_symmetry(program))
    except InternalError:
        return True


# ------------------------------------------------------------- conditions left out

form, value, place = renaming.ProgramText.form, renaming.ProgramText._value, renaming.ProgramText._place


def any_arm(self: renaming.ProgramText, expr: ir.Expr, want: renaming.Sort) -> tuple:
    """What stands in the arms of a condition is not asked."""
    if isinstance(expr, ir.Ite):
        return tuple(form(self, part, renaming.NUMBER) for part in (expr.cond, expr.then, expr.other))
    return form(self, expr, want)


def never_joins(self: renaming.ProgramText, expr: ir.Expr, want: renaming.Sort) -> tuple:
    try:
        return form(self, expr, want)
    except renaming.Joins:
        return ("another's",)


def any_place(self: renaming.ProgramText, expr: ir.Expr, sort: renaming.Sort | renaming.Split) -> tuple:
    try:
        return place(self, expr, sort)
    except renaming.Off:
        return form(self, expr, renaming.NUMBER)


def as_they_are(self: renaming.ProgramText, one: ir.Choose) -> tuple[int, ...]:
    return one.lo, one.hi


CONDITIONS = {  # what is not asked: (object, attribute, its value, models in which that shows)
    "that each sort stands where it is wanted": (
        renaming.ProgramText, "_fits", lambda self, got, want: True,
        ("stored_number", "computed_index", "index_of_flag", "index_of_minimum", "first_or_none", "reference_from_number", "choice_by_number"),
    ),
    "that constants are renamed": (
        renaming.ProgramText, "_value", lambda self, value, sort: value,
        ("constant_index", "conditional_index", "conditional_value", "choice_where", "choice_by_condition", "first_free"),
    ),
    "what stands in the arms of a condition": (renaming.ProgramText, "form", any_arm, ("conditional_index", "conditional_value", "choice_by_condition")),
    "that who runs for an instance is renamed with it": (renaming.ProgramText, "form", never_joins, ("own_instance",)),
    "that an index is high * stride + low": (renaming.ProgramText, "_place", any_place, ("parts",)),
    "that every value of a choice is renamed": (renaming.ProgramText, "_choices", as_they_are, ("choice_of_two",)),
    "that statements that change places are independent": (renaming, "_independent", lambda one, other: True, ("order_of_writes",)),
    "that blocks stay the same": (renaming.ProgramText, "keeps", lambda self, process, block: True, ("constant_index", "stored_number")),
    "that properties stay the same": (
        renaming.ProgramText, "keeps_property", lambda self, prop: True,
        ("property_of_one", "property_in_order", "property_of_step", "property_at_the_end", "property_that_is_reached"),
    ),
    "that nothing of an identity names another one": (symmetry, "_require_sortable", lambda program, classes: None, ("ring",)),
}  # fmt: skip
SHOWN = [(what, name) for what, (*_, names) in CONDITIONS.items() for name in names]


@pytest.mark.parametrize(("what", "name"), SHOWN)
def test_a_condition_that_is_left_out_is_noticed(monkeypatch: pytest.MonkeyPatch, what: str, name: str) -> None:
    program = compiled(name)
    assert not noticed(program)

    monkeypatch.setattr(*CONDITIONS[what][:3])

    assert noticed(program)


# ------------------------------------------------------------- errors in what carries it out

exchange, put_in_order, put = native_symmetry._exchange, native_symmetry._put_in_order, native_symmetry._put
frames = native_symmetry._Pieces._frames


def all_at_once(code: native_symmetry.Code, own: list, names: list, k: int) -> None:
    """What names share is cleared once, and what each of them would be is put there together."""
    words: dict[int, list] = {}
    for one, other in zip(own[k], own[k + 1]):
        words.setdefault(one.word, []).append((one, native_symmetry._value(code, other)))
        words.setdefault(other.word, []).append((other, native_symmetry._value(code, one)))
    for name in names:
        found = native_symmetry._value(code, name.piece)
        there = found
        for n in range(2):
            here = code.emit(f"icmp eq i64 {found}, {name.first + k + n}")
            there = code.emit(f"select i1 {here}, i64 {name.first + k + 1 - n}, i64 {there}")
        if name.label is not None:
            there = code.emit(f"select i1 {native_symmetry._live(code, name)}, i64 {there}, i64 {found}")
        words.setdefault(name.piece.word, []).append((name.piece, there))
    for word, parts in words.items():
        cleared = (1 << 64) - 1
        for piece, _ in parts:
            cleared &= ~((1 << piece.bits) - 1 << piece.shift)
        result = code.emit(f"and i64 {native_symmetry._load(code, word)}, {native_symmetry.signed(cleared)}")
        for piece, there in parts:
            result = code.emit(f"or i64 {result}, {code.emit(f'shl i64 {there}, {piece.shift}')}")
        code.write(f"store i64 {result}, ptr {native_symmetry._at(code, word)}")


def bits_stay(code: native_symmetry.Code, words: dict, piece: native_symmetry.Piece, there: str) -> None:
    """The bits of a piece are not cleared first."""
    before = words.get(piece.word) or native_symmetry._load(code, piece.word)
    words[piece.word] = code.emit(f"or i64 {before}, {code.emit(f'shl i64 {there}, {piece.shift}')}")


def half_of_it(code: native_symmetry.Code, own: list, names: list, k: int) -> None:
    exchange(code, [pieces[: len(pieces) // 2] for pieces in own], names, k)


def of_a_neighbour(code: native_symmetry.Code, own: list, names: list, k: int) -> None:
    put_in_order(code, [*own[:k], [*own[k][:1], *own[k + 1][1:]], *own[k + 1 :]], names, k)


def first_name_only(program: Program, one: symmetry.Class, variable: ir.Variable) -> list[int]:
    return symmetry.names_of(program, one, variable)[:1]


def without_frames(self: native_symmetry._Pieces, index: int) -> list:
    return [[] for _ in range(self.one.size)]


def not_of_readers(program: Program, classes: list, variable: ir.Variable, element: int) -> list:
    return [] if variable.lock == "readers" else symmetry.owners_of(program, classes, variable, element)


ERRORS = {  # what is wrong: (object, attribute, its value, a model in which that shows)
    "names that share bits are renamed at once": (native_symmetry, "_exchange", all_at_once, "shared_bits"),
    "two owners are renamed at once": (native_symmetry, "_exchange", all_at_once, "owners"),
    "what stood in the bits remains": (native_symmetry, "_put", bits_stay, "several_processes"),
    "a dead local names somebody": (native_symmetry, "_live", lambda code, name: "true", "shared_bits"),
    "who names an identity is forgotten": (native_symmetry, "_names", lambda layout, one: [], "choice_alike"),
    "the same in the judge": (symmetry.Group, "_values_of", lambda self, one: [], "choice_alike"),
    "of two owners one is known": (native_symmetry, "names_of", first_name_only, "owners"),
    "only a part of what belongs to an identity changes place": (native_symmetry, "_exchange", half_of_it, "own_instance"),
    "states are sorted by what belongs to another identity": (native_symmetry, "_put_in_order", of_a_neighbour, "several_processes"),
    "locals stay": (native_symmetry._Pieces, "_frames", without_frames, "several_processes"),
    "who holds a lock shared stays": (native_symmetry, "owners_of", not_of_readers, "shared_lock"),
}  # fmt: skip


@pytest.mark.parametrize("what", ERRORS)
def test_an_error_is_noticed(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    *where, name = ERRORS[what]
    program = compiled(name)
    assert not noticed(program)

    monkeypatch.setattr(*where)

    assert noticed(program)


@pytest.mark.parametrize("everything", [False, True], ids=["a sample", "everything"])
@pytest.mark.parametrize("what", ERRORS)
def test_the_search_itself_notices_it(monkeypatch: pytest.MonkeyPatch, what: str, everything: bool) -> None:
    *where, name = ERRORS[what]
    program = compiled(name)
    monkeypatch.setattr(*where)

    with pytest.raises((InternalError, IndexError)):
        explore(program, symmetric=True, stop=False, self_check=everything)
