"""IR expressions with their bounds, simplified as they are made.

A condition is a value in 0..1.  The bounds decide which checks are needed, so they are
exact where that is cheap and never too narrow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ..ir.program import Binary, Const, Expr, Instance, Ite, Read, Self, Unary
from ..types.intervals import arithmetic, comparison


class Value(NamedTuple):
    """An expression whose value is in lo..hi."""

    expr: Expr
    lo: int
    hi: int

    @property
    def constant(self) -> bool:
        return self.lo == self.hi


_CONSTANTS = [Const(n) for n in range(-8, 257)]
MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
INVERSE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
CONDITIONS = ("==", "!=", "<", "<=", ">", ">=", "and", "or")


def const(value: int) -> Value:
    return Value(_CONSTANTS[value + 8] if -8 <= value <= 256 else Const(value), value, value)


TRUE, FALSE = const(1), const(0)
CONST_0, CONST_1 = FALSE.expr, TRUE.expr


def binary(op: str, a: Value, b: Value) -> Value:
    """`a op b`, whatever the operator."""
    if op == "and":
        return both(a, b)
    if op == "or":
        return either(a, b)
    return compare(op, a, b) if op in INVERSE else arith(op, a, b)


def arith(op: str, a: Value, b: Value) -> Value:
    """Arithmetic; the divisor of // and % is a positive constant."""
    lo, hi = arithmetic(op, (a.lo, a.hi), (b.lo, b.hi))
    if lo == hi:
        return const(lo)
    if op in ("+", "-"):
        return _sum(op, a, b, lo, hi)
    if op == "*":
        if a.constant:
            a, b = b, a
        if b.constant and b.lo == 1:
            return a
    elif op == "//" and b.lo == 1 or op == "%" and a.lo >= 0 and a.hi < b.lo:
        return a
    elif op == "min" and a.hi <= b.lo or op == "max" and a.lo >= b.hi:
        return a
    elif op == "min" and b.hi <= a.lo or op == "max" and b.lo >= a.hi:
        return b
    return Value(Binary(op, a.expr, b.expr), lo, hi)


def _sum(op: str, a: Value, b: Value, lo: int, hi: int) -> Value:
    """a + b and a - b, where constants are added up: (x + 1) - 1 is x."""
    if op == "+" and a.constant:
        a, b = b, a
    if not b.constant:
        return Value(Binary(op, a.expr, b.expr), lo, hi)
    added = b.lo if op == "+" else -b.lo
    rest = a.expr
    if isinstance(rest, Binary) and rest.op in ("+", "-") and isinstance(rest.right, Const):
        added += rest.right.value if rest.op == "+" else -rest.right.value
        rest = rest.left
    if added == 0:
        return Value(rest, lo, hi)
    return Value(Binary("+" if added > 0 else "-", rest, const(abs(added)).expr), lo, hi)


def negative(a: Value) -> Value:
    return const(-a.lo) if a.constant else Value(Unary("-", a.expr), -a.hi, -a.lo)


def compare(op: str, a: Value, b: Value) -> Value:
    known = comparison(op, (a.lo, a.hi), (b.lo, b.hi))
    if known is not None:
        return TRUE if known else FALSE
    if a.constant:
        a, b, op = b, a, MIRRORED.get(op, op)
    if b.constant:
        simpler = _compare_constant(op, a, b) if op in ("==", "!=") else None
        return simpler if simpler is not None else _compare_sum(op, a, b)
    return Value(Binary(op, a.expr, b.expr), 0, 1)


def _compare_sum(op: str, a: Value, b: Value) -> Value:
    """`a op constant`, where a constant that is added to a moves to the other side."""
    expr = a.expr
    if isinstance(expr, Binary) and expr.op in ("+", "-") and isinstance(expr.right, Const):
        moved = b.lo - expr.right.value if expr.op == "+" else b.lo + expr.right.value
        return Value(Binary(op, expr.left, const(moved).expr), 0, 1)
    return Value(Binary(op, expr, b.expr), 0, 1)


def _compare_constant(op: str, a: Value, b: Value) -> Value | None:
    """`a == constant`, simplified where a is a condition or an if-then-else."""
    expr = a.expr
    if is_condition(expr):
        return a if (b.lo == 1) == (op == "==") else negate(a)
    if isinstance(expr, Ite):
        for known, other, when in ((expr.then, expr.other, True), (expr.other, expr.then, False)):
            if isinstance(known, Const):
                rest = compare(op, Value(other, a.lo, a.hi), b)
                test = Value(expr.cond, 0, 1) if when else negate(Value(expr.cond, 0, 1))
                same = known.value == b.lo
                return either(test, rest) if same == (op == "==") else both(negate(test), rest)
    return None


def is_condition(expr: Expr) -> bool:
    return isinstance(expr, Binary) and expr.op in CONDITIONS or isinstance(expr, Unary) and expr.op == "not"


def negate(a: Value) -> Value:
    if a.constant:
        return const(1 - a.lo)
    expr = a.expr
    if isinstance(expr, Unary):
        return Value(expr.operand, 0, 1)
    if isinstance(expr, Binary) and expr.op in INVERSE:
        return Value(Binary(INVERSE[expr.op], expr.left, expr.right), 0, 1)
    return Value(Unary("not", expr), 0, 1)


def both(a: Value, b: Value) -> Value:
    if a.constant:
        return b if a.lo else FALSE
    if b.constant:
        return a if b.lo else FALSE
    return a if a.expr == b.expr else Value(Binary("and", a.expr, b.expr), 0, 1)


def either(a: Value, b: Value) -> Value:
    if a.constant:
        return TRUE if a.lo else b
    if b.constant:
        return TRUE if b.lo else a
    if negate(a).expr == b.expr:
        return TRUE
    return a if a.expr == b.expr else Value(Binary("or", a.expr, b.expr), 0, 1)


def implies(a: Value, b: Value) -> Value:
    return either(negate(a), b)


def follows(premise: Expr, claim: Expr) -> bool:
    """Is `claim` one of the conditions that `premise` joins by "and"?"""
    if isinstance(premise, Binary) and premise.op == "and":
        return follows(premise.left, claim) or follows(premise.right, claim)
    return premise == claim


def if_else(test: Value, then: Value, other: Value) -> Value:
    if test.constant:
        return then if test.lo else other
    if then.expr == other.expr:
        return then
    if then.lo >= 0 and then.hi <= 1 and other.lo >= 0 and other.hi <= 1:
        if then.constant:
            return either(test, other) if then.lo else both(negate(test), other)
        if other.constant:
            return either(negate(test), then) if other.lo else both(test, then)
    return Value(Ite(test.expr, then.expr, other.expr), min(then.lo, other.lo), max(then.hi, other.hi))


def within(a: Value, lo: int, hi: int) -> Value:
    """lo <= a <= hi, of which only what the bounds do not prove is left."""
    return both(compare(">=", a, const(lo)), compare("<=", a, const(hi)))


Reader = Callable[[Read, Value], Value]  # from a Read and the new value of its index


def rebuild(expr: Expr, read: Reader, leaf: Callable[[Expr], Value]) -> Value:
    """`expr` made anew, each Read by `read` and each Self and Instance by `leaf`."""
    match expr:
        case Const():
            return Value(expr, expr.value, expr.value)
        case Read():
            return read(expr, rebuild(expr.index, read, leaf))
        case Self() | Instance():
            return leaf(expr)
        case Unary():
            operand = rebuild(expr.operand, read, leaf)
            return negate(operand) if expr.op == "not" else negative(operand)
        case Binary():
            return binary(expr.op, rebuild(expr.left, read, leaf), rebuild(expr.right, read, leaf))
        case Ite():
            return if_else(*(rebuild(part, read, leaf) for part in (expr.cond, expr.then, expr.other)))
    raise TypeError(f"not an expression: {expr!r}")


def clip(value: Value, lo: int | None = None, hi: int | None = None) -> Value:
    """`value`, known (after a check) to be in lo..hi; a constant if one value is left."""
    least = value.lo if lo is None else max(lo, value.lo)
    most = value.hi if hi is None else min(hi, value.hi)
    if least < most:
        return value if (least, most) == (value.lo, value.hi) else Value(value.expr, least, most)
    return const(least if least == most or value.hi < least else most)
