"""What the locals of a process can hold at each of its labels, and what is left of its blocks then.

Inlining leaves branches that a caller can never take: a pass of fsync is not cyclic, and never
moves the cursor of the flusher.  `specialised` leaves them out, for an analysis of what
blocks may touch; the program that is run stays what it is.

Forward data flow over sets of values; shared variables and arrays may hold anything.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace
from itertools import product

from ..ir import program as ir

MOST = 40  # values of a local that are told apart; of more than so many nothing is known

Values = frozenset[int] | None  # None: anything
Env = dict[str, Values]  # scalar locals; one that is missing may be anything

OPERATORS: dict[str, Callable[[int, int], int]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "//": operator.floordiv, "%": operator.mod, "min": min, "max": max,
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
YES, NO, EITHER = frozenset((1,)), frozenset((0,)), frozenset((0, 1))


def specialised(program: ir.Program) -> ir.Program:
    """The same processes and labels, without what no path from the first label leads to."""
    return replace(program, processes=tuple(Flow(program, process).specialised() for process in program.processes))


def known_values(program: ir.Program) -> list[dict[int, Env]]:
    """For each process what its live locals can hold at each label that can be reached."""
    flows = [Flow(program, process) for process in program.processes]
    for flow in flows:
        flow.spread()
    return [flow.at for flow in flows]


class Flow:
    """The data flow of one process.  at: what is known at each label.

    An `Env` that is known leads through a statement by `after`, through a condition by `assuming`."""

    def __init__(self, program: ir.Program, process: ir.Process) -> None:
        self.program, self.process = program, process
        own = [v for v in program.variables if v.process == process.name and v.count == 1]
        self.ranges = {v.name: range(v.type.lo, v.type.hi + 1) for v in own}
        self.at: dict[int, Env] = {}

    def specialised(self) -> ir.Process:
        self.spread()
        return replace(self.process, blocks=tuple(map(self._block, self.process.blocks)))

    def spread(self) -> None:
        """Fill `at`."""
        entry = self.process.entry
        self.at[entry] = {}
        pending = {entry}
        while pending:
            label = min(pending)
            pending.remove(label)
            block = self.process.blocks[label]
            env = self.assuming(block.guard, True, self.at[label])
            for target, after in [] if env is None else list(self._run(block.body, env, [])[0]):
                after = self._entering(target, after)
                known = self.at.get(target)
                joined = after if known is None else joined_envs(known, after)
                if joined != known:
                    self.at[target] = joined
                    pending.add(target)

    def _entering(self, label: int, env: Env) -> Env:
        """Nobody reads a local that is dead at a label."""
        live = self.process.blocks[label].live
        return {name: values for name, values in env.items() if name in live}

    def _block(self, block: ir.Block) -> ir.Block:
        env = self.at.get(block.label)
        env = None if env is None else self.assuming(block.guard, True, env)
        if env is None:
            return replace(block, guard=ir.Const(0), body=(ir.Goto(block.label),))
        left: list[ir.Stmt] = []
        self._run(block.body, env, left)
        return replace(block, guard=self._simple(block.guard, self.at[block.label]), body=tuple(left))

    # -- statements

    def _run(self, body: tuple[ir.Stmt, ...], env: Env | None, left: list[ir.Stmt]) -> tuple[list[tuple[int, Env]], Env | None]:
        """Where `body` goes with which values, and the values behind it; `left`: what is left of it."""
        gone: list[tuple[int, Env]] = []
        for statement in body:
            if env is None:
                break
            if isinstance(statement, ir.Goto):
                left.append(statement)
                return [*gone, (statement.label, env)], None
            if isinstance(statement, ir.Fail):
                left.append(statement)
                return gone, None
            if isinstance(statement, ir.If):
                more, env = self._branch(statement, env, left)
                gone += more
            else:
                left.append(self._plain(statement, env))
                env = self.after(statement, env)
        return gone, env

    def _branch(self, statement: ir.If, env: Env, left: list[ir.Stmt]) -> tuple[list[tuple[int, Env]], Env | None]:
        sides = [self.assuming(statement.cond, truth, env) for truth in (True, False)]
        arms: list[list[ir.Stmt]] = [[], []]
        results = [self._run(arm, side, into) for arm, side, into in zip((statement.then, statement.other), sides, arms)]
        if sides[0] is not None and sides[1] is not None:
            cond = self._simple(statement.cond, env)
            left.append(replace(statement, cond=cond, then=tuple(arms[0]), other=tuple(arms[1])))
        else:
            left += arms[0] + arms[1]
        ends = [end for _, end in results if end is not None]
        return results[0][0] + results[1][0], ends[0] if len(ends) == 1 else joined_envs(*ends) if ends else None

    def _plain(self, statement: ir.Stmt, env: Env) -> ir.Stmt:
        if isinstance(statement, ir.Assign):
            return replace(statement, index=self._simple(statement.index, env), value=self._simple(statement.value, env))
        if isinstance(statement, ir.Check):
            return replace(statement, cond=self._simple(statement.cond, env))
        return statement

    def after(self, statement: ir.Stmt, env: Env) -> Env | None:
        if isinstance(statement, ir.Check):
            return self.assuming(statement.cond, True, env)
        if isinstance(statement, ir.Assign) and statement.var in self.ranges:
            found = self.values(statement.value, env)
            inside = None if found is None else frozenset(v for v in found if v in self.ranges[statement.var])
            if statement.index != ir.Const(0):
                inside = None  # written only if the index is 0
            return {**env, statement.var: inside}
        if isinstance(statement, ir.Choose) and statement.var in self.ranges:
            chosen = frozenset(range(statement.lo, statement.hi + 1)) if statement.hi - statement.lo < MOST else None
            return self.assuming(statement.where, True, {**env, statement.var: chosen})
        return env

    # -- expressions

    def values(self, expr: ir.Expr, env: Env) -> Values:
        """What `expr` may be."""
        if isinstance(expr, ir.Const):
            return frozenset((expr.value,))
        if isinstance(expr, ir.Read):
            return self._read(expr, env)
        if isinstance(expr, ir.Unary):
            found = self.values(expr.operand, env)
            change = operator.not_ if expr.op == "not" else operator.neg
            return (EITHER if expr.op == "not" else None) if found is None else frozenset(int(change(v)) for v in found)
        if isinstance(expr, ir.Ite):
            cond = self.values(expr.cond, env)
            sides = [side for side, never in ((expr.then, NO), (expr.other, YES)) if cond != never]
            found = [self.values(side, env) for side in sides]
            return None if None in found else _few(frozenset().union(*found))
        if isinstance(expr, ir.Binary):
            return self._binary(expr, env)
        return None

    def _read(self, read: ir.Read, env: Env) -> Values:
        variable = self.program.variable(read.var)
        if (known := env.get(read.var)) is not None:
            return known
        few = variable.type.hi - variable.type.lo < MOST
        return frozenset(range(variable.type.lo, variable.type.hi + 1)) if few else None

    def _binary(self, expr: ir.Binary, env: Env) -> Values:
        left, right = self.values(expr.left, env), self.values(expr.right, env)
        if expr.op in ir.LOGIC:
            decides = NO if expr.op == "and" else YES
            if decides in (left, right):
                return decides
            return (YES if expr.op == "and" else NO) if left == right == (YES if expr.op == "and" else NO) else EITHER
        if left is None or right is None:
            return EITHER if expr.op in ir.COMPARISONS else None
        change = OPERATORS[expr.op]
        return _few(frozenset(int(change(a, b)) for a, b in product(left, right)))

    def assuming(self, cond: ir.Expr, truth: bool, env: Env) -> Env | None:
        """What is known if `cond` is, or is not, true; None if that cannot be."""
        if self.values(cond, env) == (NO if truth else YES):
            return None
        if isinstance(cond, ir.Unary) and cond.op == "not":
            return self.assuming(cond.operand, not truth, env)
        if isinstance(cond, ir.Binary) and cond.op == ("and" if truth else "or"):
            known = self.assuming(cond.left, truth, env)
            return None if known is None else self.assuming(cond.right, truth, known)
        if isinstance(cond, ir.Binary) and cond.op in ir.COMPARISONS:
            op = cond.op if truth else OPPOSITE[cond.op]
            env = self._compared(cond.left, op, cond.right, env)
            return self._compared(cond.right, MIRRORED[op], cond.left, env)
        if isinstance(cond, ir.Read) and cond.var in self.ranges:
            return {**env, cond.var: YES if truth else NO}
        return env

    def _compared(self, one: ir.Expr, op: str, other: ir.Expr, env: Env) -> Env:
        """`env` with the values of a local for which `one op other` may be true."""
        if not isinstance(one, ir.Read) or one.var not in self.ranges:
            return env
        known, against = self._read(one, env), self.values(other, env)
        if known is None or against is None:
            return env
        left = frozenset(v for v in known if any(OPERATORS[op](v, w) for w in against))
        return env if left == known else {**env, one.var: left}

    def _simple(self, expr: ir.Expr, env: Env) -> ir.Expr:
        """`expr` with what is known put in."""
        found = self.values(expr, env)
        if found is not None and len(found) == 1:
            return ir.Const(next(iter(found)))
        if isinstance(expr, ir.Read):
            return replace(expr, index=self._simple(expr.index, env))
        if isinstance(expr, ir.Unary):
            return replace(expr, operand=self._simple(expr.operand, env))
        if isinstance(expr, ir.Binary):
            return replace(expr, left=self._simple(expr.left, env), right=self._simple(expr.right, env))
        if isinstance(expr, ir.Ite):
            cond = self._simple(expr.cond, env)
            if isinstance(cond, ir.Const):
                return self._simple(expr.then if cond.value else expr.other, env)
            return ir.Ite(cond, self._simple(expr.then, env), self._simple(expr.other, env))
        return expr


def _few(values: frozenset[int]) -> Values:
    return values if len(values) <= MOST else None


def joined_envs(one: Env, other: Env) -> Env:
    """Either of both."""
    if one is other:
        return one
    joined: Env = {}
    for name, values in one.items():
        more = other.get(name)
        if values is not None and more is not None:
            joined[name] = values if values is more else _few(values | more)
    return joined
