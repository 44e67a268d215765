"""Expressions of the IR as generated code, and what the generator asks about statements."""

from __future__ import annotations

from dataclasses import dataclass

from ...base.errors import InternalError
from ...ir.program import (
    Assign, Binary, Choose, Const, Expr, If, Instance, Ite, Process, Program, Read, Self, Stmt, Unary,
)  # fmt: skip
from .instructions import Operand, constant
from .state import View

ZERO = constant(0)
PLAIN = 3  # assignments that are no reason for a jump


@dataclass(frozen=True)
class ActorCode:
    """A process instance: `instance` of the process with index `index`; number: among all, from 0."""

    process: Process
    index: int
    instance: int
    number: int


class ExpressionCode:
    """Writes the code of expressions.  Both sides of everything are evaluated: nothing can go wrong in them."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def value(self, expr: Expr, view: View, actor: ActorCode | None = None, before: View | None = None) -> Operand:
        """Value of `expr` in `view`, for `actor`; before: the state that reads with `old` mean."""
        kind = type(expr)  # `match` takes three times as long, and there are many expressions
        if kind is Const:
            return constant(expr.value)
        if kind is Read:
            return self._read(expr, view, actor, before)
        if kind is Binary:
            left, right = self.value(expr.left, view, actor, before), self.value(expr.right, view, actor, before)
            return view.code.binary(expr.op, left, right)
        if kind is Unary:
            operand = self.value(expr.operand, view, actor, before)
            return view.code.negate(operand) if expr.op == "not" else view.code.subtract(ZERO, view.code.as_int(operand))
        if kind is Ite:
            return view.code.select(*(self.value(e, view, actor, before) for e in (expr.cond, expr.then, expr.other)))
        if actor is None or kind not in (Self, Instance):
            raise InternalError(f"not an expression here: {expr!r}")
        return constant(actor.number + 1 if kind is Self else actor.instance)

    def _read(self, read: Read, view: View, actor: ActorCode | None, before: View | None) -> Operand:
        index = view.code.as_int(self.value(read.index, view, actor, before))
        source = before if read.old else view
        if source is None:
            raise InternalError(f"old({read.var}) outside a transition invariant")
        return source.read(self.program.by_name[read.var], index)


def is_never(guard: Expr) -> bool:
    return isinstance(guard, Const) and not guard.value


def assigned(statements: tuple[Stmt, ...]) -> set[str]:
    """Names of the variables that `statements` may write."""
    names: set[str] = set()
    for statement in statements:
        match statement:
            case Assign(var):
                names.add(var)
            case If(_, then, other):
                names |= assigned(then) | assigned(other)
    return names


def is_plain(statements: tuple[Stmt, ...]) -> bool:
    """Is it cheaper to run `statements` for nothing than to jump over them?"""
    return all(isinstance(s, Assign) for s in statements) and len(statements) <= PLAIN


def has_choice(statements: tuple[Stmt, ...]) -> bool:
    return any(
        isinstance(s, Choose) or isinstance(s, If) and (has_choice(s.then) or has_choice(s.other)) for s in statements
    )


def most_runs(statements: tuple[Stmt, ...]) -> int:
    """An upper bound on the runs of `statements`, by the ranges of their Chooses."""
    runs = 1
    for statement in statements:
        match statement:
            case Choose(_, lo, hi):
                runs *= max(hi - lo + 1, 0)
            case If(_, then, other):
                runs *= max(most_runs(then), most_runs(other))
    return runs
