"""Symmetry: which processes and which instances of structs are interchangeable, and how states are permuted.

A *class* is a set of identities 0..n-1: the instances of a process, those of a struct, or both,
where a process runs once for each instance of the struct.  The identities of a class are
interchangeable (a *scalarset*: Ip and Dill 1996) if the program uses them for nothing but equality, for
access to what is theirs, and for locks; then a state and the one in which two of them have
changed places have the same future, up to the same change.  What is looked at here:

* An owner, a reference, `Self` and `Instance` are compared with == and != only, and are stored only in
  variables of their own type.  Order and arithmetic disqualify the struct, or all processes.
* What the text says of one instance by its number it says of all: every block, every property and
  the set of initial states are the same after two numbers have changed places, up to the order of
  operands and of statements that do not touch the same variables.
* No identity holds a reference to another one.  Then sorting the identities by what is theirs, and by
  who refers to them, gives the same state for all states of an orbit.

A search needs to store one state of each orbit only.  Depths, deadlocks, violations and
witnesses stay what they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..ir import program as ir
from ..ir.slots import Slots
from .granules import statements
from .visibility import reads

State = tuple[int, ...]  # flat: see `checker.ir.slots`


@dataclass(frozen=True)
class Class:
    """`size` interchangeable identities: instances of the processes with the indices `processes` and of the
    structs `structs`."""

    size: int
    processes: tuple[int, ...]
    structs: tuple[str, ...]

    def name(self, program: ir.Program) -> str:
        return self.structs[0] if self.structs else program.processes[self.processes[0]].name


def classes_of(program: ir.Program, starts: Iterable[State]) -> tuple[Class, ...]:
    """The symmetries of `program`, whose initial states are `starts`."""
    found: tuple[Class, ...] = ()
    initial = set(starts)
    for one in _Uses(program).candidates():
        if one.size > 1 and not _refer_to_each_other(program, (*found, one)) and _is_symmetric(program, one, initial):
            found += (one,)
    return found


def _refer_to_each_other(program: ir.Program, classes: tuple[Class, ...]) -> bool:
    """Does anything that belongs to one of these identities name one of them?"""
    structs = {name for one in classes for name in one.structs}
    processes = {program.processes[index].name for one in classes for index in one.processes}
    for variable in program.variables:
        kind, name = kind_of(variable)
        if variable.process in processes or variable.process is None and variable.struct in structs:
            if kind == "ref" and name in structs or kind == "owner" and processes or variable.lock == "readers" and processes:
                return True
    return False


# ----------------------------------------------------------- how identities are used

# What an expression stands for, beside an ordinary number: ("ref", struct) is 0 or an instance + 1,
# ("index", struct) an instance, ("owner", "") 0 or a process number, ("instance", process) a number
# of an instance of the process that takes the step; CONSTANT may be any of them.
Kind = tuple[str, str]
NUMBER: Kind = ("number", "")
OWNER: Kind = ("owner", "")
CONSTANT: Kind = ("constant", "")


class _Uses:
    """Walks all expressions once.  ordered: structs, processes, and "" for owners, that are used as numbers;
    runs_for: the struct for whose instances a process runs."""

    def __init__(self, program: ir.Program) -> None:
        self.program = program
        self.counts = dict(program.structs)
        self.ordered: set[str] = set()
        self.runs_for: dict[str, str] = {}
        for process in program.processes:
            for block in process.blocks:
                self.kind(block.guard, process.name)
                self._body(block.body, process.name)
        self._body(program.setup, "")
        for expr in _judged(program):
            self.kind(expr, "")

    def candidates(self) -> list[Class]:
        """Classes whose identities are not used as numbers."""
        program, found = self.program, []
        for index, process in enumerate(program.processes):
            if process.name not in self.runs_for and not self.ordered & {process.name, ""}:
                found.append(Class(process.instances, (index,), ()))
        for name, count in program.structs:
            own = tuple(i for i, p in enumerate(program.processes) if self.runs_for.get(p.name) == name)
            right = all(program.processes[i].instances == count for i in own)
            used = {program.processes[i].name for i in own} | ({""} if own else set())
            if right and name not in self.ordered and not self.ordered & used:
                found.append(Class(count, own, (name,)))
        return found

    def _body(self, body: tuple[ir.Stmt, ...], process: str) -> None:
        for statement in statements(body):
            if isinstance(statement, ir.Assign):
                variable = self.program.variable(statement.var)
                self._index(variable, statement.index, process)
                self._same(kind_of(variable), self.kind(statement.value, process))
            elif isinstance(statement, (ir.If, ir.Check)):
                self._number(self.kind(statement.cond, process))
            elif isinstance(statement, ir.Choose):
                self._choose(self.program.variable(statement.var), statement)
                self._number(self.kind(statement.where, process))

    def _choose(self, variable: ir.Variable, statement: ir.Choose) -> None:
        kind = kind_of(variable)
        if kind[0] == "ref" and (statement.lo, statement.hi) == (1, self.counts[kind[1]]):
            return
        self._number(kind)

    def kind(self, expr: ir.Expr, process: str) -> Kind:
        """What `expr` stands for; notes what is used as a number on the way."""
        if isinstance(expr, ir.Const):
            return CONSTANT
        if isinstance(expr, ir.Self):
            return OWNER
        if isinstance(expr, ir.Instance):
            return "instance", process
        if isinstance(expr, ir.Read):
            variable = self.program.variable(expr.var)
            self._index(variable, expr.index, process)
            return kind_of(variable)
        if isinstance(expr, ir.Unary):
            self._number(self.kind(expr.operand, process))
            return NUMBER
        if isinstance(expr, ir.Ite):
            self._number(self.kind(expr.cond, process))
            return self._same(self.kind(expr.then, process), self.kind(expr.other, process))
        return self._binary(expr, process)

    def _binary(self, expr: ir.Binary, process: str) -> Kind:
        left, right = self.kind(expr.left, process), self.kind(expr.right, process)
        if expr.op in ("==", "!="):
            self._same(left, right)
            return NUMBER
        if expr.right == ir.Const(1) and (expr.op, left[0]) == ("-", "ref"):
            return "index", left[1]
        if expr.right == ir.Const(1) and (expr.op, left[0]) == ("-", "ref+"):
            return "instance", left[1]
        if expr.right == ir.Const(1) and (expr.op, left[0]) == ("+", "instance"):
            return "ref+", left[1]  # a reference to the instance that the process runs for
        self._number(left)
        self._number(right)
        return NUMBER

    def _same(self, one: Kind, other: Kind) -> Kind:
        """The kind of two values, of which either may be taken, or that are compared."""
        if one == other:
            return one
        for kind, against in ((one, other), (other, one)):
            if against == CONSTANT and kind[0] in ("ref", "owner", "number"):
                return kind  # a constant of these kinds is renamed
        for kind, against in ((one, other), (other, one)):
            if kind[0] == "ref+" and against[0] == "ref" and self._joins(kind[1], against[1]):
                return against
        self._number(one)
        self._number(other)
        return NUMBER

    def _joins(self, process: str, struct: str) -> bool:
        """The process runs for the instances of the struct, if it does not for those of another."""
        return self.runs_for.setdefault(process, struct) == struct

    def _number(self, kind: Kind) -> None:
        """A value of this kind is used as a number."""
        if kind not in (NUMBER, CONSTANT):
            self.ordered.add(kind[1])

    def _index(self, variable: ir.Variable, index: ir.Expr, process: str) -> None:
        """Whose element is meant?"""
        if variable.lock == "readers":
            self._reader(index, process)
            return
        if variable.per > 1 and isinstance(index, ir.Binary) and index.op == "+":
            self._number(self.kind(index.right, process))
            index = index.left
        if variable.per > 1 and isinstance(index, ir.Binary) and (index.op, index.right) == ("*", ir.Const(variable.per)):
            index = index.left
        kind = self.kind(index, process)
        if kind == CONSTANT or kind == ("index", variable.struct):
            return
        whole = self.counts.get(variable.struct, 1) * variable.per == variable.count
        if kind[0] == "instance" and variable.struct and whole and self._joins(kind[1], variable.struct):
            return
        self._number(kind)
        self.ordered.add(variable.struct or "none")

    def _reader(self, index: ir.Expr, process: str) -> None:
        """Of an RwLock's readers: `lock * processes + (Self - 1)`, or a constant."""
        if isinstance(index, ir.Binary) and index.op == "+" and index.right == ir.Binary("-", ir.Self(), ir.Const(1)):
            self._number(self.kind(index.left, process))
        elif index != ir.Binary("-", ir.Self(), ir.Const(1)) and not isinstance(index, ir.Const):
            self.ordered.add("")


def kind_of(variable: ir.Variable) -> Kind:
    if variable.type.kind == "ref":
        return "ref", variable.type.name
    return OWNER if variable.type.kind == "owner" else NUMBER


def _judged(program: ir.Program) -> Iterator[ir.Expr]:
    for prop in program.properties:
        for one in prop.instances if prop.kind != "leads_to" else ():
            yield from (one.expr,) if one.premise is None else (one.expr, one.premise)


# ------------------------------------------------------------- the same text for all


def _is_symmetric(program: ir.Program, one: Class, starts: set[State]) -> bool:
    """Do blocks, properties and initial states stay the same when two neighbours change places?"""
    group = Group(program, (one,))
    if not group.own[0][0]:
        return False  # nothing is theirs
    for first in range(one.size - 1):
        order = list(range(one.size))
        order[first], order[first + 1] = first + 1, first
        text = _Text(program, one, order)
        if not all(text.keeps(block) for process in program.processes for block in process.blocks):
            return False
        if not all(text.keeps_property(prop) for prop in program.properties if prop.kind != "leads_to"):
            return False
        if {group.permuted(state, (tuple(order),)) for state in starts} != starts:
            return False
    return True


class _Text:
    """The program's text with the identities of a class renamed: identity k is order[k] now."""

    def __init__(self, program: ir.Program, one: Class, order: Sequence[int]) -> None:
        self.program, self.structs, self.order = program, one.structs, order
        self.owners: dict[int, int] = {}
        for index in one.processes:
            first = program.first_self(program.processes[index])
            self.owners.update({first + k: first + order[k] for k in range(one.size)})
        self.processes = sum(p.instances for p in program.processes)
        self.changed = False  # has any number been renamed?
        self.sorts = True

    def keeps(self, block: ir.Block) -> bool:
        """Is the block the same as before?"""
        self.changed = self.sorts = False
        self._normal(block.guard, True), self._body(block.body, True)
        self.sorts = True
        if not self.changed:
            return True
        texts = [(self._normal(block.guard, rename), self._body(block.body, rename)) for rename in (False, True)]
        return texts[0] == texts[1]

    def keeps_property(self, prop: ir.Property) -> bool:
        """Do the instantiations say the same as before?"""
        texts = [
            sorted(repr([self._normal(e, rename) for e in (one.expr, one.premise) if e is not None]) for one in prop.instances)
            for rename in (False, True)
        ]
        return texts[0] == texts[1]

    def _normal(self, expr: ir.Expr, rename: bool, kind: Kind = NUMBER, element: ir.Variable | None = None) -> tuple:
        """`expr` with sorted operands, and with other numbers if `rename`.  kind: what a constant here stands
        for; element: the variable of which it is the index."""
        if isinstance(expr, ir.Const):
            value = self._renamed(expr.value, kind, element) if rename else expr.value
            self.changed |= value != expr.value
            return ("const", value)
        if isinstance(expr, ir.Read):
            return ("read", expr.var, self._normal(expr.index, rename, NUMBER, self.program.variable(expr.var)), expr.old)
        if isinstance(expr, ir.Unary):
            return (expr.op, self._normal(expr.operand, rename))
        if isinstance(expr, ir.Ite):
            kind = self._kind(expr) if kind == NUMBER else kind
            return ("ite", self._normal(expr.cond, rename), *(self._normal(e, rename, kind) for e in (expr.then, expr.other)))
        if isinstance(expr, ir.Binary):
            kind = NUMBER
            if expr.op in ("==", "!="):
                kind = max(self._kind(expr.left), self._kind(expr.right), key=lambda k: k not in (NUMBER, CONSTANT))
            sides = [self._normal(side, rename, kind) for side in (expr.left, expr.right)]
            if self.sorts and expr.op in ASSOCIATIVE:
                sides = [part for side in sides for part in (side[1:] if side[0] == expr.op else (side,))]
            return (expr.op, *(sorted(sides, key=repr) if self.sorts and expr.op in COMMUTATIVE else sides))
        return (type(expr).__name__,)

    def _kind(self, expr: ir.Expr) -> Kind:
        if isinstance(expr, ir.Read):
            return kind_of(self.program.variable(expr.var))
        if isinstance(expr, ir.Ite):
            return self._kind(expr.then) if self._kind(expr.then) not in (NUMBER, CONSTANT) else self._kind(expr.other)
        return OWNER if isinstance(expr, ir.Self) else CONSTANT if isinstance(expr, ir.Const) else NUMBER

    def _renamed(self, value: int, kind: Kind, element: ir.Variable | None) -> int:
        if element is not None and 0 <= value < element.count:
            if element.lock == "readers":
                lock, process = divmod(value, self.processes)
                return lock * self.processes + self.owners.get(process + 1, process + 1) - 1
            if element.struct in self.structs:
                which, part = divmod(value, element.per)
                return self.order[which] * element.per + part
        if kind[0] == "ref" and kind[1] in self.structs and 1 <= value <= len(self.order):
            return self.order[value - 1] + 1
        return self.owners.get(value, value) if kind == OWNER else value

    def _body(self, body: tuple[ir.Stmt, ...], rename: bool) -> list[tuple]:
        """The statements in order; of neighbours that could as well change places, the lesser one first."""
        lines = [self._statement(one, rename) for one in body]
        if not self.sorts:
            return lines
        touched = [_touched(one) for one in body]
        for end in range(len(lines) - 1, 0, -1):
            for at in range(end):
                if repr(lines[at + 1]) < repr(lines[at]) and _independent(touched[at], touched[at + 1]):
                    lines[at : at + 2] = lines[at + 1], lines[at]
                    touched[at : at + 2] = touched[at + 1], touched[at]
        return lines

    def _statement(self, one: ir.Stmt, rename: bool) -> tuple:
        if isinstance(one, ir.Assign):
            variable = self.program.variable(one.var)
            index = self._normal(one.index, rename, NUMBER, variable)
            return ("assign", one.var, index, self._normal(one.value, rename, kind_of(variable)))
        if isinstance(one, ir.If):
            return ("if", self._normal(one.cond, rename), self._body(one.then, rename), self._body(one.other, rename))
        if isinstance(one, ir.Check):
            return ("check", self._normal(one.cond, rename), one.name, one.message)
        if isinstance(one, ir.Choose):
            return ("choose", one.var, one.lo, one.hi, self._normal(one.where, rename))
        if isinstance(one, ir.Note):
            return ("note",)
        return (repr(one),)


COMMUTATIVE = ("+", "*", "min", "max", "==", "!=", "and", "or")
ASSOCIATIVE = ("+", "*", "min", "max", "and", "or")

Cell = tuple[str, int | None]  # a variable, and the element if it is known


def _touched(one: ir.Stmt) -> tuple[set[Cell], set[Cell]]:
    """What a statement reads, and writes; a statement that may end the block, or forks it, touches all."""
    read: set[Cell] = set()
    written: set[Cell] = set()
    for part in statements((one,)):
        if not isinstance(part, (ir.Assign, ir.If, ir.Note)):
            return {("", None)}, {("", None)}
        if isinstance(part, ir.Assign):
            written.add((part.var, part.index.value if isinstance(part.index, ir.Const) else None))
        exprs = [part.index, part.value] if isinstance(part, ir.Assign) else [part.cond] if isinstance(part, ir.If) else []
        for expr in exprs:
            for found in reads(expr):
                read.add((found.var, found.index.value if isinstance(found.index, ir.Const) else None))
    return read, written


def _independent(one: tuple[set[Cell], set[Cell]], other: tuple[set[Cell], set[Cell]]) -> bool:
    meets = lambda a, b: any(  # noqa: E731
        "" in (x[0], y[0]) or x[0] == y[0] and (x[1] is None or y[1] is None or x[1] == y[1]) for x in a for y in b
    )
    return not (meets(one[1], other[0] | other[1]) or meets(other[1], one[0]))


# ------------------------------------------------------------------ permuted states


class Group:
    """The permutations of the flat states of `program` that `classes` allow."""

    def __init__(self, program: ir.Program, classes: Sequence[Class]) -> None:
        self.program, self.classes, self.slots = program, classes, Slots(program)
        self.own = [[self._slots_of(one, k) for k in range(one.size)] for one in classes]
        self.values = [self._values_of(one) for one in classes]

    def permuted(self, state: State, orders: Sequence[Sequence[int]]) -> State:
        """`state` with identity k of each class in the place of orders[class][k]."""
        result = list(state)
        for order, own, values in zip(orders, self.own, self.values):
            before = list(result)
            for k, place in enumerate(order):
                for source, target in zip(own[k], own[place]):
                    result[target] = before[source]
            for slot, first in values:
                if 0 <= result[slot] - first < len(order):
                    result[slot] = first + order[result[slot] - first]
        return tuple(result)

    def canonical(self, state: State) -> State:
        """The state that stands for all of the orbit of `state`."""
        return self.permuted(state, self._orders(state))

    def _orders(self, state: State) -> list[list[int]]:
        orders = []
        for own, values in zip(self.own, self.values):
            keys = [[state[slot] for slot in own[k]] + [state[slot] == first + k for slot, first in values] for k in range(len(own))]
            order = [0] * len(own)
            for place, k in enumerate(sorted(range(len(own)), key=lambda k: keys[k])):
                order[k] = place
            orders.append(order)
        return orders

    def _slots_of(self, one: Class, k: int) -> list[int]:
        """The slots that belong to identity k, in an order that is the same for all k."""
        program, slots, found = self.program, self.slots, []
        for index in one.processes:
            found.append(slots.pc(index, k))
            for variable in program.variables:
                if variable.process == program.processes[index].name:
                    found += [slots.at(variable.name, element, k) for element in range(variable.count)]
        total = sum(p.instances for p in program.processes)
        for variable in program.variables:
            if variable.process is None and variable.lock == "readers":
                for index in one.processes:
                    number = program.first_self(program.processes[index]) - 1 + k
                    found += [slots.at(variable.name, lock + number) for lock in range(0, variable.count, total)]
            elif variable.process is None and variable.struct in one.structs:
                found += [slots.at(variable.name, k * variable.per + part) for part in range(variable.per)]
        return found

    def _values_of(self, one: Class) -> list[tuple[int, int]]:
        """The slots that may name an identity, with the value that stands for identity 0."""
        program, slots, found = self.program, self.slots, []
        instances = {p.name: p.instances for p in program.processes}
        for variable in program.variables:
            kind = kind_of(variable)
            if kind == OWNER:
                firsts = [program.first_self(program.processes[index]) for index in one.processes]
            else:
                firsts = [1] if kind[0] == "ref" and kind[1] in one.structs else []
            for instance in range(instances.get(variable.process or "", 1)):
                places = [slots.at(variable.name, element, instance) for element in range(variable.count)]
                found += [(place, first) for place in places for first in firsts]
        return found
