"""Partial-order reduction: which process may go first, alone, without hiding anything.

In a state, a process is *ample* if its step commutes with everything that the others can
do before it moves.  Then exploring only that step finds every deadlock and every violation
(persistent sets: Godefroid 1996; ample sets: Clarke, Grumberg, Peled 1999).  Engines do not
store a state that has an ample process: they go on with its step at once.

What is used, all of it static but for the labels, the guards and who holds which lock:

* *granules*: the elements of the shared variables, grouped by the lock instance that guards
  them, else by struct instance.
* *future(q, label)*: the granules that instance q may read or write from there on; for a
  thread with and without further operations.
* *others*: the processes that can move before p does: those that are enabled, and those whose
  guard may be changed by one of these, and so on.
* *locks*: a process that holds a lock is alone in writing what the lock guards (a write without
  it is a violation, and is found as such), and alone in reading it if the guard covers reads.
  Nobody can take the lock before it moves, so giving it back commutes with every wait for it.
* *visibility*: a step that may make a property true again is ample only if none of the others can
  write anything that the property reads; then the property cannot tell the orders apart.  A step
  that cannot (`checker.monotone`) hides nothing: what is violated before it is violated behind it.
  For properties of a step, every write of what they read counts.
* *cycles*: after `LONGEST` ample steps in a row a state is stored and expanded in full, so ample
  steps cannot go round for ever and put off the others.

Reachability properties and premises are not counted as visible: not reaching one in a reduced
search is no verdict, which the caller has to know.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from checker import ir
from checker.monotone import Change, directions, ways_of

LONGEST = 100  # ample steps in a row
VISIBLE_KINDS = ("invariant", "crash", "transition")


@dataclass(frozen=True)
class Access:
    """A block touches `granules`; `when`: only if this expression is true (None: always).

    watched: what is read by the properties that the write may make true again.
    """

    granules: int  # bit mask
    write: bool
    when: ir.Expr | None = None
    watched: int = 0


@dataclass(frozen=True)
class Held:
    """While `lock[element]` is the instance's own: no_write, no_read are the granules that no
    other process can write, or read."""

    lock: str
    element: int
    no_write: int
    no_read: int


@dataclass(frozen=True)
class BlockFacts:
    """candidate: the block may be ample.  accesses: what the step touches, `when` judged in the
    state before it.  guard_reads: granules that its guard depends on."""

    candidate: bool
    accesses: tuple[Access, ...]
    guard_reads: int


@dataclass(frozen=True)
class PartialOrder:
    """All tables, for engines.

    blocks[process][instance][label]; future_reads, future_writes likewise (with further
    operations) and last_reads, last_writes (with none left).
    held: the locks.
    """

    granules: int
    names: tuple[str, ...]
    blocks: tuple[tuple[tuple[BlockFacts, ...], ...], ...]
    future_reads: tuple[tuple[tuple[int, ...], ...], ...]
    future_writes: tuple[tuple[tuple[int, ...], ...], ...]
    last_reads: tuple[tuple[tuple[int, ...], ...], ...]
    last_writes: tuple[tuple[tuple[int, ...], ...], ...]
    held: tuple[Held, ...]


# ---------------------------------------------------------------- granules


class Granules:
    """Numbers the granules of a program's shared variables."""

    def __init__(self, program: ir.Program):
        self.program = program
        self.names: list[str] = []
        self.of: dict[str, tuple[int, ...]] = {}
        for variable in program.variables:
            if variable.process is None:
                self.of[variable.name] = self._number(variable)

    def _number(self, variable: ir.Variable) -> tuple[int, ...]:
        size = variable.guard.same if variable.guard and variable.guard.same else max(variable.per, 1)
        if variable.guard and variable.guard.same is None:
            size = variable.count
        first = len(self.names)
        self.names += [f"{variable.name}/{k}" for k in range((variable.count + size - 1) // size)]
        return tuple(first + element // size for element in range(variable.count))

    def mask(self, name: str, elements) -> int:
        numbers = self.of[name]
        result = 0
        for element in elements:
            result |= 1 << numbers[element]
        return result


def _expressions(statement: ir.Stmt) -> Iterator[ir.Expr]:
    """The expressions of one statement (not of nested ones)."""
    if isinstance(statement, ir.Assign):
        yield statement.index
        yield statement.value
    elif isinstance(statement, (ir.If, ir.Check)):
        yield statement.cond
    elif isinstance(statement, ir.Choose):
        yield statement.where


def statements(body: tuple[ir.Stmt, ...]) -> Iterator[ir.Stmt]:
    for statement in body:
        yield statement
        if isinstance(statement, ir.If):
            yield from statements(statement.then)
            yield from statements(statement.other)


def reads(expr: ir.Expr) -> Iterator[ir.Read]:
    if isinstance(expr, ir.Read):
        yield expr
        yield from reads(expr.index)
    elif isinstance(expr, ir.Unary):
        yield from reads(expr.operand)
    elif isinstance(expr, ir.Binary):
        yield from reads(expr.left)
        yield from reads(expr.right)
    elif isinstance(expr, ir.Ite):
        for part in (expr.cond, expr.then, expr.other):
            yield from reads(part)


# -------------------------------------------------------------- the analysis


class _Analysis:
    def __init__(self, program: ir.Program):
        self.program = program
        self.granules = Granules(program)
        # A lock that is ever left without an owner can be released by anybody.
        last = sum(p.instances for p in program.processes)
        self.owned = {v.name for v in program.variables if v.lock == "mutex" and v.type.hi <= last}
        self.watchers = self._watchers()
        self._watched: dict[Change, int] = {}

    # -- what one block touches

    def block_accesses(self, block: ir.Block, instance: int, own: int) -> tuple[list[Access], int]:
        """What the step touches, and the granules that its guard reads; own: number of the instance, as Self."""
        assigned = {s.var for s in statements(block.body) if isinstance(s, (ir.Assign, ir.Choose))}
        waits = [read for read in self._waits(block.guard) if read.var in assigned]
        accesses: list[Access] = []
        guard_reads = 0
        for read in self._plain_reads(block.guard):
            found = self._access(read.var, read.index, False, assigned, instance)
            guard_reads |= _union(found)
            if read not in waits:
                accesses += found
        for statement in statements(block.body):
            for expr in _expressions(statement):
                for read in self._plain_reads(expr):
                    accesses += self._access(read.var, read.index, False, assigned, instance)
            if isinstance(statement, ir.Assign) and statement.var in self.granules.of:
                found = self._access(statement.var, statement.index, True, assigned, instance)
                accesses += [self._with_watchers(one, statement, instance, own) for one in found]
        return list(dict.fromkeys(accesses)), guard_reads

    def _waits(self, guard: ir.Expr) -> Iterator[ir.Read]:
        """Reads of an owned lock in a conjunct `lock == 0`.  A block that waits for a lock and takes
        it cannot run while the lock is held, so it never runs between a holder's steps."""
        if isinstance(guard, ir.Binary) and guard.op == "and":
            yield from self._waits(guard.left)
            yield from self._waits(guard.right)
        elif isinstance(guard, ir.Binary) and guard.op == "==" and guard.right == ir.Const(0):
            if isinstance(guard.left, ir.Read) and guard.left.var in self.owned:
                yield guard.left

    def _plain_reads(self, expr: ir.Expr) -> Iterator[ir.Read]:
        """Reads of shared variables, without `lock == Self`: no other process can change
        whether I hold an owned lock."""
        if isinstance(expr, ir.Binary):
            sides = (expr.left, expr.right)
            if expr.op in ("==", "!=") and ir.Self() in sides:
                other = sides[0] if sides[1] == ir.Self() else sides[1]
                if isinstance(other, ir.Read) and other.var in self.owned:
                    yield from self._plain_reads(other.index)
                    return
            yield from self._plain_reads(expr.left)
            yield from self._plain_reads(expr.right)
        elif isinstance(expr, ir.Read):
            if expr.var in self.granules.of:
                yield expr
            yield from self._plain_reads(expr.index)
        elif isinstance(expr, ir.Unary):
            yield from self._plain_reads(expr.operand)
        elif isinstance(expr, ir.Ite):
            for part in (expr.cond, expr.then, expr.other):
                yield from self._plain_reads(part)

    def _access(self, name: str, index: ir.Expr, write: bool, assigned: set[str], instance: int) -> list[Access]:
        variable = self.program.variable(name)
        constant = _constant(index, instance)
        if constant is not None:
            elements = [constant] if 0 <= constant < variable.count else [0]
            return [Access(self.granules.mask(name, elements), write)]
        if self._known_before(index, assigned):
            return [
                Access(1 << granule, write, self._inside(name, index, granule))
                for granule in sorted(set(self.granules.of[name]))
            ]
        return [Access(self.granules.mask(name, range(variable.count)), write)]

    def _known_before(self, index: ir.Expr, assigned: set[str]) -> bool:
        return all(r.var not in self.granules.of and r.var not in assigned for r in reads(index))

    def _inside(self, name: str, index: ir.Expr, granule: int) -> ir.Expr:
        elements = [k for k, g in enumerate(self.granules.of[name]) if g == granule]
        if elements[0] == 0:  # an index outside the array reads element 0
            return ir.Binary("or", ir.Binary("<=", index, ir.Const(elements[-1])),
                             ir.Binary(">=", index, ir.Const(len(self.granules.of[name]))))
        return ir.Binary("and", ir.Binary(">=", index, ir.Const(elements[0])),
                         ir.Binary("<=", index, ir.Const(elements[-1])))

    # -- what a process may still touch

    def futures(self, process: ir.Process, masks: list[tuple[int, int]], restart: bool) -> list[tuple[int, int]]:
        """(reads, writes) from each label on, the label's own block included."""
        result = list(masks)
        edges = [successors(b) for b in process.blocks]
        before: list[list[int]] = [[] for _ in edges]
        for label, targets in enumerate(edges):
            if restart or not process.blocks[label].starts:
                for target in targets:
                    before[target].append(label)
            else:
                result[label] = (0, 0)  # it cannot run any more
        pending = list(range(len(edges)))
        while pending:
            label = pending.pop()
            reads, writes = result[label]
            for earlier in before[label]:
                old = result[earlier]
                new = (old[0] | reads, old[1] | writes)
                if new != old:
                    result[earlier] = new
                    pending.append(earlier)
        return result

    # -- locks and properties

    def held(self) -> tuple[Held, ...]:
        masks: dict[tuple[str, int], list[int]] = {}
        for variable in self.program.variables:
            if variable.process is not None:
                continue
            if variable.name in self.owned:
                for element in range(variable.count):
                    mask = self.granules.mask(variable.name, [element])
                    entry = masks.setdefault((variable.name, element), [0, 0])
                    entry[0] |= mask
            guard = variable.guard
            if guard and guard.lock in self.owned:
                for element in range(variable.count):
                    key = (guard.lock, 0 if guard.same is None else element // guard.same)
                    mask = self.granules.mask(variable.name, [element])
                    entry = masks.setdefault(key, [0, 0])
                    entry[0] |= mask
                    entry[1] |= mask if guard.reads else 0
        return tuple(Held(lock, element, *entry) for (lock, element), entry in masks.items())

    def _watchers(self) -> dict[str, list[tuple[ir.Expr, bool, int]]]:
        """By shared variable, the properties that read it: expression, whether it speaks of a state
        alone, granules that it reads."""
        found: dict[str, list[tuple[ir.Expr, bool, int]]] = {}
        for prop in self.program.properties:
            if prop.kind in VISIBLE_KINDS:
                for one in prop.instances:
                    entry = (one.expr, prop.kind != "transition", self._support(one.expr))
                    for name in {read.var for read in reads(one.expr)}:
                        found.setdefault(name, []).append(entry)
        return found

    def _with_watchers(self, access: Access, assign: ir.Assign, instance: int, own: int) -> Access:
        value = own if assign.value == ir.Self() else _constant(assign.value, instance)
        kind = self.program.variable(assign.var).type
        watched = 0
        for element, granule in enumerate(self.granules.of[assign.var]):
            if access.granules >> granule & 1:
                watched |= self._watching(Change(assign.var, element, value, ways_of(assign), kind.lo, kind.hi))
        return replace(access, watched=watched)

    def _watching(self, change: Change) -> int:
        """What is read by the properties that `change` may make true again."""
        if change not in self._watched:
            self._watched[change] = 0
            granule = 1 << self.granules.of[change.var][change.element]
            for expr, of_state, support in self.watchers.get(change.var, ()):
                if support & granule and (not of_state or directions(expr, change)[0]):
                    self._watched[change] |= support
        return self._watched[change]

    def _support(self, expr: ir.Expr) -> int:
        support = 0
        for read in reads(expr):
            constant = _constant(read.index, 0)
            count = self.program.variable(read.var).count
            elements = range(count) if constant is None else [constant if 0 <= constant < count else 0]
            support |= self.granules.mask(read.var, elements)
        return support


def successors(block: ir.Block) -> list[int]:
    """Labels that the block may go to."""
    return sorted({s.label for s in statements(block.body) if isinstance(s, ir.Goto)})


def _chooses(block: ir.Block) -> bool:
    """Such a block may give several successors, and chains that fork grow too fast; or none at all,
    where a condition leaves no value."""
    return any(isinstance(s, ir.Choose) for s in statements(block.body))


def _union(accesses: list[Access]) -> int:
    result = 0
    for access in accesses:
        result |= access.granules
    return result


def _constant(expr: ir.Expr, instance: int) -> int | None:
    """The value of an expression of constants and Instance, or None."""
    if isinstance(expr, ir.Const):
        return expr.value
    if isinstance(expr, ir.Instance):
        return instance
    if isinstance(expr, ir.Binary) and expr.op in ("+", "-", "*"):
        left, right = _constant(expr.left, instance), _constant(expr.right, instance)
        if left is not None and right is not None:
            return {"+": left + right, "-": left - right, "*": left * right}[expr.op]
    return None


# ------------------------------------------------------------------- tables


def analyse(program: ir.Program) -> PartialOrder:
    """The tables of the reduction for `program`."""
    analysis = _Analysis(program)
    blocks, futures = [], {True: [], False: []}
    for process in program.processes:
        rows = []
        tables = {True: [], False: []}
        for instance in range(process.instances):
            facts, masks = [], []
            for block in process.blocks:
                accesses, guard_reads = analysis.block_accesses(block, instance, program.first_self(process) + instance)
                candidate = not _chooses(block)
                facts.append(BlockFacts(candidate, tuple(accesses), guard_reads))
                writes = _union([a for a in accesses if a.write])
                masks.append((_union([a for a in accesses if not a.write]), writes))
            rows.append(tuple(facts))
            for restart in (True, False):
                tables[restart].append(tuple(analysis.futures(process, masks, restart)))
        blocks.append(tuple(rows))
        for restart in (True, False):
            futures[restart].append(tuple(tables[restart]))
    pick = lambda restart, side: tuple(  # noqa: E731
        tuple(tuple(pair[side] for pair in row) for row in rows) for rows in futures[restart])
    return PartialOrder(
        len(analysis.granules.names), tuple(analysis.granules.names), tuple(blocks),
        pick(True, 0), pick(True, 1), pick(False, 0), pick(False, 1), analysis.held())
