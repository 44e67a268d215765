"""Bodies seen from the state before the step: which choices there are, and when.

Other tools want a step's choices first and its effects afterwards, in one go.  The
conditions of a body's Chooses speak of the state at that place of the body; here they
are rewritten so that they speak of the state before the step.  A value chosen earlier is
then read from a variable of its own, `choice_name(n)` for the n-th Choose of a path.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from ..base.errors import UsageError
from ..ir.program import (
    Assign, Binary, Check, Choose, Const, Expr, Fail, Goto, If, Ite, Program, Read, Stmt, Unary, Variable, int_type,
)  # fmt: skip
from .ranges import Range, join

TRUE, FALSE = Const(1), Const(0)


def choice_name(number: int) -> str:
    """The variable that holds the value of a path's Choose `number` (from 0)."""
    return f"choice{number}"


# ------------------------------------------------------- constant folding

_CONSTANT: dict[str, Callable[[int, int], int]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "//": operator.floordiv, "%": operator.mod,
    "min": min, "max": max, "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le,
    ">": operator.gt, ">=": operator.ge, "and": min, "or": max,
}  # fmt: skip


def negation(cond: Expr) -> Expr:
    return fold(Unary("not", cond))


def both(a: Expr, b: Expr) -> Expr:
    return fold(Binary("and", a, b))


def either(a: Expr, b: Expr) -> Expr:
    return fold(Binary("or", a, b))


def fold(expr: Expr) -> Expr:
    """The outermost operation of `expr` worked out, if its operands say enough."""
    match expr:
        case Unary("not", Const(value)):
            return Const(int(not value))
        case Unary("not", Unary("not", operand)):
            return operand
        case Unary("-", Const(value)):
            return Const(-value)
        case Binary(op, Const(a), Const(b)):
            return Const(int(_CONSTANT[op](a, b)))
        case Binary("and", Const(value), other) | Binary("and", other, Const(value)):
            return other if value else FALSE
        case Binary("or", Const(value), other) | Binary("or", other, Const(value)):
            return TRUE if value else other
        case Binary("==" | "<=" | ">=", left, right) if left == right:
            return TRUE
        case Binary("!=" | "<" | ">", left, right) if left == right:
            return FALSE
        case Binary("or", left, right) if left == Unary("not", right) or right == Unary("not", left):
            return TRUE
        case Binary("and", left, right) if left == Unary("not", right) or right == Unary("not", left):
            return FALSE
        case Ite(Const(value), then, other):
            return then if value else other
        case Ite(_, then, other) if then == other:
            return then
    return expr


# ------------------------------------------------- what happened so far


@dataclass(frozen=True)
class Fork:
    """One of two histories, as `cond` says of the state before the step."""

    cond: Expr
    then: History
    other: History


# Assigns (in terms of the state before the step) and Forks, oldest first.
History = tuple["Assign | Fork", ...]


class Past:
    """What a body did up to some place, in terms of the state before it."""

    def __init__(self, variables: Mapping[str, Variable], done: History = ()) -> None:
        self.variables, self.done = variables, done

    def now(self, expr: Expr) -> Expr:
        """`expr` at this place, as an expression on the state before the step."""
        match expr:
            case Read(var, index, old):
                at = self.now(index)
                return Read(var, at, True) if old else self._read(var, at, self.done)
            case Unary(op, operand):
                return fold(Unary(op, self.now(operand)))
            case Binary(op, left, right):
                return fold(Binary(op, self.now(left), self.now(right)))
            case Ite(cond, then, other):
                return fold(Ite(self.now(cond), self.now(then), self.now(other)))
        return expr

    def _read(self, var: str, index: Expr, done: History) -> Expr:
        count = self.variables[var].count
        at = index if count > 1 else Const(0)
        if isinstance(at, Const) and not 0 <= at.value < count:
            at = Const(0)
        for position in range(len(done) - 1, -1, -1):
            event, before = done[position], done[:position]
            if isinstance(event, Fork):
                if not (_changes(event.then, var) or _changes(event.other, var)):
                    continue
                arms = [self._read(var, at, before + arm) for arm in (event.then, event.other)]
                return fold(Ite(event.cond, *arms))
            if event.var == var:
                hit = fold(Binary("==", event.index, _element(at, count)))
                if hit != FALSE:
                    return fold(Ite(hit, event.value, TRUE if hit == TRUE else self._read(var, at, before)))
        return Read(var, at)

    def after(self, statement: Stmt) -> Past:
        """The past behind `statement`, which is an Assign or an If without Choose, Goto and Fail."""
        match statement:
            case Assign(var, index, value, pos):
                return Past(self.variables, (*self.done, Assign(var, self.now(index), self.now(value), pos)))
            case If(cond, then, other):
                here = self.now(cond)
                arms = [self.behind(arm).done[len(self.done) :] for arm in (then, other)]
                return Past(self.variables, (*self.done, Fork(here, *arms))) if any(arms) else self
        return self

    def behind(self, statements: tuple[Stmt, ...]) -> Past:
        past = self
        for statement in statements:
            past = past.after(statement)
        return past

    def chosen(self, choose: Choose, value: Expr) -> Past:
        """The past behind a Choose that took `value`."""
        return Past(self.variables, (*self.done, Assign(choose.var, Const(0), value)))


def _element(index: Expr, count: int) -> Expr:
    """The element that a read at `index` means."""
    if isinstance(index, Const):
        return index
    inside = Binary("and", Binary(">=", index, Const(0)), Binary("<", index, Const(count)))
    return Ite(inside, index, Const(0))


def _changes(history: History, var: str) -> bool:
    return any(
        _changes(e.then, var) or _changes(e.other, var) if isinstance(e, Fork) else e.var == var
        for e in history
    )


# ------------------------------------------------- the tree of choices


@dataclass(frozen=True)
class Pick:
    """Choose `number` of its path takes one of `options`: (value, when it may)."""

    number: int
    options: tuple[tuple[int, Expr], ...]
    rest: Choices


@dataclass(frozen=True)
class Branch:
    cond: Expr
    then: Choices
    other: Choices


# None: nothing (more) to choose.
Choices = Pick | Branch | None


def has(statements: tuple[Stmt, ...], *kinds: type) -> bool:
    """Is there a statement of one of `kinds` in `statements`, at any depth?"""
    return any(
        isinstance(s, kinds) or (isinstance(s, If) and (has(s.then, *kinds) or has(s.other, *kinds)))
        for s in statements
    )


def choices(statements: tuple[Stmt, ...], past: Past, number: int = 0) -> Choices:
    """What a body that begins with `statements` lets one choose.

    The variables of `past` hold those of `choice_variables` as well.

    Where a Check before a Choose fails nothing is chosen: the body itself will say so.
    """
    if not has(statements, Choose):
        return None
    for position, statement in enumerate(statements):
        rest = statements[position + 1 :]
        match statement:
            case Choose():
                return _pick(statement, rest, past, number)
            case If(cond, then, other) if has((statement,), Choose, Goto, Fail):
                arms = [choices(arm + rest, past, number) for arm in (then, other)]
                return arms[0] if arms[0] == arms[1] else _branch(past.now(cond), *arms)
            case Check(cond) if any(c.where != TRUE for _, c in _chooses(rest)):
                return _branch(past.now(cond), choices(rest, past, number), None)
            case Goto() | Fail():
                return None
        past = past.after(statement)
    return None


def _branch(cond: Expr, then: Choices, other: Choices) -> Choices:
    if isinstance(cond, Const):
        return then if cond.value else other
    return Branch(cond, then, other)


def _pick(choose: Choose, rest: tuple[Stmt, ...], past: Past, number: int) -> Pick:
    name = choice_name(number)
    later = choices(rest, past.chosen(choose, Read(name)), number + 1)
    options = []
    for value in range(choose.lo, choose.hi + 1):
        allowed = past.chosen(choose, Const(value)).now(choose.where)
        goes_on = Past(past.variables, (Assign(name, Const(0), Const(value)),))
        options.append((value, both(allowed, goes_on.now(possible(later)))))
    return Pick(number, tuple(o for o in options if o[1] != FALSE), later)


def choice_variables(program: Program) -> dict[str, Variable]:
    """The variables that hold chosen values, with the ranges of all Chooses that use them."""
    ranges: dict[str, Range] = {}
    for body in (program.setup, *(b.body for p in program.processes for b in p.blocks)):
        for number, choose in _chooses(body):
            name = choice_name(number)
            ranges[name] = join(ranges.get(name, (0, 0)), (choose.lo, choose.hi))
    return {name: Variable(name, int_type(*limits)) for name, limits in sorted(ranges.items())}


def _chooses(statements: tuple[Stmt, ...], number: int = 0) -> Iterator[tuple[int, Choose]]:
    """Every Choose below `statements` with its number on its path."""
    for statement in statements:
        if isinstance(statement, Choose):
            yield number, statement
            number += 1
        elif isinstance(statement, If):
            yield from _chooses(statement.then, number)
            yield from _chooses(statement.other, number)


def possible(tree: Choices) -> Expr:
    """When is there a sequence of choices that leads through `tree`?"""
    if tree is None:
        return TRUE
    if isinstance(tree, Branch):
        return fold(Ite(tree.cond, possible(tree.then), possible(tree.other)))
    result: Expr = FALSE
    for _, cond in tree.options:
        result = either(result, cond)
    return result


# ------------------------------------------------------------ the setup


def initial_values(program: Program) -> dict[tuple[str, int, int], int] | None:
    """(variable, instance, element) -> value in the one initial state; None if setup has to
    choose between several.  UsageError if the setup fails."""
    if has(program.setup, Choose):
        return None
    start = tuple(
        Assign(v.name, Const(i), Const(value)) for v in program.variables for i, value in enumerate(v.init)
    )
    variables = program.by_name
    past = _constant_run(program.setup, Past(variables, start))
    values = {}
    instances = {p.name: p.instances for p in program.processes}
    live = {p.name: p.blocks[p.entry].live for p in program.processes}
    for v in program.variables:
        for instance in range(instances.get(v.process or "", 1)):
            for element in range(v.count):
                value = past.now(Read(v.name, Const(element))) if instance == 0 else Const(v.init[element])
                dead = v.process is not None and v.name not in live[v.process]
                assert isinstance(value, Const)
                values[v.name, instance, element] = v.type.lo if dead else value.value
    return values


def _constant_run(statements: tuple[Stmt, ...], past: Past) -> Past:
    """The end of a run in which every condition is a constant."""
    for position, statement in enumerate(statements):
        match statement:
            case If(cond, then, other):
                taken = then if past.now(cond) != FALSE else other
                return _constant_run(taken + statements[position + 1 :], past)
            case Check(cond, name, message) if past.now(cond) == FALSE:
                raise UsageError(f"the setup violates {name}: {message}")
            case Fail(name, message):
                raise UsageError(f"the setup violates {name}: {message}")
            case Goto():
                return past
        past = past.after(statement)
    return past
