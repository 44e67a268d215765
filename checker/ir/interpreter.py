"""The reference interpreter: what a program means, in the plainest Python.

It judges every other engine, by its counts and by replaying their counterexamples; so
it is written to be read next to `checker.ir.program`, and never made fast.  States are flat
tuples of integers, numbered by `checker.ir.slots`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from ..base.errors import InternalError, UsageError
from .program import (
    DEADLOCK, NOWHERE, Assign, Binary, Block, Check, Choose, Const, Expr, Fail, Goto, If, Instance, Instantiation,
    Ite, Note, Pos, Program, Property, Read, Self, Stmt, Type, Unary,
)  # fmt: skip
from .sites import REST, STATE, TRANSITION, witnesses
from .slots import Slots, instance_name

State = tuple[int, ...]
Values = Sequence[int]  # a state that is finished, or one under way


@dataclass(frozen=True)
class PropertyViolation:
    """Property `property` is violated; binding: of the property's parameters, if it has any."""

    property: str
    message: str
    binding: tuple[tuple[str, str], ...] = ()
    pos: Pos = NOWHERE


@dataclass(frozen=True)
class Seen:
    """What a Note saw."""

    text: str
    value: int
    type: Type


@dataclass(frozen=True)
class Step:
    """One way to take a block.

    process, instance: who takes it (index of the process, instance of it).  after: the
    successor, or None if a Check or Fail ended the step, as `violation` says.
    choices: the values of the block's Chooses, in order.
    """

    process: int
    instance: int
    label: int
    after: State | None
    choices: tuple[int, ...] = ()
    notes: tuple[Seen, ...] = ()
    violation: PropertyViolation | None = None


@dataclass(frozen=True)
class Actor:
    """Who evaluates: `instance` of the process with index `process`, whose number is `self`."""

    process: int
    instance: int
    self: int


NOBODY = Actor(-1, 0, 0)


@dataclass
class _Run:
    """One execution of a body under way."""

    state: list[int]
    actor: Actor
    choices: tuple[int, ...] = ()
    notes: tuple[Seen, ...] = ()
    violation: PropertyViolation | None = None


OPERATORS: dict[str, Callable[..., int]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "//": operator.floordiv, "%": operator.mod,
    "min": min, "max": max,
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "and": lambda a, b: a and b, "or": lambda a, b: a or b,
}  # fmt: skip


class Interpreter:
    """The transition system of `program`."""

    def __init__(self, program: Program) -> None:
        self.program, self.slots, self.witnesses = program, Slots(program), witnesses(program)
        processes = program.processes
        where = [(index, i) for index, p in enumerate(processes) for i in range(p.instances)]
        self.actors = [Actor(index, instance, number) for number, (index, instance) in enumerate(where, 1)]
        self.locals = {p.name: [v for v in program.variables if v.process == p.name] for p in processes}

    def initial_states(self) -> list[State]:
        """What setup makes of the inits, in the order of its choices, each once."""
        start = [0] * self.slots.size
        instances = {p.name: p.instances for p in self.program.processes}
        for variable in self.program.variables:
            for instance in range(instances.get(variable.process or "", 1)):
                for element, value in enumerate(variable.init):
                    start[self.slots.at(variable.name, element, instance)] = value
        found: dict[State, None] = {}
        for end in self._run(self.program.setup, _Run(start, NOBODY)):
            if end.violation:
                raise UsageError(f"the setup violates {end.violation.property}: {end.violation.message}")
            for actor in self.actors:
                self._go(end.state, actor, self.program.processes[actor.process].entry)
            found[tuple(end.state)] = None
        return list(found)

    def actor(self, process: int, instance: int) -> Actor:
        """The one of `actors` that is this instance."""
        return next(a for a in self.actors if (a.process, a.instance) == (process, instance))

    def steps(self, state: State) -> list[Step]:
        """Every step that can be taken, in the order process, instance, choice."""
        return [step for actor in self.actors for step in self.steps_of(state, actor)]

    def block_of(self, state: State, process: int, instance: int) -> Block:
        """The block at whose label an instance stands."""
        return self.program.processes[process].blocks[state[self.slots.pc(process, instance)]]

    def steps_of(self, state: State, actor: Actor) -> Iterator[Step]:
        """The steps that one of `actors` can take, in the order of choices."""
        block = self.block_of(state, actor.process, actor.instance)
        if not self.evaluate(block.guard, state, actor):
            return
        for end in self._run(block.body, _Run(list(state), actor)):
            after = tuple(end.state) if end.violation is None else None
            who = actor.process, actor.instance, block.label
            yield Step(*who, after, end.choices, end.notes, end.violation)

    def _run(self, statements: tuple[Stmt, ...], run: _Run) -> Iterator[_Run]:
        """Execute `statements`; one finished run for each sequence of choices."""

        def value_of(expr: Expr) -> int:
            return self.evaluate(expr, run.state, run.actor)

        for position, statement in enumerate(statements):
            rest = statements[position + 1 :]
            match statement:
                case Assign(var, index, value):
                    self._store(run, var, value_of(index), value_of(value))
                case If(cond, then, other):
                    yield from self._run((then if value_of(cond) else other) + rest, run)
                    return
                case Choose(var, lo, hi, where):
                    for chosen in range(lo, hi + 1):
                        one = replace(run, state=list(run.state), choices=(*run.choices, chosen))
                        self._store(one, var, 0, chosen)
                        if self.evaluate(where, one.state, run.actor):
                            yield from self._run(rest, one)
                    return
                case Check(cond) if value_of(cond):
                    pass
                case Check(name=name, message=message, pos=pos) | Fail(name, message, pos):
                    run.violation = PropertyViolation(name, message, (), pos)
                    yield run
                    return
                case Note(text, value, type):
                    run.notes += (Seen(text, value_of(value), type),)
                case Goto(label):
                    if run.actor is not NOBODY:
                        self._go(run.state, run.actor, label)
                    yield run
                    return
        raise InternalError("a path through a body ends in neither Goto nor Fail")

    def _go(self, state: list[int], actor: Actor, label: int) -> None:
        process = self.program.processes[actor.process]
        state[self.slots.pc(actor.process, actor.instance)] = label
        for variable in self.locals[process.name]:
            if variable.name not in process.blocks[label].live:
                for element in range(variable.count):
                    state[self.slots.at(variable.name, element, actor.instance)] = variable.type.lo

    def _store(self, run: _Run, var: str, index: int, value: int) -> None:
        variable = self.program.variable(var)
        if not 0 <= index < variable.count:
            return
        if not variable.type.lo <= value <= variable.type.hi:
            raise InternalError(f"{var} := {value} is out of its range, and no Check said so")
        run.state[self.slots.at(var, index, run.actor.instance)] = value

    def evaluate(self, expr: Expr, state: Values, actor: Actor = NOBODY, before: Values = ()) -> int:
        """Value of `expr` in `state`; before: the state that reads with `old` mean."""
        match expr:
            case Const(value):
                return value
            case Read(var, index, old):
                at = self.evaluate(index, state, actor, before)
                element = at if 0 <= at < self.program.variable(var).count else 0
                return (before if old else state)[self.slots.at(var, element, actor.instance)]
            case Self():
                return actor.self
            case Instance():
                return actor.instance
            case Unary(op, operand):
                value = self.evaluate(operand, state, actor, before)
                return int(not value) if op == "not" else -value
            case Binary(op, left, right):
                values = [self.evaluate(operand, state, actor, before) for operand in (left, right)]
                return int(OPERATORS[op](*values))
            case Ite(cond, then, other):
                taken = then if self.evaluate(cond, state, actor, before) else other
                return self.evaluate(taken, state, actor, before)
        raise InternalError(f"not an expression: {expr!r}")

    def judge(self, state: State) -> list[PropertyViolation]:
        """The invariants and crash properties that `state` violates."""
        return self._violated(("invariant", "crash"), state)

    def judge_step(self, before: State, after: State) -> list[PropertyViolation]:
        """The transition invariants that the step from `before` to `after` violates."""
        return self._violated(("transition",), after, before)

    def at_rest(self, state: State) -> list[PropertyViolation]:
        """What is wrong with `state`, which has no steps: deadlock, then terminal properties."""
        stuck = []
        for actor in self.actors:
            process = self.program.processes[actor.process]
            if state[self.slots.pc(actor.process, actor.instance)] not in process.rests:
                stuck.append(instance_name(process, actor.instance))
        deadlock = PropertyViolation(DEADLOCK, "Nothing can move; not at rest: " + ", ".join(stuck))
        return ([deadlock] if stuck else []) + self._violated(("terminal",), state)

    def exercised(self, state: State, before: Values = (), resting: bool = False) -> set[tuple[str, int]]:
        """The instantiations that say something in `state` (`sites.sought`): property and number.
        Those of transition invariants need `before`, those of terminal properties `resting`."""
        kinds = [STATE] + [TRANSITION] * bool(before) + [REST] * resting
        return {
            (witness.name, number)
            for witness in self.witnesses if witness.kind in kinds
            for number, sought in witness.exprs if self.evaluate(sought, state, before=before)
        }  # fmt: skip

    def reached(self, state: State, before: Values = (), resting: bool = False) -> set[str]:
        """The properties of which an instantiation is exercised."""
        return {name for name, _ in self.exercised(state, before, resting)}

    def _violated(self, kinds: Sequence[str], state: State, before: Values = ()) -> list[PropertyViolation]:
        judged = self._instantiations(kinds)
        wrong = [(p, one) for p, one in judged if not self.evaluate(one.expr, state, before=before)]
        return [PropertyViolation(p.name, p.doc, one.binding, p.pos) for p, one in wrong]

    def _instantiations(self, kinds: Sequence[str]) -> Iterator[tuple[Property, Instantiation]]:
        return ((p, one) for p in self.program.properties if p.kind in kinds for one in p.instances)
