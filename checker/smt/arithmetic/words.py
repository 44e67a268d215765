"""Machine integers as C has them: types, conversions, and what does not fit.

An integer is kept exactly, as a Python integer or as a bit-vector that is wide enough for
any sum of machine integers, and any product with a size; `wrapped` brings it back into a type.  The two
arithmetics have the same operations, so that what z3 finds can be computed again without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

WIDTH = 96  # bits in which sums, differences, and products with a page or folio size are exact


@dataclass(frozen=True)
class CType:
    """An integer type of C."""

    name: str
    bits: int
    signed: bool

    @property
    def lo(self) -> int:
        return -(1 << self.bits - 1) if self.signed else 0

    @property
    def hi(self) -> int:
        return (1 << self.bits - self.signed) - 1


def types(long: int) -> dict[str, CType]:
    """The types that `Range(c=...)` may name, where a long has so many bits."""
    return {
        "s32": CType("int", 32, True), "u32": CType("unsigned int", 32, False),
        "s64": CType("long long", 64, True), "u64": CType("unsigned long long", 64, False),
        "ulong": CType("unsigned long", long, False),
    }  # fmt: skip


INT, LONG_LONG = CType("int", 32, True), CType("long long", 64, True)


def literal(value: int) -> CType:
    """The type of an integer written in C."""
    return INT if INT.lo <= value <= INT.hi else LONG_LONG


def common(a: CType, b: CType) -> CType:
    """The type in which C computes `a op b`: the usual arithmetic conversions."""
    if a.bits != b.bits:
        return a if a.bits > b.bits else b
    return b if a.signed else a


class Integers:
    """Arithmetic on Python integers."""

    def number(self, value: int) -> Any:
        return value

    def truth(self, value: bool) -> Any:
        return value

    def compare(self, op: str, a: Any, b: Any) -> Any:
        return {
            "==": a == b, "!=": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b,
        }[op]  # fmt: skip

    def arithmetic(self, op: str, a: Any, b: Any) -> Any:
        return {"+": a + b, "-": a - b, "*": a * b}[op]

    def divided(self, a: Any, shift: int) -> Any:
        return a >> shift

    def masked(self, a: Any, shift: int) -> Any:
        return a & ((1 << shift) - 1)

    def wrapped(self, a: Any, type: CType) -> Any:
        low = a & ((1 << type.bits) - 1)
        return low - (1 << type.bits) if type.signed and low > type.hi else low

    def ite(self, condition: Any, a: Any, b: Any) -> Any:
        return a if condition else b

    def all(self, *conditions: Any) -> Any:
        return all(conditions)

    def any(self, *conditions: Any) -> Any:
        return any(conditions)

    def no(self, condition: Any) -> Any:
        return not condition

    def known(self, condition: Any) -> bool | None:
        """The truth of a condition, None if it depends."""
        return bool(condition)


class BitVectors(Integers):
    """Arithmetic on z3's bit-vectors of WIDTH bits."""

    def __init__(self) -> None:
        import z3

        self.z3 = z3

    def unknown(self, name: str, type: CType) -> tuple[Any, Any]:
        """A variable of a type: its bits, and its value."""
        bits = self.z3.BitVec(name, type.bits)
        extend = self.z3.SignExt if type.signed else self.z3.ZeroExt
        return bits, extend(WIDTH - type.bits, bits)

    def number(self, value: int) -> Any:
        return self.z3.BitVecVal(value, WIDTH)

    def truth(self, value: bool) -> Any:
        return self.z3.BoolVal(value)

    def masked(self, a: Any, shift: int) -> Any:
        return a & self.number((1 << shift) - 1)

    def wrapped(self, a: Any, type: CType) -> Any:
        extend = self.z3.SignExt if type.signed else self.z3.ZeroExt
        return extend(WIDTH - type.bits, self.z3.Extract(type.bits - 1, 0, a))

    def ite(self, condition: Any, a: Any, b: Any) -> Any:
        return self.z3.If(condition, a, b)

    def all(self, *conditions: Any) -> Any:
        return self.z3.And(*conditions)

    def any(self, *conditions: Any) -> Any:
        return self.z3.Or(*conditions)

    def no(self, condition: Any) -> Any:
        return self.z3.Not(condition)

    def known(self, condition: Any) -> bool | None:
        simple = self.z3.simplify(condition)
        return True if self.z3.is_true(simple) else False if self.z3.is_false(simple) else None
