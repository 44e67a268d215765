"""Expressions of the IR as TLA+ text.

A flag is a Boolean in TLA+, everything else an integer; an expression is written for the
side that wants it.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...ir.program import (
    BOOL, COMPARISONS, LOGIC, Binary, Const, Expr, Instance, Ite, Read, Self, Type, Unary, Variable,
)  # fmt: skip
from ..names import Identifiers
from ..ranges import NEGATED, Known

WORDS = (
    "ACTION ASSUME ASSUMPTION AXIOM BOOLEAN BY CASE CHOOSE CONSTANT CONSTANTS COROLLARY DEF DEFINE DEFS "
    "DOMAIN ELSE ENABLED EXCEPT EXTENDS FALSE HAVE HIDE IF IN INSTANCE Int LAMBDA LEMMA LET LOCAL "
    "MODULE NEW Nat OBVIOUS OMITTED ONLY OTHER PICK PROOF PROPOSITION PROVE QED RECURSIVE SF_ STATE "
    "STRING SUBSET SUFFICES TAKE TEMPORAL THEN THEOREM TRUE UNCHANGED UNION USE VARIABLE VARIABLES WF_ "
    "WITH WITNESS "
    # names of the modules that are extended, and of the exported text
    "Integers TLC Assert Print PrintT JavaTime Permutations SortSeq RandomElement Any ToString TLCGet "
    "TLCSet TLCEval Number Min Max Within pc self vars Init Next Spec AtRest NoDeadlock "
).split()

_SIGNS = {
    "==": "=", "!=": "#", "<": "<", "<=": "<=", ">": ">", ">=": ">=", "and": "/\\", "or": "\\/",
    "+": "+", "-": "-", "*": "*", "//": "\\div", "%": "%",
}  # fmt: skip


def is_flag(type: Type) -> bool:
    return type.kind == "bool"


def constant(value: int, like: Type, names: Identifiers) -> str:
    """`value` of the type `like`."""
    if is_flag(like):
        return "TRUE" if value else "FALSE"
    named = names.values.get((like.name, value)) if like.kind == "enum" else None
    return named or (str(value) if value >= 0 else f"({value})")


def values(lo: int, hi: int, like: Type) -> str:
    """The set of the values lo..hi of the type `like`."""
    if is_flag(like):
        return "BOOLEAN" if (lo, hi) == (0, 1) else "{" + ("FALSE" if lo == 0 else "TRUE") + "}"
    return f"{lo}..{hi}" if lo >= 0 else f"({lo})..{hi}" if hi >= 0 else f"({lo})..({hi})"


class TlaWriter:
    """Writes expressions at one place.

    now, before: the text of each variable's value there, and before the step; of a local,
    the value that it has for the process that takes the step.  known: what is known there.
    first: number of the first instance of that process.
    """

    def __init__(
        self, names: Identifiers, variables: Mapping[str, Variable], now: Mapping[str, str], known: Known,
        first: int = 0, self_text: str = "self", before: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        self.names, self.variables, self.now, self.known = names, variables, now, known
        self.first, self.self_text, self.before = first, self_text, before or {}

    def at(self, now: Mapping[str, str], known: Known) -> TlaWriter:
        """The same writer at another place of the step."""
        return TlaWriter(self.names, self.variables, now, known, self.first, self.self_text, self.before)

    def assuming(self, cond: Expr, true: bool = True) -> TlaWriter:
        return self.at(self.now, self.known.assume(cond, true))

    def value(self, expr: Expr, like: Type) -> str:
        """`expr` as a value of the type `like`."""
        return self.truth(expr) if is_flag(like) else self.number(expr, like)

    def truth(self, expr: Expr, inner: bool = False) -> str:
        """`expr`, which is 0 or 1, as a Boolean; inner: as an operand."""
        match expr:
            case Const(value):
                return "TRUE" if value else "FALSE"
            case Read(var) if is_flag(self.variables[var].type):
                return self.element(expr)
            case Unary("not", Binary(op, left, right)) if op in NEGATED:
                return self.truth(Binary(NEGATED[op], left, right), inner)
            case Unary("not", operand):
                return f"~{self.truth(operand, True)}"
            case Binary(op, left, right) if op in LOGIC:
                behind = self.assuming(left, op == "and")
                text = f"{self._operand(left, op)} {_SIGNS[op]} {behind._operand(right, op)}"
            case Binary(op, left, right) if op in COMPARISONS:
                text, inner = self._comparison(op, left, right, inner)
            case Ite(cond, then, other):
                arms = self.assuming(cond).truth(then), self.assuming(cond, False).truth(other)
                text = f"IF {self.truth(cond)} THEN {arms[0]} ELSE {arms[1]}"
            case _:
                text = f"{self.number(expr, inner=True)} # 0"
        return f"({text})" if inner else text

    def _operand(self, expr: Expr, op: str) -> str:
        """An operand of a conjunction or disjunction: a chain of one needs no parentheses."""
        return self.truth(expr, not (isinstance(expr, Binary) and expr.op == op))

    def _comparison(self, op: str, left: Expr, right: Expr, inner: bool) -> tuple[str, bool]:
        """The text, and whether it needs parentheses."""
        if op in ("==", "!="):
            for one, other in ((left, right), (right, left)):
                if self._is_flag(one) and isinstance(other, Const) and other.value in (0, 1):
                    same = (other.value == 1) == (op == "==")
                    return ("" if same else "~") + self.truth(one, not same or inner), False
            if self._is_flag(left) and self._is_flag(right):
                return f"{self.truth(left, True)} {_SIGNS[op]} {self.truth(right, True)}", inner
        like = next((t for t in map(self._type, (left, right)) if t and t.kind == "enum"), None)
        return f"{self.number(left, like, True)} {_SIGNS[op]} {self.number(right, like, True)}", inner

    def _type(self, expr: Expr) -> Type | None:
        return self.variables[expr.var].type if isinstance(expr, Read) else None

    def _is_flag(self, expr: Expr) -> bool:
        """Is `expr` written as a Boolean?"""
        match expr:
            case Read(var):
                return is_flag(self.variables[var].type)
            case Unary(op) | Binary(op):
                return op in (*COMPARISONS, *LOGIC, "not")
            case Ite(_, then, other):
                return self._is_flag(then) and self._is_flag(other)
        return False

    def number(self, expr: Expr, like: Type | None = None, inner: bool = False) -> str:
        """`expr` as an integer; inner: as an operand."""
        match expr:
            case Const(value):
                return constant(value, like, self.names) if like else constant(value, _INTEGER, self.names)
            case Self():
                return self.self_text
            case Instance():
                text = f"{self.self_text} - {self.first}"
            case _ if self._is_flag(expr):
                return f"Number({self.truth(expr)})"
            case Read():
                return self.element(expr)
            case Unary(_, operand):
                text = f"-{self.number(operand, None, True)}"
            case Ite(cond, then, other):
                arms = self.assuming(cond).number(then, like), self.assuming(cond, False).number(other, like)
                text = f"IF {self.truth(cond)} THEN {arms[0]} ELSE {arms[1]}"
            case Binary("min" | "max" as op, left, right):
                return f"{op.capitalize()}({self.number(left)}, {self.number(right)})"
            case Binary(op, left, right):
                chain = op == "+" and isinstance(left, Binary) and left.op == "+"
                text = f"{self.number(left, None, not chain)} {_SIGNS[op]} {self.number(right, None, True)}"
            case _:
                raise TypeError(f"not an expression: {expr!r}")
        return f"({text})" if inner else text

    def element(self, read: Read) -> str:
        """The element of a variable that `read` means."""
        variable = self.variables[read.var]
        whole = (self.before if read.old else self.now)[read.var]
        if variable.count == 1:
            return whole
        index = self.number(read.index)
        return (
            f"{whole}[{index}]"
            if self.known.inside(read.index, variable.count)
            else f"{whole}[Within({index}, {variable.count})]"
        )

    def updated(self, var: str, index: Expr, value: Expr) -> str:
        """The variable's value after var[index] := value."""
        variable, whole = self.variables[var], self.now[var]
        new = self.value(value, variable.type)
        if variable.count == 1 and is_flag(variable.type) and not isinstance(value, Ite):
            new = self.truth(value, True)  # `x' = a /\ b` would be `(x' = a) /\ b`
        at = self.number(index)
        changed = new if variable.count == 1 else f"[{whole} EXCEPT ![{at}] = {new}]"
        if self.known.inside(index, variable.count):
            return changed
        return f"IF {at} \\in 0..{variable.count - 1} THEN {changed} ELSE {whole}"


_INTEGER = Type("int", 0, 0)
assert is_flag(BOOL)
