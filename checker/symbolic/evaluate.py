"""Steps as Python functions: how a step is evaluated on the part of a state that it touches.

Relations are learnt one sub-state at a time, some hundred thousand times in a large search, so that the
interpreter would be slow; the functions made here do what `checker.ir.interpreter` says, for blocks that are
specialised already.  What a step does not touch is UNKNOWN, and reading it is an error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..base.errors import InternalError
from ..ir.program import Assign, Binary, Block, Check, Choose, Const, Expr, Fail, Goto, If, Ite, Read, Stmt, Unary
from ..ir.slots import Slots

Flat = list[Any]  # a state with UNKNOWN where nothing is known
Emit = Callable[[Flat, int], None]  # a successor: the state without the label and before dead locals are reset, the label
Failed = Callable[[Flat, Check | Fail], None]
Step = Callable[[Flat, Emit, Failed], None]


class _Unknown:
    """The value of what a step should not look at."""

    def _refuse(self, *_: object) -> Any:
        raise InternalError("a step reads what its footprint does not have")

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __index__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __neg__ = __pos__ = _refuse
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = _refuse
    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = _Unknown()


def place(first: int, index: int, count: int) -> int:
    """The slot that element `index` is read from: element 0 if there is no such element."""
    return first + index if 0 <= index < count else first


class Compiler:
    """Makes functions from expressions and blocks.  instance: whose locals are meant, if anybody's."""

    def __init__(self, slots: Slots, instance: int = 0) -> None:
        self.slots, self.instance = slots, instance
        self.checks: list[Check | Fail] = []

    # ---- expressions

    def predicate(self, expr: Expr) -> Callable[[Flat, Flat], int]:
        """`expr` as a function of the state, and of the one before."""
        return eval(f"lambda s, old: {self.text(expr)}", {"place": place})  # noqa: S307

    def text(self, expr: Expr) -> str:
        match expr:
            case Const(value):
                return f"({value})"
            case Read():
                return self._read(expr)
            case Unary(op, operand):
                return f"({op} {self.text(operand)})"
            case Binary(("min" | "max") as op, left, right):
                return f"{op}({self.text(left)}, {self.text(right)})"
            case Binary(op, left, right):
                return f"({self.text(left)} {op} {self.text(right)})"
            case Ite(cond, then, other):
                return f"({self.text(then)} if {self.text(cond)} else {self.text(other)})"
        raise InternalError(f"not a specialised expression: {expr!r}")

    def _read(self, read: Read) -> str:
        count, first = self.slots.program.variable(read.var).count, self.slots.at(read.var, 0, self.instance)
        state = "old" if read.old else "s"
        if isinstance(read.index, Const):
            return f"{state}[{place(first, read.index.value, count)}]"
        return f"{state}[place({first}, {self.text(read.index)}, {count})]"

    # ---- blocks

    def step(self, block: Block) -> Step:
        """The function that takes `block` in every way in which it can be taken; it changes the state given."""
        lines = ["def step(s, emit, fail):", f" if not {self.text(block.guard)}: return"]
        self._body(block.body, lines, " ", "return")
        scope: dict[str, Any] = {"place": place, "checks": self.checks}
        exec("\n".join(lines), scope)  # noqa: S102
        return scope["step"]

    def _body(self, body: tuple[Stmt, ...], lines: list[str], space: str, end: str) -> None:
        """end: the statement that ends this run of the body."""
        lines.append(f"{space}pass")
        for position, statement in enumerate(body):
            match statement:
                case Assign():
                    self._assign(statement, lines, space)
                case If(cond, then, other):
                    lines.append(f"{space}if {self.text(cond)}:")
                    self._body(then, lines, space + " ", end)
                    lines.append(f"{space}else:")
                    self._body(other, lines, space + " ", end)
                case Choose():
                    self._choose(statement, body[position + 1 :], lines, space, end)
                    return
                case Check(cond):
                    lines.append(f"{space}if not {self.text(cond)}: fail(s, checks[{self._check(statement)}]); {end}")
                case Fail():
                    lines.append(f"{space}fail(s, checks[{self._check(statement)}]); {end}")
                case Goto(label):
                    lines.append(f"{space}emit(s, {label}); {end}")

    def _check(self, statement: Check | Fail) -> int:
        self.checks.append(statement)
        return len(self.checks) - 1

    def _assign(self, statement: Assign, lines: list[str], space: str) -> None:
        count, first = self.slots.program.variable(statement.var).count, self.slots.at(statement.var, 0, self.instance)
        value = self.text(statement.value)
        value = value if isinstance(statement.value, (Const, Read)) else f"+{value}"  # a number, not a bool
        if isinstance(statement.index, Const):
            if 0 <= statement.index.value < count:
                lines.append(f"{space}s[{first + statement.index.value}] = {value}")
            return
        lines.append(f"{space}index, value = {self.text(statement.index)}, {value}")
        lines.append(f"{space}if 0 <= index < {count}: s[{first} + index] = value")

    def _choose(self, choose: Choose, rest: tuple[Stmt, ...], lines: list[str], space: str, end: str) -> None:
        slot, kept = self.slots.at(choose.var, 0, self.instance), f"s{len(space)}"
        lines.append(f"{space}{kept} = s")
        lines.append(f"{space}for chosen in range({choose.lo}, {choose.hi + 1}):")
        lines.append(f"{space} s = {kept}[:]")
        lines.append(f"{space} s[{slot}] = chosen")
        lines.append(f"{space} if not {self.text(choose.where)}: continue")
        self._body(rest, lines, space + " ", "continue")
        lines.append(f"{space}{end}")
