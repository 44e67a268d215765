"""What exporters need to know of transition invariants."""

from __future__ import annotations

from ..ir.program import Binary, Expr, Ite, Read, Unary
from .bodies import TRUE, fold


def old_reads(expr: Expr) -> set[str]:
    """Names of the variables of which `expr` reads the value before the step."""
    match expr:
        case Read(var, index, old):
            return ({var} if old else set()) | old_reads(index)
        case Unary(_, operand):
            return old_reads(operand)
        case Binary(_, left, right):
            return old_reads(left) | old_reads(right)
        case Ite(cond, then, other):
            return old_reads(cond) | old_reads(then) | old_reads(other)
    return set()


def without_old(expr: Expr) -> Expr:
    """`expr` of a step that changes nothing that it reads."""
    match expr:
        case Read(var, index):
            return Read(var, without_old(index))
        case Unary(op, operand):
            return fold(Unary(op, without_old(operand)))
        case Binary(op, left, right):
            return fold(Binary(op, without_old(left), without_old(right)))
        case Ite(cond, then, other):
            return fold(Ite(without_old(cond), without_old(then), without_old(other)))
    return expr


def stutters(expr: Expr) -> bool:
    """Is `expr` true for certain of a step that changes nothing that it reads?"""
    return without_old(expr) == TRUE
