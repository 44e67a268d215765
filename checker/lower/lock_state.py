"""Locks: who holds them, and the checks of `guard=` and of the lock order.

An owner is 0 for nobody, else the number of the process instance; one more than all of
them if the lock was handed over.  An RwLock that somebody takes shared has a flag for
each process beside its owner.
"""

from __future__ import annotations

from ..ir import program as ir
from ..parse import tree as t
from ..types.world import FieldInfo
from .builder import Builder
from .scopes import Scope, Slot
from .values import FALSE, TRUE, Value, arith, both, compare, const, either, negate


def owner(b: Builder, lock: Slot) -> Value:
    """Who holds a lock."""
    if not lock.info.written:
        return FALSE
    return Value(ir.Read(lock.var, lock.index.expr, b.old), 0, lock.info.type.hi)


def held(b: Builder, lock: Slot) -> Value:
    """Does the process at hand hold a lock?"""
    return compare("==", owner(b, lock), b.me) if lock.info.written else FALSE


def reader_index(b: Builder, lock: Slot, who: Value) -> Value:
    """Which of the flags says whether process `who` holds a lock shared."""
    count = b.world.processes
    return arith("+", arith("*", lock.index, const(count)), arith("-", who, const(1)))


def reads(b: Builder, lock: Slot, who: Value) -> Value:
    """Does process `who` hold the lock shared?"""
    if not has_readers(lock.info):
        return FALSE
    return Value(ir.Read(readers(lock.info), reader_index(b, lock, who).expr, b.old), 0, 1)


def has_reader(b: Builder, lock: Slot) -> Value:
    """Does anybody hold a lock shared?"""
    found = FALSE
    for who in range(1, b.world.processes + 1):
        found = either(found, reads(b, lock, const(who)))
    return found


def is_free(b: Builder, lock: Slot) -> Value:
    """Does nobody hold a lock, shared or not?"""
    return both(compare("==", owner(b, lock), FALSE), negate(has_reader(b, lock)))


def check_guard(b: Builder, slot: Slot, write: bool, scope: Scope, node: t.Node) -> None:
    """The lock that a field is declared to need is held by whoever accesses it."""
    declared = slot.info.field
    always, to_write = b.world.guards(declared)
    for field in (always, to_write if write else None):
        if field is None or not b.guarded:
            continue
        info = b.world.field(field)
        index = FALSE
        if info.count > 1:
            if b.world.count(field.struct) != b.world.count(declared.struct):
                text = f"{info.var} cannot guard {slot.info.var}: there are not as many of both"
                raise b.refuse(scope, node, "type", text, "Guard a field by a lock of its own struct.")
            index = arith("//", slot.index, const(slot.info.per))
        lock = Slot(info.var, index, info.type, info, "")
        holds = held(b, lock) if write else either(held(b, lock), reads(b, lock, b.me))
        message = f"{slot.label} is {'written' if write else 'accessed'} without {b.world.label(field)}"
        b.check(holds, ir.GUARD, message, scope, node)


def in_order(b: Builder, lock: Slot) -> Value:
    """Does the caller hold no lock that has to be taken after this one?"""
    if lock.info.field not in b.lock_order:
        return TRUE
    position = b.lock_order.index(lock.info.field)
    right = TRUE
    for field in b.lock_order[position:]:
        info = b.world.field(field)
        for number in range(info.count):
            one = Slot(info.var, const(number), info.type, info, "")
            holds = either(held(b, one), reads(b, one, b.me))
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
