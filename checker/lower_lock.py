"""Locks: who holds them, and the checks of `guard=` and of the lock order.

An owner is 0 for nobody, else the number of the process instance; one more than all of
them if the lock was handed over.  An RwLock that somebody takes shared has a flag for
each process beside its owner.
"""

from __future__ import annotations

from . import ir, lang
from . import tree as t
from .lower_expr import Expressions
from .lower_scope import Scope, Slot
from .lower_value import FALSE, TRUE, Value, arith, both, compare, const, either, negate
from .types import FieldInfo, World


class Locks(Expressions):
    """Expressions about locks.

    lock_order: fields of locks, outermost first, of the scenario.
    """

    def __init__(self, world: World, file_names: dict[str, str], lock_order: tuple[lang.Field, ...]) -> None:
        super().__init__(world, file_names)
        self.lock_order = lock_order
        self.me = Value(ir.Self(), 1, world.processes)
        self.taken: dict[str, FieldInfo] = {}  # locks that this process takes anywhere

    def lock(self, node: t.LockOp, scope: Scope) -> Slot:
        """The lock that an operation names."""
        return self.slot(node.lock, scope)

    def owner(self, lock: Slot) -> Value:
        if not lock.info.written:
            return FALSE
        return Value(ir.Read(lock.var, lock.index.expr), 0, lock.info.type.hi)

    def held(self, lock: Slot) -> Value:
        return compare("==", self.owner(lock), self.me) if lock.info.written else FALSE

    def reader_index(self, lock: Slot, who: Value) -> Value:
        count = self.world.processes
        return arith("+", arith("*", lock.index, const(count)), arith("-", who, const(1)))

    def reads(self, lock: Slot, who: Value) -> Value:
        """Does process `who` hold the lock shared?"""
        if not has_readers(lock.info):
            return FALSE
        return Value(ir.Read(readers(lock.info), self.reader_index(lock, who).expr), 0, 1)

    def has_reader(self, lock: Slot) -> Value:
        found = FALSE
        for who in range(1, self.world.processes + 1):
            found = either(found, self.reads(lock, const(who)))
        return found

    def free(self, lock: Slot) -> Value:
        return both(compare("==", self.owner(lock), FALSE), negate(self.has_reader(lock)))

    def lock_value(self, node: t.LockOp, scope: Scope) -> Value:
        """`held`, `held_shared` and `is_locked`."""
        lock = self.lock(node, scope)
        if node.op == "held":
            return self.held(lock)
        if node.op == "held_shared":
            return self.reads(lock, self.me)
        if node.op == "is_locked":
            return negate(self.free(lock))
        remedy = "Call it in a statement of its own, before."
        raise self.refuse(
            scope, node, "call-in-condition", f"{node.op}() has effects and stands in a condition", remedy
        )

    def check_guard(self, slot: Slot, write: bool, scope: Scope, node: t.Node) -> None:
        """The lock that a field is declared to need is held by whoever accesses it."""
        declared = slot.info.field
        always, to_write = self.world.guards(declared)
        for field in (always, to_write if write else None):
            if field is None or not self.guarded:
                continue
            info = self.world.field(field)
            index = FALSE
            if info.count > 1:
                if self.world.count(field.struct) != self.world.count(declared.struct):
                    text = f"{info.var} cannot guard {slot.info.var}: there are not as many of both"
                    raise self.refuse(scope, node, "type", text, "Guard a field by a lock of its own struct.")
                index = arith("//", slot.index, const(slot.info.per))
            lock = Slot(info.var, index, info.type, info, "")
            holds = self.held(lock) if write else either(self.held(lock), self.reads(lock, self.me))
            message = (
                f"{slot.label} is {'written' if write else 'accessed'} without {self.world.label(field)}"
            )
            self.check(holds, ir.GUARD, message, scope, node)

    def in_order(self, lock: Slot) -> Value:
        """Does the caller hold no lock that has to be taken after this one?"""
        if lock.info.field not in self.lock_order:
            return TRUE
        position = self.lock_order.index(lock.info.field)
        right = TRUE
        for field in self.lock_order[position:]:
            info = self.world.field(field)
            for number in range(info.count):
                one = Slot(info.var, const(number), info.type, info, "")
                holds = either(self.held(one), self.reads(one, self.me))
                if field is lock.info.field:
                    holds = both(compare("<=", lock.index, const(number)), holds)
                right = both(right, negate(holds))
        return right


def has_readers(info: FieldInfo) -> bool:
    """Does the program keep who holds the lock shared?"""
    return info.field.lock == "rwlock" and info.shared_use and info.written


def readers(info: FieldInfo) -> str:
    """The variable that says who holds an RwLock shared: a flag for each process, lock by lock."""
    return f"{info.var}.readers"
