"""Which way a write can change an expression: up, down, both or not at all.

A predicate that a step cannot make true again stays violated behind the step.  So a search that
takes the step first and judges afterwards still finds the violation, and the reduction may
(`checker.reduce.partial_order`).  The answers hold for every state; what cannot be told is "both".
"""

from __future__ import annotations

import operator
from dataclasses import dataclass

from ..ir import program as ir

COMPARE = {"==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
NEITHER, UP, DOWN, BOTH = (False, False), (True, False), (False, True), (True, True)  # may rise, may fall

Ways = tuple[bool, bool]


@dataclass(frozen=True)
class Change:
    """A write to one element of a shared variable.

    value: what it becomes, or None; then ways says how it may move.  lo, hi: of its type.
    """

    var: str
    element: int
    value: int | None
    ways: Ways
    lo: int
    hi: int

    def moves(self) -> Ways:
        """How the element may move."""
        return self.ways if self.value is None else (self.value > self.lo, self.value < self.hi)


def ways_of(assign: ir.Assign) -> Ways:
    """How an assignment of something that is not constant may move what it writes."""
    value = assign.value
    if isinstance(value, ir.Binary) and value.left == ir.Read(assign.var, assign.index):
        if value.op in ("min", "max"):
            return DOWN if value.op == "min" else UP
        if value.op in ("+", "-") and isinstance(value.right, ir.Const):
            return UP if (value.right.value >= 0) == (value.op == "+") else DOWN
    return BOTH


def directions(expr: ir.Expr, change: Change) -> Ways:
    """Whether `expr` may rise, and may fall, by `change`."""
    if isinstance(expr, ir.Read):
        return _of_read(expr, change)
    if isinstance(expr, ir.Unary):
        return _turned(directions(expr.operand, change))
    if isinstance(expr, ir.Binary):
        return _of_binary(expr, change)
    if isinstance(expr, ir.Ite):
        return _of_choice(expr, change)
    return NEITHER


def _of_read(read: ir.Read, change: Change) -> Ways:
    if directions(read.index, change) != NEITHER:
        return BOTH
    if read.var != change.var:
        return NEITHER
    if isinstance(read.index, ir.Const) and read.index.value != change.element:
        return NEITHER  # constant indices of accepted programs are inside their arrays
    return change.moves()


def _of_binary(expr: ir.Binary, change: Change) -> Ways:
    left, right = directions(expr.left, change), directions(expr.right, change)
    if left == right == NEITHER:
        return NEITHER
    if expr.op in COMPARE:
        return _of_comparison(expr, change, left, right)
    if expr.op in ("and", "or", "min", "max", "+"):
        return _either(left, right)
    if expr.op == "-":
        return _either(left, _turned(right))
    scaled = isinstance(expr.right, ir.Const) and expr.right.value > 0
    return left if expr.op in ("*", "//") and scaled else BOTH


def _of_comparison(expr: ir.Binary, change: Change, left: Ways, right: Ways) -> Ways:
    exact = _becomes(expr, change)
    if exact is not None:
        return (exact, not exact)
    if expr.op in ("<", "<="):
        return _either(_turned(left), right)
    if expr.op in (">", ">="):
        return _either(left, _turned(right))
    return BOTH


def _becomes(expr: ir.Binary, change: Change) -> bool | None:
    """What a comparison of the element with a constant is afterwards, if it changes."""
    for one, other, swapped in ((expr.left, expr.right, False), (expr.right, expr.left, True)):
        if isinstance(one, ir.Read) and isinstance(other, ir.Const) and change.value is not None:
            if directions(one.index, change) == NEITHER:
                sides = (other.value, change.value) if swapped else (change.value, other.value)
                return COMPARE[expr.op](*sides)
    return None


def _of_choice(expr: ir.Ite, change: Change) -> Ways:
    arms = _either(directions(expr.then, change), directions(expr.other, change))
    chosen = directions(expr.cond, change)
    if chosen == NEITHER:
        return arms
    if isinstance(expr.then, ir.Const) and isinstance(expr.other, ir.Const):
        return chosen if expr.then.value >= expr.other.value else _turned(chosen)
    return BOTH


def _either(one: Ways, other: Ways) -> Ways:
    return (one[0] or other[0], one[1] or other[1])


def _turned(ways: Ways) -> Ways:
    return ways[1], ways[0]
