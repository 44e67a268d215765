"""Steps of a program on values that are known and unknown at once.

Some variables have a value and stand for any value as well.  What is computed from them is a
`Dual`: the number, and the term of z3.  The numbers decide which way is taken, and the
terms say what has to be true for that: `path`.  So one run with some sizes tells of all sizes
with which everything goes as it did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ...base.errors import InternalError
from ...ir.interpreter import NOBODY, OPERATORS, Actor, Interpreter
from ...ir.program import (
    Assign, Binary, Check, Choose, Const, Expr, Fail, Goto, If, Instance, Ite, Note, Program, Read, Self, Stmt,
    Unary,
)  # fmt: skip


class Dual(NamedTuple):
    """A number, and the term that it is a value of; of a condition, 0 or 1 and a Boolean term."""

    number: int
    term: Any


Value = int | Dual


def number(value: Value) -> int:
    return value.number if isinstance(value, Dual) else value


class End(NamedTuple):
    """How a step ended.  label: where the process went, None if a check failed; violated: which."""

    state: list[Value]
    label: int | None
    violated: str = ""


class DualSteps:
    """The steps of `program`, where the elements named in `unknown` have a value and a term."""

    def __init__(self, program: Program, unknown: Mapping[str, Dual]) -> None:
        import z3

        self.z3, self.program, self.unknown = z3, program, unknown
        self.judge = Interpreter(program)
        self.slots = self.judge.slots
        self.path: list[Any] = []

    # values

    def term(self, value: Value) -> Any:
        """The term of an integer."""
        if not isinstance(value, Dual):
            return self.z3.IntVal(value)
        if self.z3.is_bool(value.term):
            return self.z3.If(value.term, self.z3.IntVal(1), self.z3.IntVal(0))
        return value.term

    def condition(self, value: Value) -> Any:
        """The term of a condition."""
        if not isinstance(value, Dual):
            return self.z3.BoolVal(bool(value))
        return value.term if self.z3.is_bool(value.term) else value.term != 0

    def decide(self, value: Value) -> bool:
        """Whether a condition is true, and from now on assumed to be as it is."""
        if isinstance(value, Dual):
            condition = self.condition(value)
            self.path.append(condition if value.number else self.z3.Not(condition))
        return bool(number(value))

    def evaluate(self, expr: Expr, state: Sequence[Value], actor: Actor = NOBODY, before: Sequence[Value] = ()) -> Value:
        """Value of `expr` in `state`; before: the state that reads with `old` mean."""

        def value(inner: Expr) -> Value:
            return self.evaluate(inner, state, actor, before)

        match expr:
            case Const(constant):
                return constant
            case Read(var, index, old):
                return (before if old else state)[self._slot(var, value(index), actor, True)]
            case Self():
                return actor.self
            case Instance():
                return actor.instance
            case Unary(op, operand):
                inner = value(operand)
                if not isinstance(inner, Dual):
                    return int(not inner) if op == "not" else -inner
                if op == "not":
                    return Dual(int(not inner.number), self.z3.Not(self.condition(inner)))
                return Dual(-inner.number, -self.term(inner))
            case Binary(op, left, right):
                return self._binary(op, value(left), value(right))
            case Ite(cond, then, other):
                return self._either(value(cond), value(then), value(other))
        raise InternalError(f"not an expression: {expr!r}")

    def _either(self, test: Value, then: Value, other: Value) -> Value:
        if not isinstance(test, Dual):
            return then if test else other
        if isinstance(then, Dual) or isinstance(other, Dual):
            return then if self.decide(test) else other
        if then == other:
            return then
        term = self.z3.If(self.condition(test), self.z3.IntVal(then), self.z3.IntVal(other))
        return Dual(then if test.number else other, term)

    def _binary(self, op: str, left: Value, right: Value) -> Value:
        result = int(OPERATORS[op](number(left), number(right)))
        if not (isinstance(left, Dual) or isinstance(right, Dual)):
            return result
        if op in ("and", "or"):
            for one, other in ((left, right), (right, left)):
                if not isinstance(one, Dual):
                    decided = bool(one) == (op == "or")
                    return int(op == "or") if decided else other
            join = self.z3.And if op == "and" else self.z3.Or
            return Dual(result, join(self.condition(left), self.condition(right)))
        if op in ("min", "max"):
            first = self._binary("<=" if op == "min" else ">=", left, right)
            return left if self.decide(first) else right
        a, b = self.term(left), self.term(right)
        return self._known(Dual(result, a / b if op == "//" else OPERATORS[op](a, b)))

    def same(self, left: Value, right: Value) -> Value:
        """Whether two values are equal."""
        return self._binary("==", left, right)

    def _known(self, value: Dual) -> Value:
        """A value that does not depend on anything, as a number."""
        simple = self.z3.simplify(value.term)
        if self.z3.is_int_value(simple) or self.z3.is_true(simple) or self.z3.is_false(simple):
            return value.number
        return Dual(value.number, simple)

    def _slot(self, var: str, index: Value, actor: Actor, reads: bool) -> int | None:
        """Where an element is; an index is decided to be the number that it is."""
        if isinstance(index, Dual):
            self.path.append(self.term(index) == index.number)
        at, count = number(index), self.program.variable(var).count
        if not 0 <= at < count:
            return self.slots.at(var, 0, actor.instance) if reads else None
        return self.slots.at(var, at, actor.instance)

    # steps

    def chosen(self, choice: Value, lo: int, hi: int) -> Value:
        """What is chosen where a schedule says `choice`; here just that."""
        return choice

    def initial(self, start: int) -> list[Value]:
        """The initial state `start`, which setup makes of the inits."""
        if any(isinstance(s, Choose) for s in self.program.setup) or start:
            raise InternalError("only the one initial state of a setup without choices is followed")
        state: list[Value] = [0] * self.slots.size
        instances = {p.name: p.instances for p in self.program.processes}
        for variable in self.program.variables:
            for instance in range(instances.get(variable.process or "", 1)):
                for element, value in enumerate(variable.init):
                    state[self.slots.at(variable.name, element, instance)] = value
        for name, value in self.unknown.items():
            state[self.slots.at(name)] = value
        end = self._run(self.program.setup, state, NOBODY, [])
        if end.violated:
            return []
        for actor in self.judge.actors:
            self._go(end.state, actor, self.program.processes[actor.process].entry)
        return end.state

    def step(self, state: Sequence[Value], actor: Actor, choices: Sequence[Value]) -> End | None:
        """The step of `actor` with these choices, None if it cannot be taken."""
        block = self.judge.block_of(state, actor.process, actor.instance)
        if not self.decide(self.evaluate(block.guard, state, actor)):
            return None
        return self._run(block.body, list(state), actor, list(choices))

    def _run(self, statements: Sequence[Stmt], state: list[Value], actor: Actor, choices: list[Value]) -> End | None:
        for statement in statements:
            end = None
            match statement:
                case Assign(var, index, value):
                    slot = self._slot(var, self.evaluate(index, state, actor), actor, False)
                    if slot is not None:
                        state[slot] = self.evaluate(value, state, actor)
                case If(cond, then, other):
                    test = self.evaluate(cond, state, actor)
                    if isinstance(test, Dual) and self._marks(then) and self._marks(other):
                        self._both(test, then, other, state, actor)
                        continue
                    end = self._run(then if self.decide(test) else other, state, actor, choices)
                    if end is None:
                        return None
                case Choose(var, lo, hi, where):
                    if not choices:
                        return None
                    chosen = self.chosen(choices.pop(0), lo, hi)
                    if not self.decide(self._binary("and", self._binary(">=", chosen, lo), self._binary("<=", chosen, hi))):
                        return None
                    state[self.slots.at(var, 0, actor.instance)] = chosen
                    if not self.decide(self.evaluate(where, state, actor)):
                        return None
                case Check(cond, name):
                    if not self.decide(self.evaluate(cond, state, actor)):
                        return End(state, None, name)
                case Fail(name):
                    return End(state, None, name)
                case Goto(label):
                    if actor is not NOBODY:
                        self._go(state, actor, label)
                    return End(state, label)
                case Note():
                    pass
            if end is not None and end is not GOES_ON:
                return end
        return GOES_ON

    def _marks(self, statements: Sequence[Stmt]) -> bool:
        """Do these statements nothing but give constants to fixed elements?  Then both sides of an
        If can be kept, for no size depends on it."""
        return all(
            isinstance(s, Assign) and isinstance(s.value, Const) and isinstance(s.index, Const) for s in statements
        )

    def _both(
        self, test: Dual, then: Sequence[Stmt], other: Sequence[Stmt], state: list[Value], actor: Actor
    ) -> None:
        given: dict[int, list[Value]] = {}
        for side, arm in enumerate((then, other)):
            for statement in arm:
                slot = self._slot(statement.var, statement.index.value, actor, False)
                if slot is not None:
                    given.setdefault(slot, [state[slot], state[slot]])[side] = statement.value.value
        for slot, (one, two) in given.items():
            if not isinstance(one, Dual) and one == two:
                state[slot] = one
                continue
            term = self.z3.If(self.condition(test), self.term(one), self.term(two))
            state[slot] = Dual(number(one if test.number else two), term)

    def _go(self, state: list[Value], actor: Actor, label: int) -> None:
        process = self.program.processes[actor.process]
        state[self.slots.pc(actor.process, actor.instance)] = label
        for variable in self.judge.locals[process.name]:
            if variable.name not in process.blocks[label].live:
                for element in range(variable.count):
                    state[self.slots.at(variable.name, element, actor.instance)] = variable.type.lo


GOES_ON = End([], None, "")
