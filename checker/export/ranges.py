"""Which values an expression can have: what exporters use to leave out needless tests.

A range is a pair (lo, hi).  `Known` holds what is known beyond the types of the variables:
for some expressions a narrower range, learnt from guards, conditions and Checks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..ir.program import (
    BOOL, COMPARISONS, LOGIC, Binary, Const, Expr, Instance, Ite, Read, Self, Type, Unary, Variable,
)  # fmt: skip

Range = tuple[int, int]
NEGATED = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
MIRRORED = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
BIT = (BOOL.lo, BOOL.hi)


def join(a: Range, b: Range) -> Range:
    return min(a[0], b[0]), max(a[1], b[1])


def meet(a: Range, b: Range) -> Range:
    """Values in both; `a` if there are none (then the place is never reached)."""
    lo, hi = max(a[0], b[0]), min(a[1], b[1])
    return (lo, hi) if lo <= hi else a


def reads(expr: Expr) -> set[str]:
    """Names of the variables that `expr` reads."""
    match expr:
        case Read(var, index):
            return {var} | reads(index)
        case Unary(_, operand):
            return reads(operand)
        case Binary(_, left, right):
            return reads(left) | reads(right)
        case Ite(cond, then, other):
            return reads(cond) | reads(then) | reads(other)
    return set()


@dataclass(frozen=True)
class Fact:
    """The range of an expression that reads the variables `of`."""

    lo: int
    hi: int
    of: frozenset[str]


class Known:
    """Ranges of expressions at one place of a body.

    variables: by name.  self, instance: ranges of Self and Instance there.
    """

    def __init__(
        self, variables: Mapping[str, Variable], self_range: Range = (0, 0), instances: Range = (0, 0),
        facts: Mapping[Expr, Fact] | None = None,
    ) -> None:  # fmt: skip
        self.variables, self.self_range, self.instances = variables, self_range, instances
        self.facts = facts or {}

    def with_facts(self, facts: Mapping[Expr, Fact]) -> Known:
        """The same place, where these facts hold and no others."""
        return Known(self.variables, self.self_range, self.instances, facts)

    def range(self, expr: Expr) -> Range:
        """Least and greatest value that `expr` can have."""
        if isinstance(expr, Const):
            return expr.value, expr.value
        plain = self._plain(expr)
        if isinstance(expr, Read | Binary) and self.facts and plain[0] != plain[1] and expr in self.facts:
            return meet(plain, (self.facts[expr].lo, self.facts[expr].hi))
        return plain

    def _plain(self, expr: Expr) -> Range:
        match expr:
            case Read(var):
                type: Type = self.variables[var].type
                return type.lo, type.hi
            case Self():
                return self.self_range
            case Instance():
                return self.instances
            case Unary("-", operand):
                lo, hi = self.range(operand)
                return -hi, -lo
            case Binary(op, left, right) if op not in COMPARISONS + LOGIC:
                return _combine(op, self.range(left), self.range(right))
            case Ite(cond, then, other):
                return join(self.assume(cond).range(then), self.assume(cond, False).range(other))
        return BIT

    def inside(self, index: Expr, count: int) -> bool:
        """Is `index` one of 0..count-1 for certain?"""
        lo, hi = self.range(index)
        return 0 <= lo and hi < count

    def assume(self, cond: Expr, true: bool = True) -> Known:
        """What is known where `cond` is true (or false)."""
        if isinstance(cond, Const):
            return self
        learnt: dict[Expr, Fact] = {}
        self._learn(cond, true, learnt)
        return self.with_facts({**self.facts, **learnt}) if learnt else self

    def _learn(self, cond: Expr, true: bool, learnt: dict[Expr, Fact]) -> None:
        match cond:
            case Unary("not", operand):
                self._learn(operand, not true, learnt)
            case Binary(op, left, right) if op in LOGIC:
                if (op == "and") == true:
                    self._learn(left, true, learnt)
                    self._learn(right, true, learnt)
            case Binary(op, left, right) if op in COMPARISONS:
                real = op if true else NEGATED[op]
                self._compare(left, real, right, learnt)
                self._compare(right, MIRRORED[real], left, learnt)
            case Read():
                learnt[cond] = Fact(int(true), int(true), frozenset(reads(cond)))

    def _compare(self, expr: Expr, op: str, bound: Expr, learnt: dict[Expr, Fact]) -> None:
        """Note what `expr op bound` says of `expr`."""
        if not isinstance(expr, Read | Binary):
            return
        lo, hi = before = self.range(expr)
        if expr in learnt:
            lo, hi = meet((lo, hi), (learnt[expr].lo, learnt[expr].hi))
        least, most = self.range(bound)
        if op == "==":
            lo, hi = meet((lo, hi), (least, most))
        elif op == "!=" and least == most:
            lo, hi = (lo + 1 if lo == least else lo), (hi - 1 if hi == least else hi)
        elif op in ("<", "<="):
            hi = min(hi, most - (op == "<"))
        elif op in (">", ">="):
            lo = max(lo, least + (op == ">"))
        if lo <= hi and (lo, hi) != before:
            learnt[expr] = Fact(lo, hi, frozenset(reads(expr)))

    def _without(self, var: str) -> dict[Expr, Fact]:
        return {expr: fact for expr, fact in self.facts.items() if var not in fact.of}

    def assigned(self, var: str, index: Expr, value: Expr) -> Known:
        """What is known after var[index] := value."""
        lo, hi = self.range(value)
        facts = self._without(var)
        variable = self.variables[var]
        if isinstance(index, Const) and index.value in range(variable.count):
            if (lo, hi) != (variable.type.lo, variable.type.hi):
                facts[Read(var, index)] = Fact(lo, hi, frozenset((var,)))
        return self.with_facts(facts)

    def chosen(self, var: str, lo: int, hi: int) -> Known:
        """What is known after the scalar `var` has taken one of lo..hi."""
        return self.with_facts({**self._without(var), Read(var): Fact(lo, hi, frozenset((var,)))})

    def joined(self, other: Known | None) -> Known:
        """What is known where two ways meet; `other`: None if no way leads on from there."""
        if other is None or other.facts is self.facts:
            return self
        return self.with_facts(joined_facts(self.facts, other.facts))


def joined_facts(a: Mapping[Expr, Fact], b: Mapping[Expr, Fact]) -> dict[Expr, Fact]:
    """What both say."""
    both = {}
    for expr, fact in a.items():
        other = b.get(expr)
        if other is not None:
            lo, hi = join((fact.lo, fact.hi), (other.lo, other.hi))
            both[expr] = fact if (lo, hi) == (fact.lo, fact.hi) else Fact(lo, hi, fact.of)
    return both


def _combine(op: str, left: Range, right: Range) -> Range:
    """Range of an arithmetic operation."""
    (a, b), (c, d) = left, right
    if op == "+":
        return a + c, b + d
    if op == "-":
        return a - d, b - c
    if op == "*":
        ends = (a * c, a * d, b * c, b * d)
        return min(ends), max(ends)
    if op == "min":
        return min(a, c), min(b, d)
    if op == "max":
        return max(a, c), max(b, d)
    divisor = max(1, c)
    if op == "//":
        return a // divisor, b // divisor
    return (a, b) if 0 <= a and b < divisor else (0, divisor - 1)
