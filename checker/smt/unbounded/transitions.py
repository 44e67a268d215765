"""The transitions of a program as formulas: all that a block may do, from any state at all.

Every slot of the state is a variable of z3.  Both sides of an `If` are followed; an
alternative ends in a new state, or in the failure of a check.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ...base.errors import InternalError
from ...ir.interpreter import Actor, Interpreter
from ...ir.program import (
    Assign, Binary, Block, Check, Choose, Const, Expr, Fail, Goto, If, Instance, Ite, Note, Program, Read, Self,
    Stmt, Unary,
)  # fmt: skip


@dataclass(frozen=True)
class Alternative:
    """One thing that a step may do.

    path: when.  state: what it leads to; violated: the property of a check that fails instead.
    choices: the variables that stand for what is chosen.
    """

    actor: Actor
    label: int
    path: tuple[Any, ...]
    state: tuple[Any, ...]
    violated: str
    choices: tuple[Any, ...]


class Transitions:
    """The transition system of `program` on terms of integers; conditions are terms of Booleans."""

    def __init__(self, program: Program) -> None:
        import z3

        self.z3, self.program, self.judge = z3, program, Interpreter(program)
        self.slots = self.judge.slots
        self.fresh = 0

    def state(self, name: str) -> list[Any]:
        """A state of variables."""
        return [self.z3.Int(f"{name}.{slot}") for slot in self.slots.names]

    def ranges(self, state: Sequence[Any]) -> list[Any]:
        """Every slot is in its range."""
        found = []
        for value, lo, hi in zip(state, self.slots.lo, self.slots.hi):
            found += [value >= lo, value <= hi]
        return found

    # values

    def evaluate(self, expr: Expr, state: Sequence[Any], actor: Actor) -> Any:
        """Value of an expression: a term of integers, or of Booleans."""
        z3 = self.z3
        match expr:
            case Const(value):
                return z3.IntVal(value)
            case Read(var, index):
                return self._read(state, var, self.evaluate(index, state, actor), actor)
            case Self():
                return z3.IntVal(actor.self)
            case Instance():
                return z3.IntVal(actor.instance)
            case Unary("not", operand):
                return z3.Not(self.truth(operand, state, actor))
            case Unary(_, operand):
                return -self.number(operand, state, actor)
            case Ite(cond, then, other):
                arms = self.number(then, state, actor), self.number(other, state, actor)
                return z3.If(self.truth(cond, state, actor), *arms)
            case Binary("and", left, right):
                return z3.And(self.truth(left, state, actor), self.truth(right, state, actor))
            case Binary("or", left, right):
                return z3.Or(self.truth(left, state, actor), self.truth(right, state, actor))
            case Binary(op, left, right):
                a, b = self.number(left, state, actor), self.number(right, state, actor)
                return {
                    "+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b, "//": lambda: a / b,
                    "%": lambda: a % b, "min": lambda: z3.If(a <= b, a, b), "max": lambda: z3.If(a >= b, a, b),
                    "==": lambda: a == b, "!=": lambda: a != b, "<": lambda: a < b, "<=": lambda: a <= b,
                    ">": lambda: a > b, ">=": lambda: a >= b,
                }[op]()  # fmt: skip
        raise InternalError(f"not an expression: {expr!r}")

    def number(self, expr: Expr, state: Sequence[Any], actor: Actor) -> Any:
        value = self.evaluate(expr, state, actor)
        return self.z3.If(value, self.z3.IntVal(1), self.z3.IntVal(0)) if self.z3.is_bool(value) else value

    def truth(self, expr: Expr, state: Sequence[Any], actor: Actor) -> Any:
        value = self.evaluate(expr, state, actor)
        return self.z3.simplify(value if self.z3.is_bool(value) else value != 0)

    def _read(self, state: Sequence[Any], var: str, index: Any, actor: Actor) -> Any:
        count, first = self.program.variable(var).count, self.slots.at(var, 0, actor.instance)
        found = state[first]
        for element in range(1, count):
            found = self.z3.If(index == element, state[first + element], found)
        return self.z3.simplify(found)

    # steps

    def alternatives(self, state: Sequence[Any]) -> Iterator[Alternative]:
        """All that any step from `state` may do."""
        for actor in self.judge.actors:
            for block in self.program.processes[actor.process].blocks:
                at = state[self.slots.pc(actor.process, actor.instance)] == block.label
                guard = self.truth(block.guard, state, actor)
                if not self.z3.is_false(guard):
                    yield from self._run(block.body, block, [at, guard], list(state), actor, ())

    def _run(
        self, body: tuple[Stmt, ...], block: Block, path: list[Any], state: list[Any], actor: Actor,
        choices: tuple[Any, ...],
    ) -> Iterator[Alternative]:  # fmt: skip
        def end(more: Sequence[Any], violated: str) -> Alternative:
            return Alternative(actor, block.label, (*path, *more), tuple(state), violated, choices)

        for position, statement in enumerate(body):
            rest = body[position + 1 :]
            match statement:
                case Assign(var, index, value):
                    at, new = self.number(index, state, actor), self.number(value, state, actor)
                    self._store(state, var, at, new, actor)
                case If(cond, then, other):
                    test = self.truth(cond, state, actor)
                    for arm, when in ((then, test), (other, self.z3.simplify(self.z3.Not(test)))):
                        if not self.z3.is_false(when):
                            yield from self._run(arm + rest, block, [*path, when], list(state), actor, choices)
                    return
                case Choose(var, lo, hi, where):
                    self.fresh += 1
                    chosen = self.z3.Int(f"choice{self.fresh}")
                    choices = (*choices, chosen)
                    path = [*path, chosen >= lo, chosen <= hi]
                    self._store(state, var, self.z3.IntVal(0), chosen, actor)
                    path.append(self.truth(where, state, actor))
                case Check(cond, name):
                    test = self.truth(cond, state, actor)
                    if not self.z3.is_true(test):
                        yield end([self.z3.Not(test)], name)
                        path = [*path, test]
                case Fail(name):
                    yield end([], name)
                    return
                case Goto(label):
                    self._go(state, actor, label)
                    yield end([], "")
                    return
                case Note():
                    pass

    def _store(self, state: list[Any], var: str, index: Any, value: Any, actor: Actor) -> None:
        count, first = self.program.variable(var).count, self.slots.at(var, 0, actor.instance)
        for element in range(count):
            kept = self.z3.If(index == element, value, state[first + element])
            state[first + element] = self.z3.simplify(kept)

    def _go(self, state: list[Any], actor: Actor, label: int) -> None:
        process = self.program.processes[actor.process]
        state[self.slots.pc(actor.process, actor.instance)] = self.z3.IntVal(label)
        for variable in self.judge.locals[process.name]:
            if variable.name not in process.blocks[label].live:
                for element in range(variable.count):
                    state[self.slots.at(variable.name, element, actor.instance)] = self.z3.IntVal(variable.type.lo)
