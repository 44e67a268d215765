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
  What others read where they have shown to hold the lock, or waited for it, is not counted.
* *visibility*: a step that may make a property true again is ample only if none of the others can
  write anything that the property reads; then the property cannot tell the orders apart.  A step
  that cannot (`checker.reduce.visibility`) hides nothing: what is violated before it is violated behind it.
  For properties of a step, every write of what they read counts; where a step can violate one that
  changes nothing of it, every step does.
* *cycles*: after `LONGEST` ample steps in a row a state is stored and expanded in full, so ample
  steps cannot go round for ever and put off the others.

Reachability properties and premises are not counted as visible: not reaching one in a reduced
search is no verdict, which the caller has to know.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ..ir import program as ir
from .granules import Access, Granules, constant_of, statements
from .known_values import specialised
from .visibility import NO, YES, all_of, reads
from .watches import Watches, Write

LONGEST = 100  # ample steps in a row


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
class Touched:
    """What a block touches: the facts that count where it may be ample, and the granules that it may read
    and write as a step of somebody else."""

    facts: BlockFacts
    reads: int
    writes: int


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


def _expressions(statement: ir.Stmt) -> Iterator[ir.Expr]:
    """The expressions of one statement (not of nested ones)."""
    if isinstance(statement, ir.Assign):
        yield statement.index
        yield statement.value
    elif isinstance(statement, (ir.If, ir.Check)):
        yield statement.cond
    elif isinstance(statement, ir.Choose):
        yield statement.where


# -------------------------------------------------------------- the analysis


class _Analysis:
    def __init__(self, program: ir.Program):
        self.program = program
        self.granules = Granules(program)
        self.locks = {v.name for v in program.variables if v.lock == "mutex"}
        self.watches = Watches(program, self.granules)

    # -- what one block touches

    def block(self, block: ir.Block, instance: int, own: int) -> Touched:
        """What the step of a block touches; own: number of the instance, as Self."""
        assigned = {s.var for s in statements(block.body) if isinstance(s, (ir.Assign, ir.Choose))}
        waits = set(self._waits(block.guard))
        accesses: list[Access] = []
        writes: list[Write] = []
        guard_reads = for_others = 0
        for read in self._plain_reads(block.guard):
            found = self._access(read.var, read.index, False, assigned, instance)
            guard_reads |= _union(found)
            for_others |= self._awaited(read, instance) if read in waits else _union(found)
            accesses += found
        certain = list(accesses)  # those on every way through the block
        held = {read for read in waits if self._known_before(read.index, assigned)}
        for statement, barred, way, so_far in self._on_ways(block.body, held, assigned, YES, set()):
            found: list[Access] = []
            for expr in _expressions(statement):
                for read in self._plain_reads(expr):
                    one = self._access(read.var, read.index, False, so_far, instance)
                    for_others |= 0 if self._is_barred(read, barred) else _union(one)
                    found += one
            if isinstance(statement, ir.Assign) and statement.var in self.granules.of:
                written = self._access(statement.var, statement.index, True, so_far, instance)
                writes += [Write(statement, one.granules, one.when, way) for one in written]
                found += written
            certain += found if way == YES else []
            accesses += found if way == YES else [_on_way(way, one) for one in found]
        accesses += self.watches.of(block, certain, writes, instance, own)
        kept = tuple(dict.fromkeys(a for a in accesses if a.when != NO))
        all_writes = _union([a for a in kept if a.write])
        # Such a block may give several successors, and chains that fork grow too fast; or none at all.
        candidate = not _chooses(block) and not all_writes & self.watches.restless
        return Touched(BlockFacts(candidate, kept, guard_reads), for_others, all_writes)

    def _on_ways(
        self, body: tuple[ir.Stmt, ...], held: set[ir.Read], assigned: set[str], way: ir.Expr, so_far: set[str]
    ) -> Iterator[tuple[ir.Stmt, set[ir.Read], ir.Expr, set[str]]]:
        """All statements, each with the locks that nobody else can have held before the step if it comes so far,
        with a condition on the state before the step without which it does not come there, and with the
        variables that may have been assigned until then.

        assigned: anywhere in the block.  so_far: before `body`; what `body` assigns is added.
        """
        for statement in body:
            yield statement, held, way, so_far
            if isinstance(statement, ir.Check):
                mine = self._own_locks(statement.cond)
                held = held | {read for read in mine if self._known_before(read.index, assigned)}
            if isinstance(statement, (ir.Assign, ir.Choose)):
                so_far.add(statement.var)
            if isinstance(statement, ir.If):
                known = self._known_before(statement.cond, so_far)
                ways = (statement.cond, _unless(statement.cond)) if known else (YES, YES)
                before, left = set(so_far), []
                for arm, cond, other in ((statement.then, *ways), (statement.other, *reversed(ways))):
                    within = set(before)
                    yield from self._on_ways(arm, held, assigned, all_of(way, cond), within)
                    so_far |= within
                    left += [other] if arm and isinstance(arm[-1], (ir.Goto, ir.Fail)) else []
                way = all_of(way, *left)

    def _own_locks(self, cond: ir.Expr) -> Iterator[ir.Read]:
        """Reads of a lock in a conjunct `lock == Self`."""
        if isinstance(cond, ir.Binary) and cond.op == "and":
            yield from self._own_locks(cond.left)
            yield from self._own_locks(cond.right)
        elif isinstance(cond, ir.Binary) and cond.op == "==" and cond.right == ir.Self():
            if isinstance(cond.left, ir.Read) and cond.left.var in self.locks:
                yield cond.left

    def _is_barred(self, read: ir.Read, held: set[ir.Read]) -> bool:
        """Is this a read of one of these locks, or of what one of them guards?  Then it does not happen while
        another process holds the lock, and while none does it comes behind a wait or a write of the lock."""
        if read in held:
            return True
        guard = self.program.variable(read.var).guard
        return guard is not None and any(
            lock.var == guard.lock and (guard.same is None or _is_inside(read.index, lock.index, guard.same))
            for lock in held
        )

    def _waits(self, guard: ir.Expr) -> Iterator[ir.Read]:
        """Reads of a lock in a conjunct `lock == 0`: while somebody holds the lock the block cannot run."""
        if isinstance(guard, ir.Binary) and guard.op == "and":
            yield from self._waits(guard.left)
            yield from self._waits(guard.right)
        elif isinstance(guard, ir.Binary) and guard.op == "or" and guard.left == NO:
            yield from self._waits(guard.right)
        elif isinstance(guard, ir.Binary) and guard.op == "==" and guard.right == ir.Const(0):
            if isinstance(guard.left, ir.Read) and guard.left.var in self.locks:
                yield guard.left

    def _awaited(self, read: ir.Read, instance: int) -> int:
        """The second granules of the lock that `read` may be about; and what its index reads."""
        return self.granules.mask_of_waits(read.var, self._elements(read.var, read.index, instance))

    def _plain_reads(self, expr: ir.Expr) -> Iterator[ir.Read]:
        """Reads of shared variables, without those that only tell whether I hold a lock: `lock == Self`, and my own
        flag among the readers of an RwLock.  No other process can change that."""
        if isinstance(expr, ir.Binary):
            sides = (expr.left, expr.right)
            if expr.op in ("==", "!=") and ir.Self() in sides:
                other = sides[0] if sides[1] == ir.Self() else sides[1]
                if isinstance(other, ir.Read) and other.var in self.locks:
                    yield from self._plain_reads(other.index)
                    return
            yield from self._plain_reads(expr.left)
            yield from self._plain_reads(expr.right)
        elif isinstance(expr, ir.Read):
            if expr.var in self.granules.of and not self._is_own_flag(expr):
                yield expr
            yield from self._plain_reads(expr.index)
        elif isinstance(expr, ir.Unary):
            yield from self._plain_reads(expr.operand)
        elif isinstance(expr, ir.Ite):
            for part in (expr.cond, expr.then, expr.other):
                yield from self._plain_reads(part)

    def _is_own_flag(self, read: ir.Read) -> bool:
        """Does it say whether I hold an RwLock shared?  Each process writes its own flag only."""
        own = ir.Binary("-", ir.Self(), ir.Const(1))
        return self.program.variable(read.var).lock == "readers" and (
            read.index == own or isinstance(read.index, ir.Binary) and read.index.op == "+" and read.index.right == own
        )

    def _access(self, name: str, index: ir.Expr, write: bool, assigned: set[str], instance: int) -> list[Access]:
        if constant_of(index, instance) is None and self._known_before(index, assigned):
            inside = [(g, self.granules.inside(name, index, g)) for g in sorted(set(self.granules.of[name]))]
            return [Access(self._touched(name, self.granules.elements(name, g), write), write, when) for g, when in inside]
        return [Access(self._touched(name, self._elements(name, index, instance), write), write)]

    def _elements(self, name: str, index: ir.Expr, instance: int) -> Sequence[int]:
        """The elements that an access with this index may touch."""
        constant = constant_of(index, instance)
        return range(self.program.variable(name).count) if constant is None else [self.granules.element(name, constant)]

    def _touched(self, name: str, elements: Sequence[int], write: bool) -> int:
        waits = self.granules.mask_of_waits(name, elements) if write else 0
        return self.granules.mask(name, elements) | waits

    def _known_before(self, index: ir.Expr, assigned: set[str]) -> bool:
        return all(r.var not in self.granules.of and r.var not in assigned for r in reads(index))

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
            if variable.name in self.locks:
                for element in range(variable.count):
                    waits = self.granules.mask_of_waits(variable.name, [element])
                    entry = masks.setdefault((variable.name, element), [0, 0])
                    entry[0] |= self.granules.mask(variable.name, [element]) | waits
                    entry[1] |= waits
            guard = variable.guard
            if guard and guard.lock in self.locks:
                for element in range(variable.count):
                    key = (guard.lock, 0 if guard.same is None else element // guard.same)
                    mask = self.granules.mask(variable.name, [element])
                    entry = masks.setdefault(key, [0, 0])
                    entry[0] |= mask
                    entry[1] |= mask if guard.reads else 0
        return tuple(Held(lock, element, *entry) for (lock, element), entry in masks.items())


def successors(block: ir.Block) -> list[int]:
    """Labels that the block may go to."""
    return sorted({s.label for s in statements(block.body) if isinstance(s, ir.Goto)})


def _chooses(block: ir.Block) -> bool:
    return any(isinstance(s, ir.Choose) for s in statements(block.body))


def _union(accesses: list[Access]) -> int:
    result = 0
    for access in accesses:
        result |= access.granules
    return result


def _on_way(way: ir.Expr, access: Access) -> Access:
    return replace(access, when=way if access.when is None else all_of(way, access.when))


def _unless(cond: ir.Expr) -> ir.Expr:
    return ir.Const(int(not cond.value)) if isinstance(cond, ir.Const) else ir.Unary("not", cond)


def _is_inside(index: ir.Expr, lock: ir.Expr, same: int) -> bool:
    """Is element `index` surely among the `same` elements that element `lock` of the lock guards?"""
    if same == 1:
        return index == lock
    if isinstance(index, ir.Const) and isinstance(lock, ir.Const):
        return index.value // same == lock.value
    first = ir.Binary("*", lock, ir.Const(same))
    if index == first:
        return True
    if isinstance(index, ir.Binary) and index.op == "+" and index.left == first:
        return isinstance(index.right, ir.Const) and 0 <= index.right.value < same
    return False


# ------------------------------------------------------------------- tables


def analyse(program: ir.Program) -> PartialOrder:
    """The tables of the reduction for `program`."""
    program = specialised(program)
    analysis = _Analysis(program)
    blocks, futures = [], {True: [], False: []}
    for process in program.processes:
        rows = []
        tables = {True: [], False: []}
        for instance in range(process.instances):
            facts, masks = [], []
            for block in process.blocks:
                touched = analysis.block(block, instance, program.first_self(process) + instance)
                facts.append(touched.facts)
                masks.append((touched.reads, touched.writes))
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
