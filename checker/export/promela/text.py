"""Expressions of the IR as Promela text, and the types of variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...base.errors import UsageError
from ...ir.program import COMPARISONS, Binary, Const, Expr, Instance, Ite, Read, Self, Type, Unary, Variable
from ..names import Identifiers, remark
from ..ranges import NEGATED, Known

INT_MAX = (1 << 31) - 1
WORDS = (
    "active assert atomic bit bool break byte c_code c_decl c_expr c_state c_track chan d_step do else "
    "empty enabled end eval false fi for full get_priority goto hidden if in init inline int len local "
    "ltl mtype nempty never nfull notrace np_ od of pc_value pid printf printm priority proctype "
    "provided return run select set_priority short show skip timeout trace true typedef unless unsigned "
    "xr xs STDIN _last _nr_pr _pid _priority "
    # words of C and of the verifier
    "auto case char const continue default double enum extern float inline long register restrict "
    "signed sizeof static struct switch union void volatile while now trpt errno stdin stdout stderr "
    "main NULL EOF W M P uint uchar ushort "
    # words of the exported text
    "MIN MAX DIV MOD HOLDS CHECK FAIL SAVE UNDO RETRY BEFORE AFTER JUDGE COUNT LIVENESS FIND SELF next old "
    "failed properties "
).split()

# How tightly operators bind, as in C.
_OR, _AND, _EQUAL, _LESS, _ADD, _TIMES, _UNARY, _ATOM = range(1, 9)
_BINDS = {
    "or": _OR, "and": _AND, "==": _EQUAL, "!=": _EQUAL, "<": _LESS, "<=": _LESS, ">": _LESS, ">=": _LESS,
    "+": _ADD, "-": _ADD, "*": _TIMES, "//": _TIMES, "%": _TIMES,
}  # fmt: skip
_SIGNS = {"or": "||", "and": "&&", "//": "/"}


def type_name(lo: int, hi: int, hidden: bool = False) -> str:
    """The smallest Promela type that holds lo..hi (SPIN refuses hidden bits)."""
    if lo >= 0 and hi <= 255:
        return "bit" if hi <= 1 and not hidden else "byte"
    if lo >= -(1 << 15) and hi < 1 << 15:
        return "short"
    if lo >= -INT_MAX and hi <= INT_MAX:
        return "int"
    raise UsageError(f"Promela has no integers that hold {lo}..{hi}; choose a smaller scope")


@dataclass(frozen=True)
class PromelaPlace:
    """Where an expression stands: what is known there, and in which process.

    number, number_of: text of the instance that takes the step (from 0), and of its Self.
    Outside of all processes it is nobody, with instance 0.
    """

    known: Known
    number: str = "0"
    number_of: str = "0"


class PromelaWriter:
    """Writes expressions, at one Place.  instances: of each process, by its name."""

    def __init__(
        self, names: Identifiers, variables: Mapping[str, Variable], instances: Mapping[str, int], place: PromelaPlace
    ) -> None:
        self.names, self.variables, self.instances, self.place = names, variables, instances, place

    def text(self, expr: Expr, known: Known | None = None, like: Type | None = None) -> str:
        """`expr` where `known` is known; like: the type whose values' names to use."""
        return self._at(expr, known or self.place.known, 0, like)

    def element(self, var: str, index: Expr, known: Known) -> str:
        """var[index]; an index that may lie outside means element 0."""
        variable = self.variables[var]
        return self.place_of(
            variable, "0" if variable.count == 1 else self._subscript(index, variable.count, known)
        )

    def place_of(self, variable: Variable, subscript: str, number: str | None = None) -> str:
        """The Promela variable of an element.  The locals of all instances lie in one array;
        number: of the instance (None: the one that takes the step)."""
        name = self.names.variables.get(variable.name, variable.name)
        instance = self.place.number if number is None else number
        if self.instances.get(variable.process or "", 1) == 1:
            return name if variable.count == 1 else f"{name}[{subscript}]"
        return (
            f"{name}[{instance}]"
            if variable.count == 1
            else f"{name}[{instance} * {variable.count} + {subscript}]"
        )

    def _subscript(self, index: Expr, count: int, known: Known) -> str:
        inside = self.inside(index, count, known)
        plain = self._at(index, known, _ADD, None)
        return {"true": plain, "false": "0"}.get(inside, f"({inside} -> {plain} : 0)")

    def inside(self, index: Expr, count: int, known: Known) -> str:
        """When `index` is one of 0..count-1; "true" or "false" if that is certain."""
        lo, hi = known.range(index)
        if lo >= count or hi < 0:
            return "false"
        plain = self._at(index, known, _LESS + 1, None)
        tests = ([f"{plain} >= 0"] if lo < 0 else []) + ([f"{plain} < {count}"] if hi >= count else [])
        return " && ".join(tests) or "true"

    def _at(self, expr: Expr, known: Known, level: int, like: Type | None) -> str:
        """`expr` in parentheses if it binds less tightly than `level`."""
        text, binds = self._plain(expr, known, like)
        return f"({text})" if binds < level else text

    def _plain(self, expr: Expr, known: Known, like: Type | None) -> tuple[str, int]:
        match expr:
            case Const(value):
                named = self.names.values.get((like.name, value)) if like and like.kind == "enum" else None
                return (named or str(value)), (_ATOM if named or value >= 0 else 0)
            case Read(var, index, old):
                text = self.element(var, index, known)
                return ("was_" + text if old else text), _ATOM
            case Self():
                return self.place.number_of, _ATOM
            case Instance():
                return self.place.number, _ATOM
            case Unary("not", Binary(op, left, right)) if op in NEGATED:
                return self._plain(Binary(NEGATED[op], left, right), known, like)
            case Unary(op, operand):
                return ("!" if op == "not" else "-") + self._at(operand, known, _ATOM, None), _UNARY
            case Ite(cond, then, other):
                a = self._at(then, known.assume(cond), 0, like)
                b = self._at(other, known.assume(cond, False), 0, like)
                return f"({self._at(cond, known, 0, None)} -> {a} : {b})", _ATOM
            case Binary():
                return self._binary(expr, known)
        raise TypeError(f"not an expression: {expr!r}")

    def _binary(self, expr: Binary, known: Known) -> tuple[str, int]:
        op, left, right = expr.op, expr.left, expr.right
        lo, hi = known.range(expr)
        if lo < -INT_MAX or hi > INT_MAX:
            raise UsageError(f"Promela has no integers that hold {lo}..{hi}; choose a smaller scope")
        if op in ("and", "or"):
            behind = known.assume(left, op == "and")
            level = _BINDS[op]
            return f"{self._logic(left, known, op)} {_SIGNS[op]} {self._logic(right, behind, op)}", level
        like = self._enumeration(left, right) if op in COMPARISONS else None
        if op in ("min", "max") or (op in ("//", "%") and known.range(left)[0] < 0):
            name = {"//": "DIV", "%": "MOD"}.get(op, op.upper())
            return f"{name}({self._at(left, known, 0, None)}, {self._at(right, known, 0, None)})", _ATOM
        level = _BINDS[op]
        a, b = self._at(left, known, level, like), self._at(right, known, level + 1, like)
        return f"{a} {_SIGNS.get(op, op)} {b}", level

    def _logic(self, expr: Expr, known: Known, op: str) -> str:
        """An operand of `op`: only a chain of the same operator goes without parentheses."""
        chain = isinstance(expr, Binary) and (expr.op == op or expr.op not in ("and", "or"))
        return self._at(expr, known, 0 if chain else _UNARY, None)

    def _enumeration(self, left: Expr, right: Expr) -> Type | None:
        types = [self.variables[e.var].type for e in (left, right) if isinstance(e, Read)]
        return next((t for t in types if t.kind == "enum"), None)


def quoted(name: str, message: str) -> str:
    """A violation's name and message as the argument of a printf."""
    text = remark(f"{name}: {message}").replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{text}\\n"'
