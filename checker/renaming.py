"""Renaming identities in the text of a program: what symmetry rests on (`reduce/symmetry.md`).

A permutation of the identities of a class acts on states: what belongs to identity k moves to the place of
order[k], and values that name k name order[k].  It acts on the text in the same way, if every expression
has a *sort*: what its value stands for.  A text in which each sort stands where it is wanted takes the moved
state to the moved successor.  If it is the same text as before, up to the order of operands and of statements
that do not touch the same variables, the permutation is an automorphism of the program.

What has no sort under which all this is so is no identity: the class is `Off`, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from . import ir
from .granules import statements
from .slots import Slots
from .visibility import reads

State = tuple[int, ...]  # flat: see `checker.slots`
Carrier = str | int  # what has identities: a struct, by its name, or a process, by its index


@dataclass(frozen=True)
class Class:
    """`size` interchangeable identities: instances of the processes with the indices `processes` and of the
    structs `structs`."""

    size: int
    processes: tuple[int, ...]
    structs: tuple[str, ...]

    def name(self, program: ir.Program) -> str:
        return self.structs[0] if self.structs else program.processes[self.processes[0]].name


class Off(Exception):
    """The identities are not seen to be interchangeable; the text says why."""


class Joins(Exception):
    """They may be, if those of `carrier` belong to them."""

    def __init__(self, carrier: Carrier) -> None:
        super().__init__(carrier)
        self.carrier = carrier


@dataclass(frozen=True)
class Sort:
    """What a value stands for.  kind: "number"; "ref", 0 or 1 + an instance of the struct `of`; "index", an
    instance of the struct or process `of`; "owner", 0 or a process number; "process", a process number - 1."""

    kind: str
    of: Carrier = ""


NUMBER, OWNER, PROCESS = Sort("number"), Sort("owner"), Sort("process")


@dataclass(frozen=True)
class Split:
    """An index that is high * stride + low."""

    high: Sort | Split
    stride: int
    low: Sort


def sort_of_value(variable: ir.Variable) -> Sort:
    """What the elements of a variable stand for."""
    if variable.type.kind == "ref":
        return Sort("ref", variable.type.name)
    return OWNER if variable.type.kind == "owner" else NUMBER


def sort_of_index(program: ir.Program, variable: ir.Variable) -> Sort | Split:
    """What the index of a variable stands for."""
    instances = dict(program.structs).get(variable.struct, 0)
    high, inside = Sort("index", variable.struct), variable.count
    if variable.process is not None or not instances:
        return NUMBER
    if variable.lock == "readers":  # of each lock a flag for each process
        inside //= variable.per
    if inside % instances:
        return NUMBER
    if inside > instances:
        high = Split(high, inside // instances, NUMBER)
    return Split(high, variable.per, PROCESS) if variable.lock == "readers" else high


class Renaming:
    """The permutation that puts identity k of `one` in the place of order[k]."""

    def __init__(self, program: ir.Program, one: Class, order: Sequence[int]) -> None:
        self.program, self.one, self.order = program, one, order
        self.owners: dict[int, int] = {}
        for index in one.processes:
            first = program.first_self(program.processes[index])
            self.owners.update({first + k: first + order[k] for k in range(one.size)})

    def moves(self, sort: Sort | Split) -> bool:
        """Are values of this sort renamed?"""
        if isinstance(sort, Split):
            return self.moves(sort.high) or self.moves(sort.low)
        if sort.kind in ("ref", "index"):
            return sort.of in self.one.structs or sort.of in self.one.processes
        return sort.kind != "number" and bool(self.one.processes)

    def value(self, value: int, sort: Sort | Split) -> int:
        """A value that names the place to which what `value` names has moved."""
        if isinstance(sort, Split):
            high, low = divmod(value, sort.stride)
            return self.value(high, sort.high) * sort.stride + self.value(low, sort.low)
        if not self.moves(sort):
            return value
        less = {"ref": 1, "process": -1}.get(sort.kind, 0)
        if sort.kind in ("owner", "process"):
            return self.owners.get(value - less, value - less) + less
        return self.order[value - less] + less if 0 <= value - less < len(self.order) else value

    def state(self, state: State, slots: Slots) -> State:
        """The flat state in which every identity has moved: the definition, variable by variable."""
        result, processes = list(state), self.program.processes
        numbers = {process.name: index for index, process in enumerate(processes)}
        for index, process in enumerate(processes):
            for k in range(process.instances):
                result[slots.pc(index, self._instance(index, k))] = state[slots.pc(index, k)]
        for variable in self.program.variables:
            index = numbers.get(variable.process or "", -1)
            value, element = sort_of_value(variable), sort_of_index(self.program, variable)
            for k in range(processes[index].instances if index >= 0 else 1):
                for number in range(variable.count):
                    target = slots.at(variable.name, self.value(number, element), self._instance(index, k))
                    result[target] = self.value(state[slots.at(variable.name, number, k)], value)
        return tuple(result)

    def _instance(self, process: int, k: int) -> int:
        return self.order[k] if process in self.one.processes else k


def identities_at(program: ir.Program, one: Class, sort: Sort | Split, index: int) -> list[int]:
    """The identities of a class that an index of this sort names."""
    if isinstance(sort, Split):
        high, low = divmod(index, sort.stride)
        return identities_at(program, one, sort.high, high) + identities_at(program, one, sort.low, low)
    if sort.kind == "index" and (sort.of in one.structs or sort.of in one.processes):
        return [index]
    firsts = [program.first_self(program.processes[p]) for p in one.processes] if sort.kind == "process" else []
    return [index + 1 - first for first in firsts if 0 <= index + 1 - first < one.size]


# --------------------------------------------------------------------------- the text


class Text:
    """The program's text in a normal form, as it is and with identities renamed."""

    def __init__(self, renaming: Renaming) -> None:
        self.renaming, self.program = renaming, renaming.program
        self.index_sorts = {v.name: sort_of_index(self.program, v) for v in self.program.variables}
        self.process: int | None = None  # whose step it is
        self.renames = self.sorts = True
        self.changed = False  # has anything been renamed?

    def keeps(self, process: int, block: ir.Block) -> bool:
        """Is the block the same when it is renamed?  Raises Off and Joins."""
        self.process = process
        self.changed, self.sorts = False, False
        self._block(block, True)
        self.sorts = True
        return not self.changed or self._block(block, False) == self._block(block, True)

    def keeps_property(self, prop: ir.Property) -> bool:
        """Do the instantiations say the same when they are renamed?  Raises Off and Joins."""
        self.process, self.sorts = None, True
        return self._property(prop, False) == self._property(prop, True)

    def _block(self, block: ir.Block, renames: bool) -> tuple:
        self.renames = renames
        return self.form(block.guard, NUMBER), self._body(block.body)

    def _property(self, prop: ir.Property, renames: bool) -> list[str]:
        self.renames = renames
        judged = ([e for e in (one.expr, one.premise) if e is not None] for one in prop.instances)
        return sorted(repr([self.form(expr, NUMBER) for expr in exprs]) for exprs in judged)

    # ---- expressions

    def form(self, expr: ir.Expr, want: Sort) -> tuple:
        """The normal form of `expr`, renamed if `renames`, of which a value of sort `want` is wanted."""
        moves, got = self.renaming.moves, self._sort(expr)
        if got is not None and got.kind == want.kind and moves(got) != moves(want):
            raise Joins(want.of if moves(got) else got.of)
        if isinstance(expr, ir.Const):
            return ("const", self._value(expr.value, want))
        if isinstance(expr, ir.Ite):
            return ("ite", self.form(expr.cond, NUMBER), self.form(expr.then, want), self.form(expr.other, want))
        if isinstance(expr, ir.Binary) and moves(want) and (inner := _inner(expr, want)):
            return (expr.op, self.form(expr.left, inner), ("const", 1))
        if not self._fits(got, want):
            raise Off("made from a number" if moves(want) else "used as a number")
        if isinstance(expr, ir.Read):
            variable = self.program.variable(expr.var)
            return ("read", expr.var, self._index(expr.index, variable), expr.old)
        if isinstance(expr, ir.Unary):
            return (expr.op, self.form(expr.operand, NUMBER))
        if isinstance(expr, ir.Binary):
            return self._binary(expr)
        return (type(expr).__name__,)

    def _fits(self, got: Sort | None, want: Sort) -> bool:
        """May what stands for `got` stand where `want` is wanted?"""
        if got is None:  # the number of a process that is not renamed
            return want == OWNER or not self.renaming.moves(want)
        return got.kind == want.kind or not (self.renaming.moves(got) or self.renaming.moves(want))

    def _binary(self, expr: ir.Binary) -> tuple:
        want = NUMBER
        if expr.op in ("==", "!="):
            want = next((s for s in map(self._sort, (expr.left, expr.right)) if s and self.renaming.moves(s)), NUMBER)
        sides = [self.form(side, want) for side in (expr.left, expr.right)]
        if self.sorts and expr.op in ASSOCIATIVE:
            sides = [part for side in sides for part in (side[1:] if side[0] == expr.op else (side,))]
        return (expr.op, *(sorted(sides, key=repr) if self.sorts and expr.op in COMMUTATIVE else sides))

    def _sort(self, expr: ir.Expr) -> Sort | None:
        """What the value of `expr` stands for; None if that depends on what is wanted."""
        if isinstance(expr, ir.Const):
            return None
        if isinstance(expr, ir.Read):
            return sort_of_value(self.program.variable(expr.var))
        if isinstance(expr, ir.Self):  # of a process that is not renamed: as good a number as any
            return OWNER if self.process in self.renaming.one.processes else None
        if isinstance(expr, ir.Instance):
            return Sort("index", self.process)
        if isinstance(expr, ir.Ite):
            return self._sort(expr.then) or self._sort(expr.other)
        if isinstance(expr, ir.Binary) and expr.op in STEPS and expr.right == ir.Const(1):
            left = self._sort(expr.left)
            if left and (expr.op, left.kind) in STEPPED:
                return Sort(STEPPED[expr.op, left.kind], left.of)
        return NUMBER

    def _value(self, value: int, sort: Sort | Split) -> int:
        renamed = self.renaming.value(value, sort)
        self.changed |= renamed != value
        return renamed if self.renames else value

    def _index(self, expr: ir.Expr, variable: ir.Variable) -> tuple:
        """The normal form of an index of the variable."""
        sort = self.index_sorts[variable.name]
        if isinstance(expr, ir.Const) and self.renaming.moves(sort) and not 0 <= expr.value < variable.count:
            raise Off(f"{variable.name} has no element {expr.value}")
        return self._place(expr, sort)

    def _place(self, expr: ir.Expr, sort: Sort | Split) -> tuple:
        if isinstance(sort, Sort):
            return self.form(expr, sort)
        if isinstance(expr, ir.Const):
            return ("const", self._value(expr.value, sort))
        parts = _parts(expr, sort.stride)
        if parts is not None:
            return ("place", self._place(parts[0], sort.high), self._place(parts[1], sort.low))
        if self.renaming.moves(sort):
            raise Off("reached by an index that is not seen to be its own")
        return self.form(expr, NUMBER)

    # ---- statements

    def _body(self, body: tuple[ir.Stmt, ...]) -> list[tuple]:
        """The statements in order; of neighbours that could as well change places, the lesser one first."""
        lines = [self._statement(one) for one in body]
        if not self.sorts:
            return lines
        touched = [_touched(self.program, one) for one in body]
        for end in range(len(lines) - 1, 0, -1):
            for at in range(end):
                if repr(lines[at + 1]) < repr(lines[at]) and _independent(touched[at], touched[at + 1]):
                    lines[at : at + 2] = lines[at + 1], lines[at]
                    touched[at : at + 2] = touched[at + 1], touched[at]
        return lines

    def _statement(self, one: ir.Stmt) -> tuple:
        if isinstance(one, ir.Assign):
            variable = self.program.variable(one.var)
            return ("assign", one.var, self._index(one.index, variable), self.form(one.value, sort_of_value(variable)))
        if isinstance(one, ir.If):
            return ("if", self.form(one.cond, NUMBER), self._body(one.then), self._body(one.other))
        if isinstance(one, ir.Check):
            return ("check", self.form(one.cond, NUMBER), one.name, one.message)
        if isinstance(one, ir.Choose):
            return ("choose", one.var, self._choices(one), self.form(one.where, NUMBER))
        return ("note",) if isinstance(one, ir.Note) else (repr(one),)

    def _choices(self, one: ir.Choose) -> tuple[int, ...]:
        """Every value of a choice has a run: their order does not matter."""
        sort = sort_of_value(self.program.variable(one.var))
        if not self.renaming.moves(sort):
            return one.lo, one.hi
        chosen = range(one.lo, one.hi + 1)
        self.changed |= {self.renaming.value(value, sort) for value in chosen} != set(chosen)
        return tuple(sorted(self.renaming.value(value, sort) if self.renames else value for value in chosen))


STEPPED = {("-", "ref"): "index", ("-", "owner"): "process", ("+", "index"): "ref", ("+", "process"): "owner"}
STEPS = ("+", "-")
COMMUTATIVE = ("+", "*", "min", "max", "==", "!=", "and", "or")
ASSOCIATIVE = ("+", "*", "min", "max", "and", "or")


def _inner(expr: ir.Binary, want: Sort) -> Sort | None:
    """What must stand left of "+ 1" or "- 1" so that the whole is what is wanted; None if it is neither."""
    if expr.right != ir.Const(1):
        return None
    return next((Sort(kind, want.of) for (op, kind), made in STEPPED.items() if (op, made) == (expr.op, want.kind)), None)


def _parts(expr: ir.Expr, stride: int) -> tuple[ir.Expr, ir.Expr] | None:
    """`high` and `low` of an index high * stride + low, as lowering writes it; None if it is not seen to be one."""
    if stride == 1:
        return expr, ir.Const(0)
    if isinstance(expr, ir.Binary) and (expr.op, expr.right) == ("*", ir.Const(stride)):
        return expr.left, ir.Const(0)
    if isinstance(expr, ir.Binary) and expr.op in STEPS and isinstance(expr.right, ir.Const) and expr.left == ir.Self():
        high, rest = divmod(expr.right.value * (1 if expr.op == "+" else -1) + 1, stride)
        if rest == 0:  # the flag of the process itself, of a lock that is known
            return ir.Const(high), ir.Binary("-", ir.Self(), ir.Const(1))
    if isinstance(expr, ir.Binary) and expr.op == "+" and isinstance(expr.left, ir.Binary):
        if (expr.left.op, expr.left.right) == ("*", ir.Const(stride)):
            return expr.left.left, expr.right
    return None


Cell = tuple[str, int | None]  # a variable, and the element if it is known


def _touched(program: ir.Program, one: ir.Stmt) -> tuple[set[Cell], set[Cell]]:
    """What a statement reads, and writes; a statement that may end the block, or forks it, touches all."""
    read: set[Cell] = set()
    written: set[Cell] = set()
    for part in statements((one,)):
        if not isinstance(part, (ir.Assign, ir.If, ir.Note)):
            return {("", None)}, {("", None)}
        if isinstance(part, ir.Assign):
            written.add(_cell(program, part))
        exprs = [part.index, part.value] if isinstance(part, ir.Assign) else [part.cond] if isinstance(part, ir.If) else []
        read |= {_cell(program, found) for expr in exprs for found in reads(expr)}
    return read, written


def _cell(program: ir.Program, one: ir.Read | ir.Assign) -> Cell:
    known = isinstance(one.index, ir.Const) and 0 <= one.index.value < program.variable(one.var).count
    return one.var, one.index.value if known else None


def _independent(one: tuple[set[Cell], set[Cell]], other: tuple[set[Cell], set[Cell]]) -> bool:
    return not (_meet(one[1], other[0] | other[1]) or _meet(other[1], one[0]))


def _meet(some: Iterable[Cell], others: set[Cell]) -> bool:
    return any(
        "" in (x[0], y[0]) or x[0] == y[0] and (x[1] is None or y[1] is None or x[1] == y[1]) for x in some for y in others
    )
