"""Expressions of the model -> expressions of the IR, with the checks that they need.

Nothing here changes the state.  Functions without effects are evaluated symbolically: a
call becomes one expression of its arguments.
"""

from __future__ import annotations

from collections.abc import Iterator

from .. import lang
from ..ir import program as ir
from ..parse import tree as t
from ..types.typed import Typed
from ..types.world import FieldInfo
from .builder import Builder
from .lock_state import check_guard, held, is_free, reads
from .scopes import Binding, Bound, RecordVars, Scope, Slot, Var
from .symbolic import result_of, source_values
from .values import (
    FALSE, TRUE, Value, arith, binary, both, clip, compare, const, either, if_else, implies, negate, negative,
    within,
)  # fmt: skip


def value(b: Builder, node: t.Node, scope: Scope) -> Value:
    """The value of an expression."""
    if id(node) in b.hoisted:
        return b.hoisted[id(node)]
    match node:
        case t.Global():
            return const(b.world.constant(node.value))
        case t.Local():
            return _local(b, node, scope)
        case t.Attr():
            return read_slot(b, slot_of(b, node, scope), scope, node)
        case t.Item():
            return _item(b, node, scope)
        case t.Number():
            return arith("-", instance(b, node.operand, scope), const(1))
        case t.Unary():
            operand = b.value(node.operand, scope)
            return negate(operand) if node.op == "not" else negative(operand)
        case t.Binary():
            return binary(node.op, b.value(node.left, scope), b.value(node.right, scope))
        case t.Logic():
            return _logic(b, node, scope)
        case t.Cond():
            test = b.value(node.test, scope)
            if test.constant:
                return b.value(node.then if test.lo else node.other, scope)
            return if_else(test, b.under(test, node.then, scope), b.under(negate(test), node.other, scope))
        case t.Quantifier():
            return _quantifier(b, node, scope)
        case t.Call():
            return call_value(b, node, scope)
        case t.LockOp():
            return _lock_value(b, node, scope)
        case t.Old():
            before, b.old = b.old, True
            try:
                return b.value(node.operand, scope)
            finally:
                b.old = before
        case t.Choose():
            text = "choose() where it may not be evaluated"
            raise b.refuse(scope, node, "call-in-condition", text, "Choose in a statement of its own.")
    raise b.refuse(scope, node, "type", f"{t.text(node)} is not a value here", "See LANGUAGE.md.")


def _local(b: Builder, node: t.Local, scope: Scope) -> Value:
    binding = scope.names[node.name]
    if isinstance(binding, Bound):
        return binding.value
    if isinstance(binding, Var):
        return clip(Value(ir.Read(binding.name), binding.lo, binding.hi))
    if isinstance(binding, Slot):
        return read_slot(b, binding, scope, node)
    raise b.refuse(scope, node, "type", f"{node.name} is a record, not a value", "Name one of its fields.")


def _item(b: Builder, node: t.Item, scope: Scope) -> Value:
    if not (isinstance(node.base, t.Global) and isinstance(node.base.value, type)):
        return read_slot(b, slot_of(b, node, scope), scope, node)
    struct = node.base.value
    count = b.world.count(struct)
    index = b.value(node.index, scope)
    message = f"{t.text(node)} is not one of {struct.__name__}[0..{count - 1}]"
    b.check(within(index, 0, count - 1), ir.RANGE, message, scope, node)
    return clip(arith("+", index, const(1)), 1, count)


def _logic(b: Builder, node: t.Logic, scope: Scope) -> Value:
    first, *rest = node.operands
    value = b.value(first, scope)
    for operand in rest:
        if node.op == "or":
            value = value if value == TRUE else either(value, b.under(negate(value), operand, scope))
        elif value == FALSE:
            return FALSE if node.op == "and" else TRUE
        elif node.op == "and":
            value = both(value, b.under(value, operand, scope))
        else:
            value = implies(value, b.under(value, operand, scope))
    return value


def _lock_value(b: Builder, node: t.LockOp, scope: Scope) -> Value:
    """`held`, `held_shared` and `is_locked`."""
    lock = slot_of(b, node.lock, scope)
    if node.op == "held":
        return held(b, lock)
    if node.op == "held_shared":
        return reads(b, lock, b.me)
    if node.op == "is_locked":
        return negate(is_free(b, lock))
    remedy = "Call it in a statement of its own, before."
    raise b.refuse(scope, node, "call-in-condition", f"{node.op}() has effects and stands in a condition", remedy)


# places


def instance(b: Builder, node: t.Node, scope: Scope) -> Value:
    """A reference that must not be None."""
    ref = b.value(node, scope)
    if ref.lo <= 0:
        b.check(compare("!=", ref, FALSE), ir.NULL, f"{t.text(node)} is None", scope, node)
    return clip(ref, 1, max(1, ref.hi))


def slot_of(b: Builder, node: t.Node, scope: Scope) -> Slot:
    """The variable that a Local, Attr or Item names."""
    if isinstance(node, t.Local):
        binding = scope.names[node.name]
        if isinstance(binding, Slot):
            return binding
        if isinstance(binding, Var):
            type_ = scope.typed.locals[node.name]
            return Slot(binding.name, FALSE, type_, None, node.name)
        raise b.refuse(scope, node, "constant", f"{node.name} cannot be changed here", "Use a local.")
    element = None
    if isinstance(node, t.Item):
        element, node = node.index, node.base
    base = node.base
    if isinstance(base, t.Local) and isinstance(scope.names.get(base.name), RecordVars):
        return _record_slot(b, node, base.name, element, scope)
    ref = instance(b, base, scope)
    struct = b.world.struct_of(scope.typed.types[id(base)])
    info = b.world.field(struct.fields[node.name])
    index = arith("*", arith("-", ref, const(1)), const(info.per))
    if element is not None:
        index = arith("+", index, _element(b, node, element, info, scope))
    return Slot(info.var, index, info.type, info, b.world.label(info.field))


def _record_slot(b: Builder, node: t.Attr, name: str, element: t.Node | None, scope: Scope) -> Slot:
    record = scope.typed.types[id(node.base)].record
    info = b.world.field(record.fields[node.name])
    index = FALSE if element is None else _element(b, node, element, info, scope)
    return Slot(scope.names[name].fields[node.name], index, info.type, None, f"{name}.{node.name}")


def _element(b: Builder, node: t.Node, element: t.Node, info: FieldInfo, scope: Scope) -> Value:
    index = b.value(element, scope)
    message = f"{t.text(node)}[{t.text(element)}] is not one of 0..{info.per - 1}"
    b.check(within(index, 0, info.per - 1), ir.RANGE, message, scope, element)
    return clip(index, 0, info.per - 1)


def read_slot(b: Builder, slot: Slot, scope: Scope, node: t.Node) -> Value:
    """The value of a variable; a field that nobody writes is a constant."""
    if slot.info is not None:
        if not slot.info.written:
            return const(slot.info.init)
        check_guard(b, slot, False, scope, node)
    return clip(Value(ir.Read(slot.var, slot.index.expr, b.old), slot.type.lo, slot.type.hi))


# generators


def _quantifier(b: Builder, node: t.Quantifier, scope: Scope) -> Value:
    total = {"any": FALSE, "all": TRUE, "sum": FALSE}[node.kind]
    for condition, inner in _values_of(b, node.over, scope):
        mark = len(b.checks)
        if node.over.condition is not None:
            condition = both(condition, b.under(condition, node.over.condition, inner))
        if condition == FALSE:
            continue
        value = b.under(condition, node.over.value, inner)
        if node.kind == "sum":
            total = arith("+", total, if_else(condition, value, FALSE))
            continue
        done = total if node.kind == "any" else negate(total)
        b.checks[mark:] = [c._replace(cond=either(done, c.cond)) for c in b.checks[mark:]]
        any_ = node.kind == "any"
        total = either(total, both(condition, value)) if any_ else both(total, implies(condition, value))
    return total


def _values_of(b: Builder, over: t.Generator, scope: Scope) -> Iterator[tuple[Value, Scope]]:
    """Each value of a generator's source: the condition under which it is one, and the
    scope in which the variable has it."""
    for condition, value in source_values(b, over.source, scope):
        yield condition, scope.with_names({**scope.names, over.var: Bound(value)})


# calls of functions without effects


def is_quiet(b: Builder, typed: Typed) -> bool:
    """Does the function, with all that it calls, change nothing and wait for nothing?"""
    return b.recall("quiet", typed, lambda: not any(
        f.writes or f.changes_caller or f.waits or f.chooses or f.asserts or _has_while(f.function.body)
        for f in typed.everything_called()
    ))  # fmt: skip


def call_value(b: Builder, node: t.Call, scope: Scope) -> Value:
    """The value of a call, as one expression."""
    typed = scope.typed.calls[id(node)]
    if not is_quiet(b, typed):
        text = f"{typed.function.name}() has effects, and stands where it may not be evaluated"
        raise b.refuse(scope, node, "call-in-condition", text, "Call it in a statement of its own, before.")
    inner = Scope(typed, {}, (*scope.path, typed.function.name), scope.frames)
    for param, arg in zip(typed.function.params, node.args):
        inner.names[param.name] = argument(b, param, arg, scope, typed)
    before, b.hoisted = b.hoisted, {}
    try:
        result = result_of(b, inner)
    finally:
        b.hoisted = before
    return result if result is not None else FALSE


def argument(b: Builder, param: t.Param, arg: t.Node, scope: Scope, typed: Typed) -> Binding:
    """What a parameter stands for: the caller's record or place, or the argument's value."""
    if param.annotation is lang.Place:
        return slot_of(b, arg, scope)
    if isinstance(param.annotation, type) and issubclass(param.annotation, lang.Record):
        return scope.names[arg.name]
    return Bound(_fitting(b, b.value(arg, scope), param, arg, scope, typed))


def _fitting(b: Builder, value: Value, param: t.Param, arg: t.Node, scope: Scope, typed: Typed) -> Value:
    """An argument, checked to be in the range of its parameter."""
    type_ = typed.params[param.name]
    if type_.kind == "int":
        message = f"{param.name} of {typed.function.name}() is outside {type_.lo}..{type_.hi}"
        b.check(within(value, type_.lo, type_.hi), ir.RANGE, message, scope, arg)
    return clip(value, type_.lo, type_.hi)


def _has_while(body: list[t.Stmt]) -> bool:
    return any(isinstance(stmt, t.While) or any(map(_has_while, t.parts(stmt)[1])) for stmt in body)
