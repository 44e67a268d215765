"""The order in which locks are taken, read off the IR, as lockdep reads it off a running kernel."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, replace

import networkx

from ..base.errors import shown_path
from ..ir.interpreter import OPERATORS
from ..ir.program import (
    NOWHERE, Assign, Binary, Block, Check, Choose, Const, Expr, Fail, Goto, If, Ite, Pos, Process, Program, Read,
    Self, Stmt, Unary,
)  # fmt: skip
from ..trace.values import Names

FEW = 4  # values of a local that is followed
OVER_APPROXIMATION = (
    "A cycle is no deadlock yet. The order is read off the code, whatever the state is: there may be more in it than can "
    "happen, and locks of one class are taken for one lock. `check --property lock_order --property deadlock` tells what does."
)
MOST_PATHS = 200_000  # situations of a process, beyond which no locals are followed


@dataclass(frozen=True)
class Nesting:
    """While `held` (taken at `held_at`) is held, `process` waits for `taken` (at `taken_at`)."""

    held: str
    taken: str
    process: str
    held_at: Pos
    taken_at: Pos


def lock_order_graph(program: Program) -> networkx.MultiDiGraph:
    """Which lock is waited for while which other may be held, by classes of locks as lockdep's.

    Found in the IR, without looking at states, as `_Paths` says.  Taking a lock without
    waiting for it (a try) orders nothing.  Edges carry `nesting`.
    """
    graph = networkx.MultiDiGraph()
    names = {v.name: Names(program).variable(v) for v in program.variables}
    for process in program.processes:
        for nesting in sorted(_Paths(program, process).nestings(), key=str):
            held, taken = names[nesting.held], names[nesting.taken]
            graph.add_edge(held, taken, nesting=nesting)
    return graph


def lock_order_cycles(graph: networkx.MultiDiGraph) -> list[list[str]]:
    """Cycles of several locks, shortest first.  (A lock class nested in itself is no cycle:
    its instances may have an order.)"""
    cycles = networkx.simple_cycles(networkx.DiGraph((a, b) for a, b in graph.edges() if a != b))
    turned = [cycle[cycle.index(min(cycle)) :] + cycle[: cycle.index(min(cycle))] for cycle in cycles]
    return sorted(turned, key=lambda cycle: (len(cycle), cycle))


def lock_order_text(graph: networkx.MultiDiGraph) -> list[str]:
    """Lines: `held -> taken`, then who does it where; then the cycles, and what they do not say."""
    lines = []
    for held, taken in dict.fromkeys(graph.edges()):
        lines.append(f"{held} -> {taken}" + ("   (another of the same kind)" if held == taken else ""))
        for data in graph.get_edge_data(held, taken).values():
            nesting = data["nesting"]
            lines.append(f"    {nesting.process}: {_shown(nesting.held_at)}, then {_shown(nesting.taken_at)}")
    for cycle in lock_order_cycles(graph):
        lines.append("cycle: " + " -> ".join([*cycle, cycle[0]]))
    return [*lines, *textwrap.wrap(OVER_APPROXIMATION, 80)] if lock_order_cycles(graph) else lines


def _shown(pos: Pos) -> str:
    return f"{shown_path(pos.file)}:{pos.line}" if pos.line else "?"


# ------------------------------------------------------- paths through a process


@dataclass(frozen=True)
class _Path:
    """Where a process may be: the locks that it holds and where it took them, the values of
    its locals as far as they are known; and of the step at hand, the locks that it has taken
    and the conditions on locks that it has met, by number."""

    held: frozenset[tuple[str, Pos]] = frozenset()
    known: frozenset[tuple[str, int]] = frozenset()
    taken: frozenset[str] = frozenset()
    assumed: frozenset[tuple[int, int]] = frozenset()

    def knowing(self, local: str, value: int | None) -> _Path:
        others = frozenset(pair for pair in self.known if pair[0] != local)
        return replace(self, known=others if value is None else others | {(local, value)})


class _Paths:
    """The paths of one process through its blocks, whatever the shared state is.

    Flags and references among the locals are followed, and so is what a step sees of a lock,
    so that a branch on the result of a try, or on a reference that may be None, is taken
    only where it can be; everything else may have any value.  So there may be too many
    paths, never too few.
    """

    def __init__(self, program: Program, process: Process) -> None:
        self.process = process
        self.locks = {v.name for v in program.variables if v.lock}
        own = (v for v in program.variables if v.process == process.name and v.count == 1)
        few = (v for v in own if v.type.kind in ("bool", "ref") and v.type.hi - v.type.lo < FEW)
        self.few = {v.name: range(v.type.lo, v.type.hi + 1) for v in few}
        self._variables: dict[int, frozenset[str]] = {}  # what an expression reads, by its id
        self._numbers: dict[Expr, int] = {}  # of conditions that were assumed
        self._assumable: list[Expr] = []

    def nestings(self) -> set[Nesting]:
        found: set[Nesting] = set()
        seen = {(self.process.entry, _Path())}
        todo = list(seen)
        while todo:
            label, path = todo.pop()
            block = self.process.blocks[label]
            for target, after in self._ends(block, path):
                found |= self._nested(block, path, after)
                live = self.process.blocks[target].live
                one = target, _Path(after.held, frozenset(pair for pair in after.known if pair[0] in live))
                if one not in seen:
                    seen.add(one)
                    todo.append(one)
            if len(seen) > MOST_PATHS and self.few:
                self.few = {}
                return self.nestings()
        return found

    def _nested(self, block: Block, before: _Path, after: _Path) -> set[Nesting]:
        """The locks held `before` a block that waits for those which it takes."""
        waited = {_class(var) for var in self._reads(block.guard)}
        at = _place(block)
        return {
            Nesting(held, lock, self.process.name, where, at)
            for lock in after.taken & waited
            for held, where in before.held
        }

    def _ends(self, block: Block, path: _Path) -> set[tuple[int, _Path]]:
        """Where the block leads from `path`, and what is so then."""
        ends: set[tuple[int, _Path]] = set()
        at = _place(block)

        def run(statements: tuple[Stmt, ...], paths: set[_Path]) -> set[_Path]:
            for statement in statements:
                match statement:
                    case Assign():
                        paths = {q for p in paths for q in self._assigned(statement, p, at)}
                    case If(cond, then, other):
                        split = [pair for p in paths for pair in self._split(cond, p)]
                        yes, no = ({p for p, value in split if value == wanted} for wanted in (1, 0))
                        paths = run(then, yes) | run(other, no)
                    case Choose(var, lo, hi, where):
                        values = range(lo, hi + 1) if var in self.few else [None]
                        chosen = (
                            self._changed(p, var).knowing(var, value) for p in paths for value in values
                        )
                        paths = {q for p in chosen for q, value in self._split(where, p) if value}
                    case Check(cond):
                        paths = {q for p in paths for q, value in self._split(cond, p) if value}
                    case Goto(label):
                        ends.update((label, p) for p in paths)
                        return set()
                    case Fail():
                        return set()
            return paths

        run(block.body, {p for p, value in self._split(block.guard, path) if value})
        return ends

    def _assigned(self, statement: Assign, path: _Path, at: Pos) -> list[_Path]:
        var, value = statement.var, statement.value
        if var in self.few:
            known = self._value(value, path)
            if known is None and self._reads(value) & self.locks:
                return [self._changed(p, var).knowing(var, flag) for p, flag in self._split(value, path)]
            return [self._changed(path, var).knowing(var, known)]
        path = self._changed(path, var)
        if var not in self.locks:
            return [path]
        lock = _class(var)
        if isinstance(value, Self) or value == Const(1):  # its own number, or the flag of a shared lock
            return [replace(path, held=path.held | {(lock, at)}, taken=path.taken | {lock})]
        return [replace(path, held=frozenset(pair for pair in path.held if pair[0] != lock))]

    def _split(self, cond: Expr, path: _Path) -> list[tuple[_Path, int]]:
        """What becomes of `path` where `cond` is true and where it is false."""
        value = self._value(cond, path)
        if value is not None:
            return [(path, int(bool(value)))]
        known = dict(path.known)
        unknown = [var for var in self._reads(cond) if var in self.few and var not in known]
        if len(unknown) != 1:
            return [(self._assuming(path, cond, flag), flag) for flag in (0, 1)]
        local = unknown[0]
        narrowed = [path.knowing(local, one) for one in self.few[local]]
        return [pair for one in narrowed for pair in self._split(cond, one)]

    def _assuming(self, path: _Path, cond: Expr, value: int) -> _Path:
        """`path` where a condition on locks is true or false; other conditions are not kept."""
        if not self._reads(cond) & self.locks:
            return path
        number = self._numbers.setdefault(cond, len(self._numbers))
        if number == len(self._assumable):
            self._assumable.append(cond)
        return replace(path, assumed=path.assumed | {(number, value)})

    def _changed(self, path: _Path, var: str) -> _Path:
        """`path` without what was assumed of `var`, which changes."""
        if not path.assumed:
            return path
        valid = (pair for pair in path.assumed if var not in self._reads(self._assumable[pair[0]]))
        return replace(path, assumed=frozenset(valid))

    def _reads(self, expr: Expr) -> frozenset[str]:
        """The variables in an expression."""
        found = self._variables.get(id(expr))
        if found is None:
            found = self._variables[id(expr)] = frozenset(read.var for read in _reads(expr))
        return found

    def _value(self, expr: Expr, path: _Path) -> int | None:
        """The value of an expression, None if it is not known."""
        if path.assumed and (number := self._numbers.get(expr)) is not None:
            for assumed, value in path.assumed:
                if assumed == number:
                    return value
        match expr:
            case Const(value):
                return value
            case Read(var):
                return dict(path.known).get(var)
            case Unary(op, operand):
                value = self._value(operand, path)
                return None if value is None else int(not value) if op == "not" else -value
            case Binary(op, left, right):
                a, b = self._value(left, path), self._value(right, path)
                if op in ("and", "or") and int(op == "or") in (a, b):
                    return int(op == "or")
                return None if a is None or b is None else int(OPERATORS[op](a, b))
            case Ite(cond, then, other):
                decided = self._value(cond, path)
                sides = [self._value(side, path) for side in (then, other)]
                if decided is None:
                    return sides[0] if sides[0] == sides[1] else None
                return sides[0 if decided else 1]
        return None


def _class(variable: str) -> str:
    """The lock that a variable belongs to: who holds it shared stands beside its owner."""
    return variable.removesuffix(".readers")


def _place(block: Block) -> Pos:
    return block.frames[-1].pos if block.frames else NOWHERE


def _reads(expr: Expr) -> list[Read]:
    match expr:
        case Read():
            return [expr, *_reads(expr.index)]
        case Unary(_, operand):
            return _reads(operand)
        case Binary(_, left, right):
            return _reads(left) + _reads(right)
        case Ite(cond, then, other):
            return _reads(cond) + _reads(then) + _reads(other)
    return []
