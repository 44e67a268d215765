"""Expressions of the IR as generated code, and what the generator asks about statements."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import InternalError
from .ir import Assign, Binary, Choose, Const, Expr, If, Instance, Ite, Process, Program, Read, Self, Stmt, Unary
from .native_code import Value, constant
from .native_state import View


PLAIN = 3  # assignments that are no reason for a jump


@dataclass(frozen=True)
class Actor:
    """A process instance: `instance` of the process with index `index`; number: among all, from 0."""

    process: Process
    index: int
    instance: int
    number: int


class Expressions:
    """Writes the code of expressions.  Both sides of everything are evaluated: nothing can go wrong in them."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def value(self, expr: Expr, view: View, actor: Actor | None = None, before: View | None = None) -> Value:
        """Value of `expr` in `view`, for `actor`; before: the state that reads with `old` mean."""
        match expr:
            case Const(value):
                return constant(value)
            case Read(var, index, old):
                place = view.code.as_int(self.value(index, view, actor, before))
                source = before if old else view
                if source is None:
                    raise InternalError(f"old({var}) outside a transition invariant")
                return source.read(self.program.variable(var), place)
            case Binary(op, left, right):
                one, other = self.value(left, view, actor, before), self.value(right, view, actor, before)
                return view.code.binary(op, one, other)
            case Unary("not", operand):
                return view.code.negate(self.value(operand, view, actor, before))
            case Unary("-", operand):
                return view.code.subtract(constant(0), view.code.as_int(self.value(operand, view, actor, before)))
            case Ite(cond, then, other):
                sides = [self.value(side, view, actor, before) for side in (cond, then, other)]
                return view.code.select(*sides)
            case Self() if actor is not None:
                return constant(actor.number + 1)
            case Instance() if actor is not None:
                return constant(actor.instance)
        raise InternalError(f"not an expression here: {expr!r}")


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
