"""Expressions and statements with what is known of a state put in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from ..ir.interpreter import OPERATORS
from ..ir.program import (
    Assign,
    Binary,
    Block,
    Check,
    Choose,
    Const,
    Expr,
    If,
    Instance,
    Ite,
    Note,
    Read,
    Self,
    Stmt,
    Unary,
)

Known = Callable[[Read], int | None]  # the value of an element with a constant index, if it is known

TRUE, FALSE = Const(1), Const(0)
DECIDES = {"and": FALSE, "or": TRUE}  # the operand that makes the other one indifferent


class Specialiser:
    """Puts in who takes the step, and the values that `known` tells; simplifies what has become constant."""

    def __init__(self, known: Known, number: int = 0, instance: int = 0) -> None:
        self.known, self.self, self.instance = known, Const(number), Const(instance)

    def expr(self, expr: Expr) -> Expr:
        match expr:
            case Self():
                return self.self
            case Instance():
                return self.instance
            case Read():
                return self._read(expr)
            case Unary(op, operand):
                return unary(op, self.expr(operand))
            case Binary(op, left, right):
                left = self.expr(left)
                if DECIDES.get(op) == left:
                    return left
                return binary(op, left, self.expr(right))
            case Ite(cond, then, other):
                cond = self.expr(cond)
                if isinstance(cond, Const):
                    return self.expr(then if cond.value else other)
                then, other = self.expr(then), self.expr(other)
                return then if then == other else Ite(cond, then, other)
        return expr

    def _read(self, read: Read) -> Expr:
        if not isinstance(read.index, Const):
            read = replace(read, index=self.expr(read.index))
        value = self.known(read) if isinstance(read.index, Const) else None
        return read if value is None else Const(value)

    def block(self, block: Block) -> Block:
        return replace(block, guard=self.expr(block.guard), body=self.body(block.body))

    def body(self, body: Iterable[Stmt]) -> tuple[Stmt, ...]:
        return tuple(self.statement(statement) for statement in body if not isinstance(statement, Note))

    def statement(self, statement: Stmt) -> Stmt:
        match statement:
            case Assign(_, index, value):
                return replace(statement, index=self.expr(index), value=self.expr(value))
            case If(cond, then, other):
                return replace(statement, cond=self.expr(cond), then=self.body(then), other=self.body(other))
            case Choose(where=where):
                return replace(statement, where=self.expr(where))
            case Check(cond):
                return replace(statement, cond=self.expr(cond))
        return statement


def unary(op: str, operand: Expr) -> Expr:
    if isinstance(operand, Const):
        return Const(int(not operand.value) if op == "not" else -operand.value)
    if op == "not" and isinstance(operand, Unary) and operand.op == "not" and is_condition(operand.operand):
        return operand.operand
    return Unary(op, operand)


def binary(op: str, left: Expr, right: Expr) -> Expr:
    if isinstance(left, Const) and isinstance(right, Const):
        return Const(int(OPERATORS[op](left.value, right.value)))
    if op in DECIDES:
        for one, other in ((left, right), (right, left)):
            if isinstance(one, Const):
                return one if one == DECIDES[op] else other
    return Binary(op, left, right)


def is_condition(expr: Expr) -> bool:
    """Is the value 0 or 1 by the expression's form?"""
    if isinstance(expr, Unary):
        return expr.op == "not"
    return isinstance(expr, Binary) and expr.op not in ("+", "-", "*", "//", "%", "min", "max")


def negation(expr: Expr) -> Expr:
    return unary("not", expr)


def reads(expr: Expr) -> Iterable[Read]:
    """Every read in an expression, those in indices included."""
    match expr:
        case Read(index=index):
            yield expr
            yield from reads(index)
        case Unary(operand=operand):
            yield from reads(operand)
        case Binary(left=left, right=right):
            yield from reads(left)
            yield from reads(right)
        case Ite(cond, then, other):
            yield from reads(cond)
            yield from reads(then)
            yield from reads(other)


def read_by(block: Block) -> set[str]:
    """Names of the variables that a block reads."""
    found = {read.var for read in reads(block.guard)}
    stack = [*block.body]
    while stack:
        match stack.pop():
            case Assign(_, index, value):
                found |= {read.var for expr in (index, value) for read in reads(expr)}
            case If(cond, then, other):
                found |= {read.var for read in reads(cond)}
                stack += [*then, *other]
            case Choose(where=expr) | Check(cond=expr):
                found |= {read.var for read in reads(expr)}
    return found
