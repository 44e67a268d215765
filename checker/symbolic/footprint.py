"""Which slots a step reads and writes, when it is known who takes it and what its locals are.

The values of the locals resolve most indices and many branches, so that a step on folio 1 is known not
to touch folio 0.  `checker.reduce.known_values` follows them through the body.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..ir.interpreter import Actor
from ..ir.program import LOGIC, Assign, Binary, Check, Choose, Expr, Fail, Goto, If, Ite, Read, Stmt, Unary
from ..reduce.known_values import MOST, YES, Env, Flow, joined_envs
from .components import Components
from .specialise import TRUE, Specialiser


@dataclass(frozen=True)
class Footprint:
    """Slots of shared variables.  always: the step can be taken whatever the shared state is."""

    reads: frozenset[int]
    writes: frozenset[int]
    always: bool


class Footprints:
    """The footprints of the steps of one process instance.  process: its blocks, specialised."""

    def __init__(self, components: Components, actor: Actor) -> None:
        self.slots = components.interpreter.slots
        self.program, self.constants = components.program, components.constants
        own = self.program.processes[actor.process]
        specialiser = Specialiser(self._constant, actor.self, actor.instance)
        self.process = replace(own, blocks=tuple(specialiser.block(block) for block in own.blocks))
        self._flow = Flow(self.program, self.process)

    def of(self, label: int, known: Mapping[str, int]) -> Footprint | None:
        """The footprint of the step at `label` with these values of scalar locals; None if it cannot be taken."""
        block = self.process.blocks[label]
        env: Env = {name: frozenset((value,)) for name, value in known.items()}
        walk = _Walk(self)
        walk.expr(block.guard, env)
        always = self._flow.values(block.guard, env) == YES and not has_conditions(block.body)
        inside = self._flow.assuming(block.guard, True, env)
        if inside is None:
            return None
        walk.body(block.body, inside)
        return Footprint(frozenset(walk.reads), frozenset(walk.writes), always)

    def _constant(self, read: Read) -> int | None:
        variable = self.program.variable(read.var)
        if variable.process is not None:
            return None
        index = read.index.value if 0 <= read.index.value < variable.count else 0
        return self.constants.get(self.slots.at(read.var, index))


def has_conditions(body: tuple[Stmt, ...]) -> bool:
    """Is there a choice that may leave no value?"""
    return any(
        (isinstance(s, Choose) and s.where != TRUE) or (isinstance(s, If) and has_conditions((*s.then, *s.other))) for s in body
    )


class _Walk:
    """Collects reads and writes along all paths that the known values allow."""

    def __init__(self, of: Footprints) -> None:
        self.of, self.flow, self.program = of, of._flow, of.program
        self.reads: set[int] = set()
        self.writes: set[int] = set()

    def body(self, body: tuple[Stmt, ...], env: Env | None) -> Env | None:
        for statement in body:
            if env is None or isinstance(statement, (Goto, Fail)):
                return None
            env = self._statement(statement, env)
        return env

    def _statement(self, statement: Stmt, env: Env) -> Env | None:
        flow = self.flow
        match statement:
            case If(cond, then, other):
                self.expr(cond, env)
                sides = [(flow.assuming(cond, truth, env), arm) for truth, arm in ((True, then), (False, other))]
                ends = [end for side, arm in sides if side is not None and (end := self.body(arm, side)) is not None]
                return None if not ends else ends[0] if len(ends) == 1 else joined_envs(*ends)
            case Assign(var, index, value):
                self.expr(index, env)
                self.expr(value, env)
                if self.program.variable(var).process is None:
                    self.writes |= self._elements(var, index, env, write=True)
            case Check(cond):
                self.expr(cond, env)
            case Choose(var, lo, hi, where):
                self.expr(where, {**env, var: frozenset(range(lo, hi + 1)) if hi - lo < MOST else None})
        return flow.after(statement, env)

    def expr(self, expr: Expr, env: Env) -> None:
        """Note what evaluating `expr` reads; of `and` and `or` the right side only where the left one leaves it open."""
        match expr:
            case Read(var, index):
                self.expr(index, env)
                if self.program.variable(var).process is None:
                    self.reads |= self._elements(var, index, env)
            case Unary(operand=operand):
                self.expr(operand, env)
            case Binary(op, left, right) if op in LOGIC:
                self.expr(left, env)
                self._if(left, op == "and", right, env)
            case Binary(left=left, right=right):
                self.expr(left, env)
                self.expr(right, env)
            case Ite(cond, then, other):
                self.expr(cond, env)
                self._if(cond, True, then, env)
                self._if(cond, False, other, env)

    def _if(self, cond: Expr, truth: bool, expr: Expr, env: Env) -> None:
        side = self.flow.assuming(cond, truth, env)
        if side is not None:
            self.expr(expr, side)

    def _elements(self, var: str, index: Expr, env: Env, write: bool = False) -> set[int]:
        count, first = self.program.variable(var).count, self.of.slots.at(var)
        found = self.flow.values(index, env)
        if found is None:
            found = frozenset(range(count))
        inside = {e for e in found if 0 <= e < count} | ({0} if not write and any(not 0 <= e < count for e in found) else set())
        return {first + e for e in inside} - self.of.constants.keys()

