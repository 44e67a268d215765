"""LLVM instructions as text, with constants folded and ranges kept on the way.

Text is written straight away because a builder of instruction objects takes longer than
LLVM does to compile them.  Integers of a program are i64 here, conditions i1.
"""

from __future__ import annotations

from functools import cache

from ...base.errors import UsageError

SMALLEST, LARGEST = -(1 << 63), (1 << 63) - 1


class Operand:
    """An integer (i64) or condition (i1, `flag`) of the generated code, known to be in lo..hi."""

    __slots__ = ("text", "lo", "hi", "flag")

    def __init__(self, text: str, lo: int, hi: int, flag: bool = False) -> None:
        self.text, self.lo, self.hi, self.flag = text, lo, hi, flag

    @property
    def known(self) -> bool:
        """The value is a constant, `lo`."""
        return self.lo == self.hi


@cache
def constant(value: int) -> Operand:
    return Operand(str(value), value, value)


def condition(value: bool) -> Operand:
    return Operand("true" if value else "false", int(value), int(value), True)


class Available(dict[str, str]):
    """Instructions without effect whose results are known where the code is being written, by their
    text; what `outer` knows is known here as well."""

    def __init__(self, outer: Available | None = None) -> None:
        self.outer = outer

    def find(self, instruction: str) -> str | None:
        scope: Available | None = self
        while scope is not None:
            if instruction in scope:
                return scope[instruction]
            scope = scope.outer
        return None


class Join:
    """A place that several paths lead to, each with its own `cursor` (where the next successor is written)."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.incoming: list[tuple[str, str]] = []  # basic block, cursor


class Code:
    """The instructions of one function, in order."""

    def __init__(self, header: str) -> None:
        self.lines = [header + " {", "entry:"]
        self.block = "entry"  # the basic block that is being written
        self.scope = Available()
        self._names = 0

    def name(self, stem: str = "v") -> str:
        """A name that was not used before in this function (without its "%")."""
        self._names += 1
        return f"{stem}{self._names}"

    def emit(self, instruction: str) -> str:
        """Write an instruction that has a result; its name."""
        self._names += 1
        result = f"%v{self._names}"
        self.lines.append(f" {result} = {instruction}")
        return result

    def pure(self, instruction: str) -> str:
        """The same for an instruction without effect, which is written only if its result is not known yet."""
        known = self.scope.find(instruction)
        if known is None:
            known = self.scope[instruction] = self.emit(instruction)
        return known

    def write(self, instruction: str) -> None:
        """Write an instruction without a result."""
        self.lines.append(" " + instruction)

    def start(self, label: str, scope: Available | None = None) -> None:
        """Begin a basic block.  scope: what is known there, from blocks that every way to it passes."""
        self.lines.append(label + ":")
        self.block = label
        self.scope = Available() if scope is None else scope

    def text(self) -> str:
        return "\n".join([*self.lines, "}", ""])

    # ---- control flow

    def jump(self, label: str) -> None:
        self.write(f"br label %{label}")

    def branch(self, cond: Operand, yes: str, no: str) -> None:
        self.write(f"br i1 {self.as_flag(cond).text}, label %{yes}, label %{no}")

    def leave(self, join: Join, cursor: str) -> None:
        """End this path at `join`."""
        join.incoming.append((self.block, cursor))
        self.jump(join.label)

    def meet(self, join: Join, scope: Available | None = None) -> str:
        """Go on where the paths of `join` meet; the cursor there.  scope: as for `start`."""
        self.start(join.label, scope)
        if len({cursor for _, cursor in join.incoming}) == 1:
            return join.incoming[0][1]
        return self.emit("phi ptr " + ", ".join(f"[ {cursor}, %{block} ]" for block, cursor in join.incoming))

    # ---- words and their bits: operands and results are the text of an i64, constants Python integers

    def shift_left(self, word: str | int, by: str | int) -> str | int:
        if isinstance(word, int) and isinstance(by, int):
            return word << by
        return word if by == 0 or word == 0 else self.pure(f"shl i64 {word}, {by}")

    def shift_right(self, word: str | int, by: str | int) -> str | int:
        if isinstance(word, int) and isinstance(by, int):
            return word >> by
        return word if by == 0 or word == 0 else self.pure(f"lshr i64 {word}, {by}")

    def bits_and(self, word: str | int, mask: str | int) -> str | int:
        if isinstance(word, int) and isinstance(mask, int):
            return word & mask
        if mask == 0 or word == 0:
            return 0
        return word if mask == ALL_ONES else self.pure(f"and i64 {signed(word)}, {signed(mask)}")

    def bits_or(self, word: str | int, other: str | int) -> str | int:
        if isinstance(word, int) and isinstance(other, int):
            return word | other
        if word == 0 or other == 0:
            return word or other
        return self.pure(f"or i64 {signed(word)}, {signed(other)}")

    def bits_not(self, word: str | int) -> str | int:
        return ~word & ALL_ONES if isinstance(word, int) else self.pure(f"xor i64 {word}, -1")

    # ---- conversions

    def as_int(self, value: Operand) -> Operand:
        if value.known:
            return constant(value.lo)
        return Operand(self.pure(f"zext i1 {value.text} to i64"), value.lo, value.hi) if value.flag else value

    def as_flag(self, value: Operand) -> Operand:
        """Whether `value` is true, which is: not 0."""
        if value.lo > 0 or value.hi < 0 or value.known:
            return condition(value.lo != 0)
        return value if value.flag else Operand(self.pure(f"icmp ne i64 {value.text}, 0"), 0, 1, True)

    # ---- arithmetic

    def binary(self, op: str, left: Operand, right: Operand) -> Operand:
        """The operator `op` of the IR."""
        if op in _COMPARE:
            return self._compare(op, left, right)
        if op in ("and", "or"):
            return self._logic(op, self.as_flag(left), self.as_flag(right))
        left, right = self.as_int(left), self.as_int(right)
        return getattr(self, _ARITHMETIC[op])(left, right)

    def _ranged(self, instruction: str, lo: int, hi: int) -> Operand:
        if lo < SMALLEST or hi > LARGEST:
            raise UsageError("a calculation may leave 64 bits: the native engine cannot do it; use --engine interpret")
        return constant(lo) if lo == hi else Operand(self.pure(instruction), lo, hi)

    def add(self, left: Operand, right: Operand) -> Operand:
        if 0 in (left.lo, right.lo) and (left.known and left.lo == 0 or right.known and right.lo == 0):
            return right if left.known and left.lo == 0 else left
        return self._ranged(f"add i64 {left.text}, {right.text}", left.lo + right.lo, left.hi + right.hi)

    def subtract(self, left: Operand, right: Operand) -> Operand:
        if right.known and right.lo == 0:
            return left
        return self._ranged(f"sub i64 {left.text}, {right.text}", left.lo - right.hi, left.hi - right.lo)

    def _multiply(self, left: Operand, right: Operand) -> Operand:
        ends = [a * b for a in (left.lo, left.hi) for b in (right.lo, right.hi)]
        return self._ranged(f"mul i64 {left.text}, {right.text}", min(ends), max(ends))

    def _divide(self, left: Operand, right: Operand) -> Operand:
        """Rounds down; the divisor is a positive constant."""
        by, lo, hi = right.lo, left.lo // right.lo, left.hi // right.lo
        if by == 1 or lo == hi:
            return left if by == 1 else constant(lo)
        if left.lo >= 0:
            return Operand(self.pure(f"udiv i64 {left.text}, {by}"), lo, hi)
        return self._divide_negative(left, by)

    def _divide_negative(self, left: Operand, by: int) -> Operand:
        quotient = self.pure(f"sdiv i64 {left.text}, {by}")
        back = self.pure(f"mul i64 {quotient}, {by}")
        above = self.pure(f"icmp sgt i64 {back}, {left.text}")
        one = self.pure(f"zext i1 {above} to i64")
        return Operand(self.pure(f"sub i64 {quotient}, {one}"), left.lo // by, left.hi // by)

    def _remainder(self, left: Operand, right: Operand) -> Operand:
        by = right.lo
        if left.known or by == 1:
            return constant(left.lo % by)
        if 0 <= left.lo and left.hi < by:
            return left
        if left.lo >= 0:
            return Operand(self.pure(f"urem i64 {left.text}, {by}"), 0, by - 1)
        rest = self.pure(f"srem i64 {left.text}, {by}")
        negative = self.pure(f"icmp slt i64 {rest}, 0")
        lifted = self.pure(f"add i64 {rest}, {by}")
        return Operand(self.pure(f"select i1 {negative}, i64 {lifted}, i64 {rest}"), 0, by - 1)

    def _min(self, left: Operand, right: Operand) -> Operand:
        return self._pick(self._compare("<=", left, right), left, right, min)

    def _max(self, left: Operand, right: Operand) -> Operand:
        return self._pick(self._compare(">=", left, right), left, right, max)

    def _pick(self, cond: Operand, left: Operand, right: Operand, best) -> Operand:
        result = self.select(cond, left, right)
        return Operand(result.text, best(left.lo, right.lo), best(left.hi, right.hi))

    # ---- conditions

    def _compare(self, op: str, left: Operand, right: Operand) -> Operand:
        left, right = self.as_int(left), self.as_int(right)
        settled = _settled(op, left, right)
        if settled is not None:
            return condition(settled)
        return Operand(self.pure(f"icmp {_COMPARE[op]} i64 {left.text}, {right.text}"), 0, 1, True)

    def _logic(self, op: str, left: Operand, right: Operand) -> Operand:
        neutral = op == "and"
        for one, other in ((left, right), (right, left)):
            if one.known:
                return other if one.lo == neutral else condition(not neutral)
        return Operand(self.pure(f"{op} i1 {left.text}, {right.text}"), 0, 1, True)

    def negate(self, value: Operand) -> Operand:
        """not"""
        value = self.as_flag(value)
        return condition(not value.lo) if value.known else Operand(self.pure(f"xor i1 {value.text}, true"), 0, 1, True)

    def select(self, cond: Operand, then: Operand, other: Operand) -> Operand:
        cond = self.as_flag(cond)
        if cond.known:
            return then if cond.lo else other
        if then.known and other.known and then.lo == other.lo:
            return then
        lo, hi = min(then.lo, other.lo), max(then.hi, other.hi)
        if then.flag and other.flag:
            return Operand(self.pure(f"select i1 {cond.text}, i1 {then.text}, i1 {other.text}"), lo, hi, True)
        then, other = self.as_int(then), self.as_int(other)
        return Operand(self.pure(f"select i1 {cond.text}, i64 {then.text}, i64 {other.text}"), lo, hi)


ALL_ONES = (1 << 64) - 1

_COMPARE = {"==": "eq", "!=": "ne", "<": "slt", "<=": "sle", ">": "sgt", ">=": "sge"}
_ARITHMETIC = {"+": "add", "-": "subtract", "*": "_multiply", "//": "_divide", "%": "_remainder", "min": "_min", "max": "_max"}


def signed(word: str | int) -> str | int:
    """A constant word as LLVM writes an i64."""
    return word - (1 << 64) if isinstance(word, int) and word > LARGEST else word


def _settled(op: str, left: Operand, right: Operand) -> bool | None:
    """The result of a comparison if the ranges tell it, else None."""
    if op in ("==", "!="):
        if left.hi < right.lo or right.hi < left.lo:
            return op == "!="
        return op == "==" if left.known and right.known and left.lo == right.lo else None
    if op in (">", ">="):
        left, right, op = right, left, "<" if op == ">" else "<="
    if op == "<":
        return True if left.hi < right.lo else False if left.lo >= right.hi else None
    return True if left.hi <= right.lo else False if left.lo > right.hi else None
