"""Conditions of the symmetry reduction left out on purpose, and errors put into it: each must be noticed.

The adversarial models of tests/models/soundness tell what is violated without symmetry; a condition is needed
if, without it, one of them is judged otherwise, or the search contradicts itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agreement import changed_by_symmetry
from checker import api, ir, native_symmetry, renaming, symmetry
from checker.errors import InternalError
from checker.explore import explore
from checker.ir import Program
from checker.layout import Layout

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

form, value, place = renaming.Text.form, renaming.Text._value, renaming.Text._place


def any_arm(self: renaming.Text, expr: ir.Expr, want: renaming.Sort) -> tuple:
    """What stands in the arms of a condition is not asked."""
    if isinstance(expr, ir.Ite):
        return tuple(form(self, part, renaming.NUMBER) for part in (expr.cond, expr.then, expr.other))
    return form(self, expr, want)


def never_joins(self: renaming.Text, expr: ir.Expr, want: renaming.Sort) -> tuple:
    try:
        return form(self, expr, want)
    except renaming.Joins:
        return ("another's",)


def any_place(self: renaming.Text, expr: ir.Expr, sort: renaming.Sort | renaming.Split) -> tuple:
    try:
        return place(self, expr, sort)
    except renaming.Off:
        return form(self, expr, renaming.NUMBER)


def as_they_are(self: renaming.Text, one: ir.Choose) -> tuple[int, ...]:
    return one.lo, one.hi


CONDITIONS = {  # what is not asked: (object, attribute, its value, models in which that shows)
    "that each sort stands where it is wanted": (
        renaming.Text, "_fits", lambda self, got, want: True,
        ("stored_number", "computed_index", "index_of_flag", "index_of_minimum", "first_or_none", "reference_from_number", "choice_by_number"),
    ),
    "that constants are renamed": (
        renaming.Text, "_value", lambda self, value, sort: value,
        ("constant_index", "conditional_index", "conditional_value", "choice_where", "choice_by_condition", "first_free"),
    ),
    "what stands in the arms of a condition": (renaming.Text, "form", any_arm, ("conditional_index", "conditional_value", "choice_by_condition")),
    "that who runs for an instance is renamed with it": (renaming.Text, "form", never_joins, ("own_instance",)),
    "that an index is high * stride + low": (renaming.Text, "_place", any_place, ("parts",)),
    "that every value of a choice is renamed": (renaming.Text, "_choices", as_they_are, ("choice_of_two",)),
    "that statements that change places are independent": (renaming, "_independent", lambda one, other: True, ("order_of_writes",)),
    "that blocks stay the same": (renaming.Text, "keeps", lambda self, process, block: True, ("constant_index", "stored_number")),
    "that properties stay the same": (
        renaming.Text, "keeps_property", lambda self, prop: True,
        ("property_of_one", "property_in_order", "property_of_step", "property_at_the_end", "property_that_is_reached"),
    ),
    "that nothing of an identity names another one": (symmetry, "_require_sortable", lambda program, classes: None, ("ring", "read_locks")),
}  # fmt: skip
SHOWN = [(what, name) for what, (*_, names) in CONDITIONS.items() for name in names]


@pytest.mark.parametrize(("what", "name"), SHOWN)
def test_a_condition_that_is_left_out_is_noticed(monkeypatch: pytest.MonkeyPatch, what: str, name: str) -> None:
    program = compiled(name)
    assert not noticed(program)

    monkeypatch.setattr(*CONDITIONS[what][:3])

    assert noticed(program)
