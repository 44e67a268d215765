"""Assignments: to locals, to fields, and of new records."""

from __future__ import annotations

from ..base.errors import InternalError
from ..ir import program as ir
from ..parse import tree as t
from ..types.world import RecordType
from .builder import Builder
from .calls import assignments, begin, hoist, open_step
from .choices import choose
from .expressions import slot_of
from .flow import reads_in
from .scopes import Bound, RecordVars, Scope, Slot, Var
from .steps import store
from .values import FALSE, Value, const


def assign(b: Builder, stmt: t.Assign, scope: Scope) -> None:
    """An assignment to a local, to a field, or of a new record."""
    if isinstance(stmt.value, t.NewRecord):
        return _new_record(b, stmt, scope)
    local = isinstance(stmt.target, t.Local) and not isinstance(scope.names.get(stmt.target.name), Slot)
    if local and isinstance(stmt.value, t.Choose):
        _choose_into(b, stmt, scope)
    elif local:
        begin(b, stmt, [stmt.value], scope)
        _set(b, stmt.target.name, b.evaluate(stmt.value, scope), stmt, scope)
    else:
        begin(b, stmt, [stmt.value], scope, stmt.target)
        value = b.evaluate(stmt.value, scope)
        slot = slot_of(b, stmt.target, scope)
        b.flush()
        store(b, slot, value, scope, stmt)


def _set(b: Builder, name: str, value: Value, stmt: t.Stmt, scope: Scope) -> None:
    """Assign to a local.  One that only ever gets one constant is that constant."""
    type_ = scope.typed.locals[name]
    once = not b.unrolling and name not in _params(scope) and assignments(scope.typed, name) == 1
    if once and type_.lo <= value.lo and value.hi <= type_.hi and never_changes(value):
        scope.names[name] = Bound(value)
        return
    var = variable(b, name, type_, scope)
    store(b, Slot(var.name, FALSE, type_, None, name), value, scope, stmt)
    if once:
        scope.names[name] = Var(var.name, max(var.lo, value.lo), min(var.hi, value.hi))


def never_changes(value: Value) -> bool:
    """Does the value depend on nothing but who runs?"""
    return not any(True for _ in reads_in(value.expr))


def variable(b: Builder, name: str, type_: ir.Type, scope: Scope) -> Var:
    """The variable that holds the local `name`, made where there is none yet."""
    known = scope.names.get(name)
    if isinstance(known, Var):
        return known
    var = Var(b.new_local(scope, name, type_, temporary=b.atomic is not None), type_.lo, type_.hi)
    scope.names[name] = var
    return var


def _choose_into(b: Builder, stmt: t.Assign, scope: Scope) -> None:
    name, type_ = stmt.target.name, scope.typed.locals[stmt.target.name]
    open_step(b, stmt, [stmt.value], scope)
    for value in stmt.value.values:
        hoist(b, value, scope)
    var = variable(b, name, type_, scope)
    into = Var(var.name, type_.lo, type_.hi)
    value = choose(b, stmt.value, scope, into)
    if value.expr != ir.Read(var.name):
        _set(b, name, value, stmt, scope)
    elif not b.unrolling and name not in _params(scope) and assignments(scope.typed, name) == 1:
        scope.names[name] = Var(var.name, value.lo, value.hi)
    if b.atomic is None:
        b.emit(ir.Note(name, value.expr, type_, b.pos(scope, stmt)))


def _new_record(b: Builder, stmt: t.Assign, scope: Scope) -> None:
    name = stmt.target.name
    record = scope.typed.locals[name]
    if not isinstance(record, RecordType):
        raise InternalError(f"{name} is no record")
    infos = {key: b.world.field(field) for key, field in record.record.fields.items()}
    known = scope.names.get(name)
    if not isinstance(known, RecordVars):
        made = {key: b.new_local(scope, f"{name}.{key}", i.type, i.per) for key, i in infos.items()}
        known = scope.names[name] = RecordVars(made)
    for key, info in infos.items():
        for element in range(info.per):
            start = const(info.init).expr
            b.emit(ir.Assign(known.fields[key], const(element).expr, start, b.pos(scope, stmt)))


def _params(scope: Scope) -> list[str]:
    return [param.name for param in scope.function.params]
