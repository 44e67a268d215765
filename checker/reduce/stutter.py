"""Which transition invariants hold of every step that changes nothing of what they read.

Only such a one is *closed under stuttering*: it cannot tell whether others have moved between two
steps that it looks at (`checker.reduce.watches`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from ..ir import program as ir
from .known_values import OPERATORS

MOST = 20_000  # valuations that are tried

Valuation = dict[ir.Expr, int]


def is_closed(program: ir.Program, expr: ir.Expr) -> bool:
    """Is `expr` surely true of a step that leaves all that it reads as it was?

    It is where it is true whatever the reads give, or, if those have too many values, whatever its
    comparisons say.  False: that could not be told.
    """
    still = _without_old(expr)
    for atoms in (list(dict.fromkeys(_reads(still))), list(dict.fromkeys(_comparisons(still)))):
        ranges = [_range(program, atom) for atom in atoms]
        if math.prod(map(len, ranges)) <= MOST:
            return all(_value(still, dict(zip(atoms, values))) for values in product(*ranges))
    return False


def _without_old(expr: ir.Expr) -> ir.Expr:
    """`expr` where the state before the step is also that behind it."""
    if isinstance(expr, ir.Read):
        return replace(expr, index=_without_old(expr.index), old=False)
    if isinstance(expr, ir.Unary):
        return replace(expr, operand=_without_old(expr.operand))
    if isinstance(expr, ir.Binary):
        return replace(expr, left=_without_old(expr.left), right=_without_old(expr.right))
    if isinstance(expr, ir.Ite):
        return ir.Ite(*map(_without_old, (expr.cond, expr.then, expr.other)))
    return expr


def _reads(expr: ir.Expr) -> Iterator[ir.Expr]:
    """The outermost reads: whatever an index is, something of the variable's type is found."""
    if isinstance(expr, ir.Read):
        yield expr
    else:
        for part in _parts(expr):
            yield from _reads(part)


def _comparisons(expr: ir.Expr) -> Iterator[ir.Expr]:
    """What `and`, `or` and `not` join."""
    if isinstance(expr, ir.Unary) and expr.op == "not" or isinstance(expr, ir.Binary) and expr.op in ir.LOGIC:
        for part in _parts(expr):
            yield from _comparisons(part)
    else:
        yield expr


def _parts(expr: ir.Expr) -> tuple[ir.Expr, ...]:
    if isinstance(expr, ir.Unary):
        return (expr.operand,)
    if isinstance(expr, ir.Binary):
        return (expr.left, expr.right)
    if isinstance(expr, ir.Ite):
        return (expr.cond, expr.then, expr.other)
    return ()


def _range(program: ir.Program, atom: ir.Expr) -> range:
    if isinstance(atom, ir.Read):
        kind = program.variable(atom.var).type
        return range(kind.lo, kind.hi + 1)
    return range(2)


def _value(expr: ir.Expr, known: Valuation) -> int:
    if expr in known:
        return known[expr]
    if isinstance(expr, ir.Const):
        return expr.value
    if isinstance(expr, ir.Unary):
        value = _value(expr.operand, known)
        return int(not value) if expr.op == "not" else -value
    if isinstance(expr, ir.Ite):
        return _value(expr.then if _value(expr.cond, known) else expr.other, known)
    left, right = _value(expr.left, known), _value(expr.right, known)
    if expr.op in ir.LOGIC:
        return int(left and right) if expr.op == "and" else int(left or right)
    return int(OPERATORS[expr.op](left, right))
