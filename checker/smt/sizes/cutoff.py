"""How far a verdict on a few cells per block holds for real sizes.

Three questions.  What does the model do with sizes?  They may be copied, compared, added and
subtracted, and rounded to blocks, pages and folios; a product of sizes, or a division by
anything else, is refused.  Do the cells of the scope suffice?  A layout of m sizes in a file
has a layout in cells in which every comparison of them has the same truth value, if a block has a
cell for each of them and one more: z3 proves that, for every block size and all offsets.  And does
this program decide nothing by more than that?  Its sums and differences are followed through
all of its states (`alike`).
"""

from __future__ import annotations

import pickle
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...base import disk_cache
from ...base.errors import ModelError, Problem
from ...ir.program import (
    COMPARISONS, NOWHERE, Assign, Binary, Check, Choose, Const, Expr, Goto, If, Ite, Note, Pos, Process, Program,
    Read, Stmt, Unary,
)  # fmt: skip
from ...verdict.api import Task
from ..asking import ask
from .alike import FIRST, GAPS, STEPS, FollowedSizes, followed, in_blocks_of, lemma
from .real_sizes import HOLDER, LEAST_BLOCK, RealProgram, Unmeasured, measure_of

PLAIN, COUNT, SIZE = 0, 1, 2  # a value: no size; a number of blocks, pages or folios; a size in bytes
BLOCK_SIZES = [1 << shift for shift in range(9, 17)]
LLONG_MAX = (1 << 63) - 1
SECONDS = 5  # for the whole proof
FOLLOWING = 10  # seconds in which sizes are followed
MOST_STATES = 2_000_000  # beyond which they are followed through few operations
FEW = 2  # operations through which they are followed if all take too long


@dataclass(frozen=True)
class Comparison:
    """A comparison that the model makes of sizes, and where."""

    op: str
    pos: Pos


@dataclass(frozen=True)
class Cutoff:
    """What is known of sizes.

    comparisons: that the model makes of them.  units: what they are rounded to, in blocks.
    free: sizes that a run may have; cells: in a block of the scope.  constants: the sizes that the
    scenario fixes.  verdict: "proved", "too few" cells, "steps" (what `why` names depends on more than the
    order of sizes), "cells" (nothing is known of real sizes) or "incomplete"; why: for the last three.
    elsewhere: a scenario in which all sizes are free.  followed: operations up to which sizes were
    followed, if not as many as were searched; states: in which they were.
    """

    comparisons: tuple[Comparison, ...]
    units: tuple[int, ...]
    free: int
    cells: int
    constants: dict[str, int]
    verdict: str
    why: str = ""
    elsewhere: str = ""
    followed: int | None = None
    states: int = 0

    def sentence(self) -> str:
        """The part of the verdict that speaks of sizes; "" if the model compares none."""
        if not self.comparisons:
            return ""
        if self.verdict == "incomplete":
            return f"sizes: not decided: {self.why}"
        if self.verdict == "cells":
            return f"sizes: in cells only: {self.why}"
        through = f"followed through {self.states:,} states"
        if self.followed is not None:
            through += f", of up to {self.followed} operations only"
        through += "; no file is longer than the scope's"
        if self.verdict in ("too few", "steps"):
            return f"sizes: {self._steps()} ({through})"
        compared = f"{len(self.comparisons)} comparisons of {self.free} free sizes"
        if self.constants:
            fixed = ", ".join(f"{name} = {value}" for name, value in self.constants.items())
            return f"sizes: for every block size, and byte offsets in the order of {fixed} cells ({compared}, {through})"
        return f"sizes: for every block size and byte offset ({compared}, {through})"

    def _steps(self) -> str:
        steps = f"steps of 1/{self.cells} block" if self.cells > 1 else "whole blocks"
        where = f"; for every byte offset: --scenario {self.elsewhere}" if self.elsewhere else ""
        if self.verdict == "too few":
            head = f"{self.cells} of {self.free + 1} cells per block; it holds for every block size, with these sizes in "
            return head + steps + where
        return f"for every block size, with these sizes in {steps}: {self.why} decides by more than their order{where}"


def cutoff(task: Task, seconds: float = SECONDS, large: bool = False) -> Cutoff:
    """What `task` says of real sizes; large: it has too many states to follow sizes through all of them.

    Raises ModelError for what the model does with sizes and this cannot judge, Unmeasured if the model
    does not say what its sizes are.
    """
    real = in_blocks_of(task, FIRST)
    used = Sizes(real)
    used.refuse()
    free, cells = used.free(task.program.bound), real.geometry.cells
    constants = {name: value for name, value in real.sizes.items() if value}
    comparisons = tuple(sorted(used.comparisons, key=lambda c: (c.pos.file, c.pos.line, c.op)))
    found = Cutoff(comparisons, tuple(sorted(used.units)), free, cells, constants, "too few", "", _elsewhere(task))
    if not comparisons:
        return found
    if cells > free:
        verdict, why = proved(free, cells, used.units, seconds)
        if verdict == "proved" and not lemma(cells):
            verdict, why = "incomplete", "z3 has no proof that forms keep their sign"
        if verdict == "proved" and (again := used.chosen_again()):
            verdict, why = "incomplete", f"{again} may choose a number of bytes more than once in an operation"
        found = replace(found, verdict=verdict, why=why)
    return _followed(found, task, real, large)


def _elsewhere(task: Task) -> str:
    """The scenario to run instead, in which sizes are free; "" if there is none of this system."""
    other = task.catalogue.scenarios.get(measure_of(task).free)
    return measure_of(task).free if other not in (None, task.scenario) and other.of is task.scenario.of else ""


def _followed(found: Cutoff, task: Task, real: RealProgram, large: bool) -> Cutoff:
    """What is left of `found` when sizes are followed through the states of the program; large: too many states."""
    if found.verdict == "incomplete":
        return found
    if found.verdict == "proved":
        run = _run(task, real, GAPS, large)
        if run.verdict != "otherwise":
            return _told(found, task, run)
        found = replace(found, verdict="steps", why=run.why)
    if found.cells & (found.cells - 1):
        return replace(found, verdict="cells", why=f"no block has {found.cells} equal parts")
    run = _run(task, real, STEPS, large)
    if run.verdict == "otherwise":
        return replace(found, verdict="cells", why=f"{run.why} decides by how many cells a block has")
    return _told(found, task, run)


def _run(task: Task, real: RealProgram, family: str, large: bool) -> FollowedSizes:
    """Sizes followed through all states, or through those of a few operations if that takes too long."""
    run = None if large else followed(task, real, family, FOLLOWING)
    if (run is None or run.verdict == "incomplete") and (task.program.bound or 0) > FEW:
        run = followed(task, real, family, FOLLOWING, FEW)
    return run or followed(task, real, family, FOLLOWING)


def _told(found: Cutoff, task: Task, run: FollowedSizes) -> Cutoff:
    if run.verdict == "incomplete":
        return replace(found, verdict="incomplete", why=f"sizes were not followed to the end ({run.why})")
    return replace(found, states=run.states, followed=None if run.bound == task.program.bound else run.bound)


def kept_cutoff(task: Task, states: int = 0) -> Cutoff:
    """As `cutoff`, from the disk if the same program was asked about before; states: that it has."""
    digest, large = task.program.digest, states > MOST_STATES
    if not digest:
        return cutoff(task, large=large)
    place = disk_cache.cache_dir() / (digest + ".sizes")
    kept = disk_cache.read(place)
    if kept is not None:
        return pickle.loads(kept)
    found = cutoff(task, large=large)
    if found.verdict != "incomplete":
        disk_cache.write(place, pickle.dumps(found))
    return found


class Sizes:
    """What a program in bytes does with sizes.

    kinds: of each variable.  comparisons, units: see Cutoff.  problems: what is refused.
    """

    def __init__(self, real: RealProgram) -> None:
        self.real, self.program = real, real.program
        self.kinds: dict[str, int] = {v.name: SIZE if v.struct == HOLDER else PLAIN for v in self.program.variables}
        self.problems: dict[tuple[str, int, str], Problem] = {}
        self.comparisons: set[Comparison] = set()
        self.units: set[int] = {1}
        self.pos = NOWHERE
        for self.final in (False, True):
            before = None
            while before != self.kinds:
                before = dict(self.kinds)
                self._everything()

    def refuse(self) -> None:
        if self.problems:
            raise ModelError(self.problems.values())

    # the program, statement by statement

    def _everything(self) -> None:
        self._body(self.program.setup)
        for process in self.program.processes:
            for block in process.blocks:
                self.pos = block.frames[-1].pos if block.frames else NOWHERE
                self.kind(block.guard)
                self._body(block.body)
        for prop in self.program.properties:
            self.pos = prop.pos
            for one in prop.instances:
                self.kind(one.expr)

    def _body(self, statements: Sequence[Stmt]) -> None:
        for statement in statements:
            self.pos = getattr(statement, "pos", self.pos)
            match statement:
                case Assign(var, index, value):
                    self._index(var, index)
                    self._becomes(var, self.kind(value))
                case If(cond, then, other):
                    self.kind(cond)
                    self._body(then)
                    self._body(other)
                case Choose(var, lo, hi, where):
                    self._becomes(var, SIZE if hi - lo >= LEAST_BLOCK else PLAIN)
                    self.kind(where)
                case Check(cond):
                    self.kind(cond)
                case Note():
                    pass

    def _becomes(self, var: str, kind: int) -> None:
        self.kinds[var] = max(self.kinds[var], kind)

    def _index(self, var: str, index: Expr) -> None:
        if self.kind(index) == SIZE:
            self._problem(f"an element of {var} is named by a size")

    def _problem(self, text: str) -> None:
        if self.final:
            remedy = "Sizes are copied, compared, added, subtracted, and rounded to blocks, pages and folios."
            key = (self.pos.file, self.pos.line, text)
            self.problems.setdefault(key, Problem(self.pos.file, self.pos.line, "size", text, remedy))

    # expressions

    def kind(self, expr: Expr) -> int:
        """Is an expression a size, a number of blocks, pages or folios, or neither?"""
        match expr:
            case Read(var, index):
                self._index(var, index)
                return self.kinds[var]
            case Unary("-", operand):
                if self.kind(operand):
                    self._problem("a size is negated")
                return self.kind(operand)
            case Unary(_, operand):
                self.kind(operand)
                return PLAIN
            case Ite(cond, then, other):
                self.kind(cond)
                return max(self.kind(then), self.kind(other))
            case Binary(op, left, right):
                return self._binary(op, left, right)
        return PLAIN

    def _binary(self, op: str, left: Expr, right: Expr) -> int:
        a, b = self.kind(left), self.kind(right)
        if op in COMPARISONS:
            if max(a, b):
                self.comparisons.add(Comparison(op, self.pos))
            return PLAIN
        if op in ("and", "or"):
            return PLAIN
        if op in ("+", "-", "min", "max") or not max(a, b):
            return max(a, b)
        if not isinstance(right, Const) or (op == "*" and a == SIZE and right.value != 1):
            self._problem(f"sizes are combined by `{op}`")
            return SIZE
        if op == "*":
            return SIZE if right.value % self.real.geometry.block == 0 else a
        return self._rounded(op, a, right.value)

    def _rounded(self, op: str, kind: int, divisor: int) -> int:
        """`size // divisor` or `size % divisor`."""
        block = self.real.geometry.block
        if kind == SIZE:
            if divisor % block:
                self._problem(f"a size is divided by {divisor}, which is no number of blocks")
            self.units.add(max(1, divisor // block))
        return COUNT if op == "//" else kind

    # how many there are

    def free(self, bound: int | None) -> int:
        """The sizes that a run may have: those of the initial state, and those that operations bring."""
        brought = []
        for process in self.program.processes:
            most = max((len(set(self._sources(block.body))) for block in process.blocks), default=0)
            brought += [most] * process.instances
        initial = len(set(self._sources(self.program.setup)))
        each = max(brought, default=0) * bound if bound is not None else sum(brought)
        return max(1, initial + each)

    def chosen_again(self) -> str:
        """A step that chooses a number of bytes and can come again in the same operation; "" if there is none."""
        for process in self.program.processes:
            for block in process.blocks:
                wide = any(isinstance(s, Choose) and s.hi - s.lo >= LEAST_BLOCK for s in _statements(block.body))
                if wide and process.kind == "thread" and block.label in _after(process, block.label):
                    return block.call.name
        return ""

    def _sources(self, statements: Sequence[Stmt]) -> Iterator[Any]:
        """Where sizes come from: a fixed one that is not zero in the scope, or a choice."""
        for statement in statements:
            match statement:
                case If(cond, then, other):
                    yield from self._fixed(cond, statement.pos)
                    yield from self._sources(then)
                    yield from self._sources(other)
                case Choose(lo=lo, hi=hi) if hi - lo >= LEAST_BLOCK:
                    yield statement.pos
                case Assign(value=value) | Check(cond=value):
                    yield from self._fixed(value, statement.pos)

    def _fixed(self, expr: Expr, pos: Pos) -> Iterator[Pos]:
        for read in _reads(expr):
            prefix, _, name = read.partition(".")
            if prefix == HOLDER and self.real.sizes.get(name):
                yield pos


def _after(process: Process, label: int) -> set[int]:
    """Labels that come after `label` before another operation starts."""
    found: set[int] = set()
    queue = [label]
    while queue:
        block = process.blocks[queue.pop()]
        for statement in _statements(block.body):
            if isinstance(statement, Goto) and statement.label not in found:
                if not process.blocks[statement.label].starts:
                    found.add(statement.label)
                    queue.append(statement.label)
    return found


def _statements(body: Sequence[Stmt]) -> Iterator[Stmt]:
    for statement in body:
        yield statement
        if isinstance(statement, If):
            yield from _statements(statement.then + statement.other)


def _reads(expr: Expr) -> Iterator[str]:
    match expr:
        case Read(var, index):
            yield var
            yield from _reads(index)
        case Unary(_, operand):
            yield from _reads(operand)
        case Binary(_, left, right):
            yield from _reads(left)
            yield from _reads(right)
        case Ite(cond, then, other):
            for inner in (cond, then, other):
                yield from _reads(inner)


# ------------------------------------------------------------------- the theorem


def proved(free: int, cells: int, units: set[int] | frozenset[int], seconds: float = SECONDS) -> tuple[str, str]:
    """Does every layout of `free` sizes have one in blocks of so many cells, with the same truth value
    of every comparison?  "proved", "too few" or "incomplete", and why.

    units: what sizes are rounded to, in blocks.  A size is block * q + r; in cells it is cells * q plus the
    rank of r among the offsets of all sizes in their blocks.  Ranks depend on all sizes, comparisons are of two.
    """
    import z3

    end = time.monotonic() + seconds
    for block in BLOCK_SIZES:
        solver = z3.Solver()
        solver.set("timeout", max(1, int(1000 * (end - time.monotonic()))))
        wrong = _layout(z3, solver, free, cells, units, block)
        solver.add(z3.Or(*wrong))
        answer = ask(solver)
        if answer == z3.sat:
            return "too few", f"{free} sizes at different offsets in blocks of {block} bytes"
        if answer == z3.unknown or time.monotonic() > end:
            return "incomplete", f"z3 has no proof for blocks of {block} bytes within {seconds:g} s"
    return "proved", ""


def _layout(z3: Any, solver: Any, free: int, cells: int, units: Any, block: int) -> list[Any]:
    """Constrain `free` sizes; the ways in which their layout in cells may be wrong."""
    q, r = [z3.Int(f"q{i}") for i in range(free)], [z3.Int(f"r{i}") for i in range(free)]
    for i in range(free):
        solver.add(q[i] >= 0, r[i] >= 0, r[i] < block, q[i] * block + r[i] <= LLONG_MAX)

    def first(j: int) -> Any:
        """No size before j has the same offset in its block."""
        return z3.And(*(r[k] != r[j] for k in range(j)))

    def rank(i: int) -> Any:
        below = [z3.If(z3.And(r[j] > 0, r[j] < r[i], first(j)), 1, 0) for j in range(free)]
        return z3.If(r[i] == 0, 0, 1 + z3.Sum(below))

    ranks = [rank(i) for i in range(min(2, free))]
    wrong = [ranks[0] >= cells]

    def forms(i: int) -> list[tuple[Any, Any]]:
        """A size, rounded down and up to each unit: in bytes and in cells."""
        found = [(q[i] * block + r[i], q[i] * cells + ranks[i])]
        for unit in sorted(units):
            down = q[i] / unit
            whole = z3.And(q[i] % unit == 0, r[i] == 0)
            up = down + z3.If(whole, 0, 1)
            whole_in_cells = z3.And(q[i] % unit == 0, ranks[i] == 0)
            up_in_cells = down + z3.If(whole_in_cells, 0, 1)
            found += [(down * unit * block, down * unit * cells), (up * unit * block, up_in_cells * unit * cells)]
        return found

    for a, in_cells in forms(0):
        for b, other in forms(1) if free > 1 else forms(0):
            wrong += [(a < b) != (in_cells < other), (a == b) != (in_cells == other)]
    return wrong
