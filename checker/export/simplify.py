"""Expressions made shorter where the ranges of their parts say enough.

Lowering writes what is general: a test whether an index lies inside, the number of the
folio that a block belongs to.  At most places of a body the answer is known, and the
exported text is read by people.
"""

from __future__ import annotations

from ..ir.program import COMPARISONS, LOGIC, Binary, Const, Expr, Ite, Read, Unary
from .bodies import FALSE, TRUE, fold
from .ranges import Known, Range


def simplify(expr: Expr, known: Known) -> Expr:
    """An expression that has the value of `expr` wherever `known` holds."""
    match expr:
        case Read(var, index, old):
            return Read(var, simplify(index, known), old)
        case Unary("not", operand):
            return fold(Unary("not", condition(operand, known)))
        case Unary(op, operand):
            return fold(Unary(op, simplify(operand, known)))
        case Binary(op, left, right) if op in LOGIC:
            first = condition(left, known)
            return fold(Binary(op, first, condition(right, known.assume(first, op == "and"))))
        case Binary(op, left, right):
            short = _sum(fold(Binary(op, simplify(left, known), simplify(right, known))))
            return _decided(short, known) if isinstance(short, Binary) else short
        case Ite(cond, then, other):
            when = condition(cond, known)
            return fold(
                Ite(when, simplify(then, known.assume(when)), simplify(other, known.assume(when, False)))
            )
    return expr


def condition(expr: Expr, known: Known) -> Expr:
    """As `simplify`, for an expression that is 0 or 1: constant if its range is."""
    short = simplify(expr, known)
    lo, hi = known.range(short)
    return Const(lo) if lo == hi else short


def _sum(expr: Expr) -> Expr:
    """Constants added up, and what adds or multiplies nothing left out."""
    match expr:
        case Binary("+" | "-" as op, Binary("+" | "-" as inner, left, Const(a)), Const(b)):
            total = (a if inner == "+" else -a) + (b if op == "+" else -b)
            return _sum(Binary("+", left, Const(total)) if total >= 0 else Binary("-", left, Const(-total)))
        case Binary("+", Const() as left, right) if not isinstance(right, Const):
            return _sum(Binary("+", right, left))
        case (
            Binary("+" | "-", left, Const(0))
            | Binary("*" | "//", left, Const(1))
            | Binary("*", Const(1), left)
        ):
            return left
        case Binary("*", _, Const(0)) | Binary("*", Const(0), _) | Binary("%", _, Const(1)):
            return Const(0)
    return expr


def _decided(expr: Binary, known: Known) -> Expr:
    """`expr` if the ranges of its operands leave its value open."""
    left, right = known.range(expr.left), known.range(expr.right)
    if expr.op in COMPARISONS:
        truth = _compare(expr.op, left, right)
        return expr if truth is None else TRUE if truth else FALSE
    if expr.op == "min" or expr.op == "max":
        small, large = (expr.left, expr.right) if left[1] <= right[0] else (expr.right, expr.left)
        if left[1] <= right[0] or right[1] <= left[0]:
            return small if expr.op == "min" else large
    if expr.op in ("//", "%") and isinstance(expr.right, Const):
        return _divided(expr, expr.right.value, known)
    return expr


def _compare(op: str, left: Range, right: Range) -> bool | None:
    """The comparison's value, if every pair of values gives the same."""
    below, above = left[1] < right[0], left[0] > right[1]
    if op in ("==", "!="):
        if below or above:
            return op == "!="
        return (op == "==") if left[0] == left[1] == right[0] == right[1] else None
    if op in ("<", ">="):
        return (op == "<") if below else (op == ">=") if left[0] >= right[1] else None
    return (op == ">") if above else (op == "<=") if left[1] <= right[0] else None


def _divided(expr: Binary, divisor: int, known: Known) -> Expr:
    """(e * divisor + small) // divisor is e, and the rest is small."""
    lo, hi = known.range(expr.left)
    if lo // divisor == hi // divisor:
        whole = lo // divisor
        if expr.op == "//":
            return Const(whole)
        return _sum(Binary("-", expr.left, Const(whole * divisor)))
    match expr.left:
        case Binary("*", factor, Const(value)) if value == divisor:
            return factor if expr.op == "//" else Const(0)
        case Binary("+", Binary("*", factor, Const(value)), small) if value == divisor:
            least, most = known.range(small)
            if 0 <= least and most < divisor:
                return factor if expr.op == "//" else small
    return expr
