"""Which properties a step may make true again, and when.

A search that takes an ample step at once does not look at the states in which others have moved
first.  It misses a violation among them only if the step makes the property true again.  Whether
it can is asked of the form of the property: the values that the step finds and leaves are known,
since nobody else can write what it touches before it moves; of the rest anything may be the case.
The answer is an expression that is judged in the state before the step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ..ir import program as ir
from .monotone import COMPARE, Change, directions

NO, YES = ir.Const(0), ir.Const(1)
Slot = tuple[str, int]  # an element of a shared variable


@dataclass(frozen=True, eq=False)
class Form:
    """An expression taken apart down to its comparisons.

    op: "not", "and", "or", or "" for what is not taken apart.  reads: (variable, index), the
    index None where it is not constant.
    """

    expr: ir.Expr
    op: str
    parts: tuple[Form, ...]
    reads: frozenset[tuple[str, int | None]]


def form_of(expr: ir.Expr) -> Form:
    """The form of an expression whose value is true or false."""
    op, sides = "", ()
    if isinstance(expr, ir.Unary) and expr.op == "not":
        op, sides = expr.op, (expr.operand,)
    elif isinstance(expr, ir.Binary) and expr.op in ir.LOGIC:
        op, sides = expr.op, (expr.left, expr.right)
    read = {(r.var, r.index.value if isinstance(r.index, ir.Const) else None) for r in reads(expr)}
    return Form(expr, op, tuple(form_of(side) for side in sides), frozenset(read))


@dataclass
class Effect:
    """What is known of a step.

    changes: what it may write.  found: the slots that nobody else writes before it.
    left: those of them that are constant behind it.
    """

    changes: list[Change]
    found: set[Slot]
    left: dict[Slot, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.of_slot: dict[tuple[str, int | None], list[Change]] = {}
        for change in self.changes:
            for element in (change.element, None):
                self.of_slot.setdefault((change.var, element), []).append(change)

    def touches(self, form: Form) -> bool:
        """Does it read what the step may write?"""
        return any(read in self.of_slot for read in form.reads)

    def touching(self, form: Form) -> list[Change]:
        """The changes of what it reads."""
        return list(dict.fromkeys(change for read in form.reads for change in self.of_slot.get(read, ())))

    def value(self, expr: ir.Expr, behind: bool) -> ir.Expr | None:
        """`expr` before or behind the step as an expression of the state before it; None if that is not known."""
        if isinstance(expr, ir.Read):
            return self._value_read(expr, behind)
        if isinstance(expr, ir.Const):
            return expr
        if isinstance(expr, ir.Unary):
            operand = self.value(expr.operand, behind)
            return None if operand is None else _unary(expr.op, operand)
        if isinstance(expr, ir.Binary):
            sides = [self.value(side, behind) for side in (expr.left, expr.right)]
            return None if None in sides else _binary(expr.op, *sides)
        return None

    def _value_read(self, read: ir.Read, behind: bool) -> ir.Expr | None:
        if not isinstance(read.index, ir.Const) or (read.var, read.index.value) not in self.found:
            return None
        if not behind or (read.var, read.index.value) not in self.of_slot:
            return read
        constant = self.left.get((read.var, read.index.value))
        return None if constant is None else ir.Const(constant)


def may_become(effect: Effect, form: Form, to: bool = True) -> ir.Expr:
    """Whether the step may take the truth value of `form` from not `to` to `to`."""
    if not effect.touches(form):
        return NO
    if form.op == "not":
        return may_become(effect, form.parts[0], not to)
    if form.op:
        moves = any_of(*(may_become(effect, part, to) for part in form.parts))
        # `and` becomes true if both sides are true behind; it becomes false if both were true before
        behind = to == (form.op == "and")
        both = [may_be(effect, part, form.op == "and", behind) for part in form.parts] if moves != NO else []
        return all_of(moves, *both)
    if not any(directions(form.expr, change)[0 if to else 1] for change in effect.touching(form)):
        return NO
    return all_of(may_be(effect, form, not to, behind=False), may_be(effect, form, to, behind=True))


def may_be(effect: Effect, form: Form, truth: bool, behind: bool) -> ir.Expr:
    """Whether `form` may have the value `truth`, before or behind the step."""
    if form.op == "not":
        return may_be(effect, form.parts[0], not truth, behind)
    if form.op:
        sides = [may_be(effect, part, truth, behind) for part in form.parts]
        return all_of(*sides) if truth == (form.op == "and") else any_of(*sides)
    value = effect.value(form.expr, behind)
    if value is None:
        return YES
    return _binary("!=" if truth else "==", value, NO)


def reads(expr: ir.Expr) -> Iterator[ir.Read]:
    """All reads in an expression."""
    if isinstance(expr, ir.Read):
        yield expr
        yield from reads(expr.index)
    elif isinstance(expr, ir.Unary):
        yield from reads(expr.operand)
    elif isinstance(expr, ir.Binary):
        yield from reads(expr.left)
        yield from reads(expr.right)
    elif isinstance(expr, ir.Ite):
        for part in (expr.cond, expr.then, expr.other):
            yield from reads(part)


# ------------------------------------------------- expressions, constants folded


def all_of(*parts: ir.Expr) -> ir.Expr:
    """The conjunction of truth values, without what is known or said twice."""
    return _joined("and", NO, YES, parts)


def any_of(*parts: ir.Expr) -> ir.Expr:
    """The disjunction of truth values, without what is known or said twice."""
    return _joined("or", YES, NO, parts)


def _joined(op: str, decides: ir.Const, neutral: ir.Const, parts: tuple[ir.Expr, ...]) -> ir.Expr:
    kept = [part for part in dict.fromkeys(parts) if part != neutral]
    if decides in kept:
        return decides
    joined: ir.Expr = kept[0] if kept else neutral
    for part in kept[1:]:
        joined = ir.Binary(op, joined, part)
    return joined


def _unary(op: str, operand: ir.Expr) -> ir.Expr:
    if isinstance(operand, ir.Const):
        return ir.Const(int(not operand.value) if op == "not" else -operand.value)
    return ir.Unary(op, operand)


def _binary(op: str, left: ir.Expr, right: ir.Expr) -> ir.Expr:
    if isinstance(left, ir.Const) and isinstance(right, ir.Const) and op in COMPARE:
        return ir.Const(int(COMPARE[op](left.value, right.value)))
    return ir.Binary(op, left, right)
