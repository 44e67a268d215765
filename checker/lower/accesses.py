"""What in a statement touches shared state, and so makes a step."""

from __future__ import annotations

from typing import NamedTuple

from .. import lang
from ..ir import program as ir
from ..parse import tree as t
from ..types.typed import Typed
from .builder import Builder
from .scopes import RecordVars, Scope, Slot


class SharedAccess(NamedTuple):
    """A shared access of a statement.

    kind: "field" (the statement itself is the step), "primitive" (the call is) or "calls"
    (a model function that has steps of its own).
    """

    kind: str
    node: t.Node
    text: str


def is_shared(b: Builder, field: lang.Field) -> bool:
    """Can other processes see the field change, or change it?  Ghosts do not count."""
    return issubclass(field.struct, lang.Struct) and not field.ghost and b.world.field(field).mutable


def touches(b: Builder, typed: Typed) -> bool:
    """Does a call of the function touch shared state?"""
    return b.recall("touches", typed, lambda: any(
        f.waits or f.conditional or f.groups or any(is_shared(b, field) for field in f.reads | f.writes)
        for f in typed.everything_called()
    ))  # fmt: skip


def accesses(b: Builder, node: t.Node, scope: Scope) -> list[SharedAccess]:
    """The shared accesses of an expression, in the order of evaluation."""
    match node:
        case t.Local():
            binding = scope.names.get(node.name)
            shared = isinstance(binding, Slot) and binding.info is not None and is_shared(b, binding.info.field)
            return [SharedAccess("field", node, node.name)] if shared else []
        case t.Attr():
            return _of_field(b, node, node, scope)
        case t.Item(base=t.Attr()):
            return _of_field(b, node, node.base, scope) + accesses(b, node.index, scope)
        case t.Call():
            return _of_call(b, node, scope)
        case t.Quantifier():
            inner = _of_all(b, t.children(node), scope)
            return inner * 2 if len(inner) == 1 else inner
        case t.Choose(over=t.Generator()):
            inner = _of_all(b, t.children(node), scope)
            return [SharedAccess("field", node, "choose()")] if inner else []
        case t.Logic() | t.Cond():
            return _of_all(b, [part for part, _ in parts_of(b, node, scope)], scope)
        case t.LockOp():
            return [SharedAccess("field", node, t.text(node))]
    return _of_all(b, t.children(node), scope)


def is_plain(b: Builder, node: t.Node) -> bool:
    """Is there no call, choice or operation on a lock in `node`?"""
    if isinstance(node, (t.Call, t.Choose, t.LockOp)):
        return False
    return b.recall("plain", node, lambda: all(is_plain(b, child) for child in t.children(node)))


def parts_of(b: Builder, node: t.Logic | t.Cond, scope: Scope) -> list[tuple[t.Node, bool]]:
    """What of `and`, `or`, `implies` or `a if c else b` constants leave, and whether each
    part is only perhaps evaluated."""
    if isinstance(node, t.Cond):
        known = _constant(b, node.test, scope)
        if known is not None:
            return [(node.then if known else node.other, False)]
        return [(node.test, False), (node.then, True), (node.other, True)]
    left = list(node.operands)
    while len(left) > 1 and (known := _constant(b, left[0], scope)) is not None:
        if known == (node.op == "or"):
            return []
        left = left[1:]
    return [(part, position > 0) for position, part in enumerate(left)]


def _constant(b: Builder, node: t.Node, scope: Scope) -> int | None:
    """The value of a condition that depends on constants alone, and not on the variable of a generator."""
    if not is_plain(b, node) or not _bound(b, node, scope):
        return None
    before, b.checks = b.checks, []
    value = b.value(node, scope)
    b.checks = before
    return value.lo if value.constant else None


def _bound(b: Builder, node: t.Node, scope: Scope) -> bool:
    """Does every name of an expression stand for something by now?"""
    if isinstance(node, t.Local) and node.name not in scope.names:
        return False
    return all(_bound(b, child, scope) for child in t.children(node))


def _base_accesses(b: Builder, node: t.Node, scope: Scope) -> list[SharedAccess]:
    """The accesses on the way to a variable, without that of the variable itself."""
    match node:
        case t.Attr():
            return accesses(b, node.base, scope)
        case t.Item(base=t.Attr()):
            return accesses(b, node.base.base, scope) + accesses(b, node.index, scope)
    return []


def _of_all(b: Builder, nodes: list[t.Node], scope: Scope) -> list[SharedAccess]:
    return [access for node in nodes for access in accesses(b, node, scope)]


def _of_field(b: Builder, node: t.Node, attr: t.Attr, scope: Scope) -> list[SharedAccess]:
    if isinstance(attr.base, t.Local) and isinstance(scope.names.get(attr.base.name), RecordVars):
        return []
    before = accesses(b, attr.base, scope)
    base = scope.typed.types.get(id(attr.base))
    if isinstance(base, ir.Type) and base.kind == "ref":
        field = b.world.struct_of(base).fields[attr.name]
        if is_shared(b, field):
            return [*before, SharedAccess("field", node, t.text(node))]
    return before


def _of_call(b: Builder, node: t.Call, scope: Scope) -> list[SharedAccess]:
    callee = scope.typed.calls[id(node)]
    found = []
    for param, arg in zip(callee.function.params, node.args):
        found += (_base_accesses if param.annotation is lang.Place else accesses)(b, arg, scope)
    if touches(b, callee):
        kind = "primitive" if callee.function.kind == "primitive" else "calls"
        found.append(SharedAccess(kind, node, f"{callee.function.name}()"))
    return found
