"""Does a program treat all real sizes of one layout alike?  Followed through all of its states.

Each block is cut at some offsets: 0 < CUT_1 < ... < CUT_n < BS, and every size of a run is a number of blocks and
one of these offsets, or a sum or difference of such.  The *gaps* between neighbouring cuts may have any length from 1
byte on.  In cells each of them is 1.  So a size is a form: its value in cells, and for each gap how
often it is in it (its `slope`): size = cells + slope_1 * (gap_1 - 1) + slope_2 * (gap_2 - 1) + ... .

A condition `form >= 0` has one outcome for all gaps if cells >= 0 and no slope is negative, or if cells < 0 and no
slope is positive (`lemma` asks z3).  `followed` makes a program in which each size has its slopes beside it and every
comparison, quotient and choice of the smaller one checks that, and searches it.  If no check fails, all
decisions, and so all steps and verdicts, are those of the program in cells: for every length of the gaps.

Two families of layouts: any gaps (`GAPS`), or all gaps of one length (`STEPS`: sizes in steps of a cell, larger).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

from ...base.errors import shown_path
from ...base.limits import GIB
from ...ir import program as ir
from ...search.options import SearchOptions
from ...verdict.api import Task, explored
from ...verdict.result import HOLDS, VIOLATED
from ..asking import ask
from .all_blocks import AllBlocks, Sized, Wide, statements
from .real_sizes import CUT, HOLDER, Unmeasured

GAPS, STEPS = "gaps", "steps"
ALIKE = "sizes_go_alike"
ONE, ZERO = ir.Const(1), ir.Const(0)
MEMORY = 2  # GiB that a search may take


@dataclass(frozen=True)
class FollowedSizes:
    """verdict: "alike", "otherwise" or "incomplete".  bound: of operations.  why: what depends on more than the layout."""

    verdict: str
    bound: int | None
    states: int = 0
    why: str = ""


@dataclass(frozen=True)
class _Form:
    """An expression in cells, its slopes (() for no size), and the condition under which it is the same in all layouts."""

    cells: ir.Expr
    slopes: tuple[ir.Expr, ...] = ()
    sound: ir.Expr = ONE


def followed(
    task: Task, every: AllBlocks, family: str, seconds: float, bound: int | None = None
) -> FollowedSizes:
    """Follow the sizes of `task` through its states.

    every: the task for all block sizes.  bound: of operations, if not the task's own.
    Raises Unmeasured for what is no sum, difference, comparison or rounding of sizes.
    """
    program = _Widened(every, family).program()
    if bound is not None and program.bound is not None:
        program = program.with_bound(min(bound, program.bound))
    alone = replace(task, program=program, shows=frozenset())
    result = explored(alone, SearchOptions(reductions=(), time_limit=seconds, memory=MEMORY * GIB))
    if result.stopped_by == "interrupt":
        raise KeyboardInterrupt
    if result.verdict == HOLDS:
        return FollowedSizes("alike", program.bound, result.states)
    if result.verdict == VIOLATED:
        pos = result.violation.trace.violation.pos
        why = f"{shown_path(pos.file)}:{pos.line}" if pos.line else result.violation.property
        return FollowedSizes("otherwise", program.bound, result.states, why)
    return FollowedSizes("incomplete", program.bound, result.states, f"limit: {result.stopped_by}")


def lemma(gaps: int, seconds: float = 5) -> bool:
    """Ask z3: is a form with cells >= 0 and no negative slope never negative, for all gaps of at least 1?"""
    import z3

    cells, slopes = z3.Int("cells"), [z3.Int(f"slope{i}") for i in range(gaps)]
    lengths = [z3.Int(f"gap{i}") for i in range(gaps)]
    products = [z3.Int(f"product{i}") for i in range(gaps)]
    solver = z3.Solver()
    solver.set("timeout", int(1000 * seconds))
    for slope, length, product in zip(slopes, lengths, products):
        one = z3.Solver()  # of two numbers that are not negative, neither is the product
        one.set("timeout", int(1000 * seconds))
        one.add(slope >= 0, length >= 1, slope * (length - 1) < 0)
        if ask(one) != z3.unsat:
            return False
        solver.add(z3.Implies(z3.And(slope >= 0, length >= 1), product >= 0), slope >= 0, length >= 1)
    solver.add(cells >= 0, cells + z3.Sum(products) < 0)
    return ask(solver) == z3.unsat


# ---------------------------------------------------- the program with its slopes


def given_sizes(every: AllBlocks) -> dict[str, int]:
    """Places of sizes that are given, in cells: of the scenario's constants, and of the cuts."""
    given = {f"{HOLDER}.{name}": value for name, value in every.real.sizes.items()}
    return given | {f"{HOLDER}.{CUT}{number}": number for number in range(1, every.cells)}


def sized_variables(every: AllBlocks) -> set[str]:
    """Names of the variables that hold sizes: what comes from a size is one, if it is no quotient and no condition."""
    program, given = every.program, given_sizes(every)
    bodies = [program.setup, *(block.body for process in program.processes for block in process.blocks)]
    stores = [s for body in bodies for s in statements(body) if isinstance(s, ir.Assign)]
    sized, before = {s.var for body in bodies for s in statements(body) if isinstance(s, Wide)}, None

    def is_size(expr: ir.Expr) -> bool:
        match expr:
            case ir.Read(var):
                return var in sized or var in given
            case ir.Unary("-", operand):
                return is_size(operand)
            case ir.Ite(_, then, other) | ir.Binary("+" | "-" | "*" | "%" | "min" | "max", then, other):
                return is_size(then) or is_size(other)
        return isinstance(expr, Sized)

    while before != len(sized):
        before = len(sized)
        sized |= {store.var for store in stores if is_size(store.value)}
    return sized


class _Widened:
    """Makes the program in which sizes have their slopes beside them.

    given: places of sizes that are fixed, in cells.  sized: variables that hold sizes.  chosen: the variable that is being
    chosen, and its slopes, which are not stored yet.
    """

    def __init__(self, every: AllBlocks, family: str) -> None:
        self.base = every.program
        self.cells, self.family = every.cells, family
        self.count = self.cells if family == GAPS else 1
        self.given, self.sized = given_sizes(every), sized_variables(every)
        self.most = 2 + max((v.type.hi for v in self.base.variables if v.name in self.sized), default=0)
        self.chosen: tuple[str, tuple[ir.Expr, ...]] = ("", ())
        self.pos = ir.NOWHERE

    def program(self) -> ir.Program:
        variables: list[ir.Variable] = []
        for one in self.base.variables:
            if one.name in self.given:
                continue
            variables.append(one)
            if one.name in self.sized:
                inits = [tuple(self._at(value)[j] for value in one.init) for j in range(self.count)]
                type_ = ir.int_type(-self.most, self.most)
                variables += [
                    replace(one, name=_name(one.name, j), type=type_, init=init) for j, init in enumerate(inits)
                ]
        processes = tuple(
            replace(p, blocks=tuple(self._block(b) for b in p.blocks)) for p in self.base.processes
        )
        return replace(
            self.base, variables=tuple(variables), processes=processes, properties=self._properties(),
            setup=self._body(self.base.setup), symmetric=(), digest="", by_name={},
        )  # fmt: skip

    def _at(self, cells: int) -> tuple[int, ...]:
        """Slopes of a position that is so many cells from the start of the file."""
        if self.family == STEPS:
            return (cells,)
        return tuple(cells // self.cells + (cells % self.cells >= j) for j in range(1, self.count + 1))

    def _block(self, block: ir.Block) -> ir.Block:
        self.pos = block.frames[-1].pos if block.frames else ir.NOWHERE
        guard = self.form(block.guard)
        body = (*self._sound(guard.sound), *self._body(block.body))
        live = block.live | {_name(n, j) for n in block.live & self.sized for j in range(self.count)}
        return replace(block, guard=_or_unsound(guard), body=body, live=live)

    def _properties(self) -> tuple[ir.Property, ...]:
        """Each property, for what is searched here need not be what was searched in cells; and that it is judged alike."""
        found = []
        for prop in self.base.properties:
            self.pos = prop.pos
            if prop.kind == "reachable":
                continue
            judged = [self.form(one.expr) for one in prop.instances]
            aims = [self.form(expr) for expr in prop.target]
            cells = tuple(replace(one, expr=form.cells, premise=None) for one, form in zip(prop.instances, judged))
            found.append(replace(prop, instances=cells, target=tuple(form.cells for form in aims), witness=""))
            kind = {"crash": "invariant", "leads_to": "invariant"}.get(prop.kind, prop.kind)
            sound = tuple(ir.Instantiation((), form.sound) for form in (*judged, *aims) if form.sound != ONE)
            if sound:
                name = f"{prop.name}@{ALIKE}"
                found.append(replace(prop, name=name, kind=kind, instances=sound, target=(), fair=(), witness=""))
        return tuple(found)

    # statements

    def _sound(self, condition: ir.Expr) -> tuple[ir.Stmt, ...]:
        if condition == ONE:
            return ()
        return (ir.Check(condition, ALIKE, "what is decided here depends on more than the layout of sizes", self.pos),)

    def _body(self, body: Sequence[ir.Stmt]) -> tuple[ir.Stmt, ...]:
        return tuple(one for statement in body for one in self._statement(statement))

    def _statement(self, statement: ir.Stmt) -> tuple[ir.Stmt, ...]:
        self.pos = getattr(statement, "pos", self.pos)
        match statement:
            case ir.Assign(var, index, value):
                return self._assign(statement, self._plain(index), self.form(value))
            case ir.If(cond, then, other):
                test = self.form(cond)
                arms = self._body(then), self._body(other)
                return (*self._sound(test.sound), replace(statement, cond=test.cells, then=arms[0], other=arms[1]))
            case ir.Check(cond):
                test = self.form(cond)
                return (*self._sound(test.sound), replace(statement, cond=test.cells))
            case ir.Choose():
                return self._choose(statement)
            case ir.Note(value=value):
                return (replace(statement, value=self.form(value).cells),)
        return (statement,)

    def _choose(self, statement: ir.Choose) -> tuple[ir.Stmt, ...]:
        """The choice; values for which it is not the same in all layouts whether they may be chosen are chosen, and found."""
        var, stores = statement.var, ()
        if var in self.sized:
            slopes = self._slopes_at(ir.Read(var)) if isinstance(statement, Wide) else (ZERO,) * self.count
            stores = tuple(ir.Assign(_name(var, j), ZERO, slope) for j, slope in enumerate(slopes))
            self.chosen = (var, slopes)
        test = self.form(statement.where)
        self.chosen = ("", ())
        choice = ir.Choose(var, statement.lo, statement.hi, _or_unsound(test), statement.pos)
        return (choice, *stores, *self._sound(test.sound))

    def _assign(self, statement: ir.Assign, index: _Form, value: _Form) -> tuple[ir.Stmt, ...]:
        var, slopes = statement.var, value.slopes
        sound = _both(index.sound, value.sound)
        if var not in self.sized:
            sound = reduce(_both, (_compare("==", slope, ZERO) for slope in slopes), sound)
            return (*self._sound(sound), replace(statement, index=index.cells, value=value.cells))
        slopes = slopes or (ZERO,) * self.count
        for slope in slopes:
            if not isinstance(slope, (ir.Const, ir.Read)):
                inside = _both(_compare("<=", slope, ir.Const(self.most)), _compare(">=", slope, ir.Const(-self.most)))
                sound = _both(sound, inside)
        stores = tuple(ir.Assign(_name(var, j), index.cells, slope) for j, slope in enumerate(slopes))
        return (*self._sound(sound), *stores, replace(statement, index=index.cells, value=value.cells))

    def _slopes_at(self, position: ir.Expr) -> tuple[ir.Expr, ...]:
        """Slopes of a position that is known when the program runs only."""
        if self.family == STEPS:
            return (position,)
        block = ir.Binary("//", position, ir.Const(self.cells))
        inside = ir.Binary("%", position, ir.Const(self.cells))
        return tuple(
            ir.Binary("+", block, _compare(">=", inside, ir.Const(j))) if j < self.cells else block
            for j in range(1, self.count + 1)
        )

    # expressions

    def _plain(self, expr: ir.Expr) -> _Form:
        """An expression that has to be no size."""
        form = self.form(expr)
        sound = reduce(_both, (_compare("==", slope, ZERO) for slope in form.slopes), form.sound)
        return _Form(form.cells, (), sound)

    def form(self, expr: ir.Expr) -> _Form:
        match expr:
            case Sized(value, blocks):
                return _Form(ir.Const(value), tuple(ir.Const(blocks * one) for one in self._at(self.cells)))
            case ir.Read(var) if var in self.given:
                position = self.given[var]
                return _Form(ir.Const(position), tuple(map(ir.Const, self._at(position))))
            case ir.Read(var, index, old):
                at = self._plain(index)
                if var == self.chosen[0]:
                    return _Form(expr, self.chosen[1])
                names = [_name(var, j) for j in range(self.count)] if var in self.sized else []
                slopes = tuple(ir.Read(name, at.cells, old) for name in names)
                return _Form(ir.Read(var, at.cells, old), slopes, at.sound)
            case ir.Unary(op, operand):
                inner = self.form(operand)
                slopes = tuple(_minus(ZERO, s) for s in inner.slopes) if op == "-" else ()
                return _Form(ir.Unary(op, inner.cells), slopes, inner.sound)
            case ir.Ite(cond, then, other):
                test, a, b = self.form(cond), self.form(then), self.form(other)
                slopes = tuple(_ite(test.cells, x, y) for x, y in self._pairs(a, b))
                return _Form(ir.Ite(test.cells, a.cells, b.cells), slopes, _both(test.sound, _ite(test.cells, a.sound, b.sound)))
            case ir.Binary(op, left, right):
                return self._binary(op, left, right)
        return _Form(expr)

    def _pairs(self, a: _Form, b: _Form) -> list[tuple[ir.Expr, ir.Expr]]:
        if not a.slopes and not b.slopes:
            return []
        nothing = (ZERO,) * self.count
        return list(zip(a.slopes or nothing, b.slopes or nothing))

    def _binary(self, op: str, left: ir.Expr, right: ir.Expr) -> _Form:
        a, b = self.form(left), self.form(right)
        cells, sound, pairs = ir.Binary(op, a.cells, b.cells), _both(a.sound, b.sound), self._pairs(a, b)
        if op in ir.LOGIC:
            return _Form(cells, (), _logic(op, a, b))
        if not pairs:
            return _Form(cells, (), sound)
        if op in ("+", "-"):
            return _Form(cells, tuple((_plus if op == "+" else _minus)(x, y) for x, y in pairs), sound)
        if op in ir.COMPARISONS:
            return _Form(cells, (), _both(sound, self._decided(op, a, b, pairs)))
        if op in ("min", "max"):
            first = _first(op, a.cells, b.cells, pairs)
            slopes = tuple(_ite(first, x, y) for x, y in pairs)
            return _Form(cells, slopes, _both(sound, self._decided("<=", a, b, pairs, either=True)))
        if op == "*" and isinstance(right, Sized) and not a.slopes:
            return _Form(cells, tuple(_times(a.cells, slope.value) for slope in b.slopes), sound)
        if op == "*" and isinstance(right, ir.Const) and not isinstance(right, Sized):
            return _Form(cells, tuple(_times(slope, right.value) for slope in a.slopes), sound)
        if op in ("//", "%") and isinstance(right, Sized) and right.value == right.blocks * self.cells:
            return self._rounded(op, a, right, sound)
        raise Unmeasured(f"{self.pos.file}:{self.pos.line}: sizes are combined by `{op}`")

    def _rounded(self, op: str, a: _Form, unit: Sized, sound: ir.Expr) -> _Form:
        """quotient * unit <= size < (quotient + 1) * unit, for all gaps."""
        quotient = ir.Binary("//", a.cells, ir.Const(unit.value))
        each = [unit.blocks * one for one in self._at(self.cells)]
        slopes = a.slopes or (ZERO,) * self.count
        rest = tuple(_minus(slope, _times(quotient, one)) for slope, one in zip(slopes, each))
        for slope, one in zip(rest, each):
            sound = _both(sound, _both(_compare(">=", slope, ZERO), _compare("<=", slope, ir.Const(one))))
        if op == "//":
            return _Form(quotient, (), sound)
        return _Form(ir.Binary("%", a.cells, ir.Const(unit.value)), rest, sound)

    def _decided(
        self, op: str, a: _Form, b: _Form, pairs: list[tuple[ir.Expr, ir.Expr]], either: bool = False
    ) -> ir.Expr:
        """Has the comparison one outcome for all gaps?  either: or are both sides equal as they are, where no matter."""
        falls, rises = _never(">", pairs), _never("<", pairs)
        same = _both(falls, rises)
        less, more = ir.Binary("<", a.cells, b.cells), ir.Binary(">", a.cells, b.cells)
        if op in ("==", "!="):
            return _ite(less, falls, _ite(more, rises, same))
        if either:
            return _ite(less, falls, _ite(more, rises, ir.Binary("or", falls, rises)))
        if op in ("<", ">="):
            return _ite(less, falls, rises)
        return _ite(more, rises, falls)


def _or_unsound(test: _Form) -> ir.Expr:
    """A condition that is true as well where it is not the same in all layouts, so that a check behind it sees that."""
    return test.cells if test.sound == ONE else ir.Binary("or", test.cells, ir.Unary("not", test.sound))


def _never(op: str, pairs: Sequence[tuple[ir.Expr, ir.Expr]]) -> ir.Expr:
    """Is no slope of one side greater (less) than the other's?"""
    return reduce(_both, (_compare({">": "<=", "<": ">="}[op], x, y) for x, y in pairs))


def _first(op: str, a: ir.Expr, b: ir.Expr, pairs: Sequence[tuple[ir.Expr, ir.Expr]]) -> ir.Expr:
    """Is the first of two sizes the smaller (greater) one?  Where both have the same number of cells, slopes say it."""
    better, worse, beaten = ("<", ">", ">") if op == "min" else (">", "<", "<")
    same = ir.Binary("and", ir.Unary("not", ir.Binary(worse, a, b)), _never(beaten, pairs))
    return ir.Binary("or", ir.Binary(better, a, b), same)


def _name(var: str, gap: int) -> str:
    return f"{var}@{gap + 1}"


def _logic(op: str, a: _Form, b: _Form) -> ir.Expr:
    """Is `a op b` the same in all layouts?  One side that decides it is enough."""
    if a.sound == b.sound == ONE:
        return ONE
    decides = (lambda f: ir.Unary("not", f.cells)) if op == "and" else (lambda f: f.cells)
    alone = ir.Binary("or", ir.Binary("and", a.sound, decides(a)), ir.Binary("and", b.sound, decides(b)))
    return ir.Binary("or", ir.Binary("and", a.sound, b.sound), alone)


def _both(a: ir.Expr, b: ir.Expr) -> ir.Expr:
    if a == ONE or b == ZERO:
        return b
    return a if b == ONE or a == ZERO or a == b else ir.Binary("and", a, b)


def _ite(test: ir.Expr, then: ir.Expr, other: ir.Expr) -> ir.Expr:
    return then if then == other else ir.Ite(test, then, other)


def _compare(op: str, a: ir.Expr, b: ir.Expr) -> ir.Expr:
    if isinstance(a, ir.Const) and isinstance(b, ir.Const):
        return ir.Const(int({"==": a.value == b.value, "<=": a.value <= b.value, ">=": a.value >= b.value}[op]))
    return ir.Binary(op, a, b)


def _plus(a: ir.Expr, b: ir.Expr) -> ir.Expr:
    if isinstance(a, ir.Const) and isinstance(b, ir.Const):
        return ir.Const(a.value + b.value)
    return a if b == ZERO else b if a == ZERO else ir.Binary("+", a, b)


def _minus(a: ir.Expr, b: ir.Expr) -> ir.Expr:
    if isinstance(a, ir.Const) and isinstance(b, ir.Const):
        return ir.Const(a.value - b.value)
    return a if b == ZERO else ZERO if a == b else ir.Binary("-", a, b)


def _times(a: ir.Expr, number: int) -> ir.Expr:
    if isinstance(a, ir.Const):
        return ir.Const(a.value * number)
    return a if number == 1 else ir.Binary("*", a, ir.Const(number))
