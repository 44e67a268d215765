"""Taking locks, waiting for them, releasing them and handing them over."""

from __future__ import annotations

from ..ir import program as ir
from ..parse import tree as t
from .builder import Builder
from .expressions import slot_of
from .lock_state import has_readers, held, in_order, is_free, owner, reader_index, readers, reads
from .scopes import Scope, Slot
from .steps import wait_for
from .values import CONST_1, FALSE, TRUE, Value, both, compare, const, either, negate


def lock_statement(b: Builder, node: t.LockOp, scope: Scope) -> None:
    """`acquire`, `release` and their like, alone in a statement."""
    if not b.guarded:
        raise b.refuse(scope, node, "type", "the setup belongs to no process and takes no locks", "Leave it out.")
    lock = slot_of(b, node.lock, scope)
    match node.op:
        case "acquire" | "acquire_shared":
            shared = node.op == "acquire_shared"
            wait_for(b, compare("==", owner(b, lock), FALSE) if shared else is_free(b, lock), scope, node)
            order = f"{lock.label} is taken out of order, or while a later one of its kind is held"
            b.check(in_order(b, lock), ir.LOCK_ORDER, order, scope, node)
            if shared:
                twice = f"{lock.label} is taken shared twice by one process"
                b.check(negate(reads(b, lock, b.me)), ir.OWNER, twice, scope, node)
            b.flush()
            _take(b, lock, shared, TRUE, scope, node)
        case "release":
            right = held(b, lock)
            if lock.info.handed_over:
                right = either(right, compare("==", owner(b, lock), const(lock.info.type.hi)))
            _owned(b, right, f"{lock.label} is released by a process that does not hold it", scope, node)
            _own(b, lock, FALSE, scope, node)
        case "release_shared":
            text = f"{lock.label} is released by a process that does not hold it shared"
            _owned(b, reads(b, lock, b.me), text, scope, node)
            _read(b, lock, FALSE, scope, node)
        case "hand_over":
            text = f"{lock.label} is handed over by a process that does not hold it"
            _owned(b, held(b, lock), text, scope, node)
            _own(b, lock, const(lock.info.type.hi), scope, node)
        case "try_acquire" | "try_acquire_shared":
            try_lock(b, node, scope)
        case _:
            raise b.refuse(scope, node, "syntax", f"{node.op}() alone does nothing", "Use its value.")


def _owned(b: Builder, right: Value, text: str, scope: Scope, node: t.Node) -> None:
    b.check(right, ir.OWNER, text, scope, node)
    b.flush()


def _own(b: Builder, lock: Slot, who: Value, scope: Scope, node: t.Node) -> None:
    b.emit(ir.Assign(lock.var, lock.index.expr, who.expr, b.pos(scope, node)))


def _read(b: Builder, lock: Slot, value: Value, scope: Scope, node: t.Node) -> None:
    if has_readers(lock.info):
        index = reader_index(b, lock, b.me)
        b.emit(ir.Assign(readers(lock.info), index.expr, value.expr, b.pos(scope, node)))


def _take(b: Builder, lock: Slot, shared: bool, cond: Value, scope: Scope, node: t.Node) -> None:
    b.taken[lock.info.var] = lock.info
    if shared:
        taken = ir.Assign(readers(lock.info), reader_index(b, lock, b.me).expr, CONST_1, b.pos(scope, node))
    else:
        taken = ir.Assign(lock.var, lock.index.expr, b.me.expr, b.pos(scope, node))
    b.emit(taken if cond == TRUE else ir.If(cond.expr, (taken,), (), b.pos(scope, node)))


def try_lock(b: Builder, node: t.LockOp, scope: Scope) -> Value:
    """`try_acquire` and `try_acquire_shared`: whether it was taken."""
    lock = slot_of(b, node.lock, scope)
    b.flush()
    shared = node.op == "try_acquire_shared"
    free = compare("==", owner(b, lock), FALSE) if shared else is_free(b, lock)
    if shared:
        free = both(free, negate(reads(b, lock, b.me)))
    free = b.temporary(scope, "taken", free, ir.BOOL)
    _take(b, lock, shared, free, scope, node)
    return free
