"""Calls: what cannot be one expression is evaluated before the statement, by inlining."""

from __future__ import annotations

from .. import lang
from ..ir import program as ir
from ..parse import tree as t
from ..types.typed import Typed
from ..types.world import PlaceType, RecordType
from .accesses import accesses, is_plain, parts_of, touches
from .builder import Builder
from .choices import choose
from .expressions import argument, is_quiet, slot_of
from .flow import reads_in, size
from .graph import FlowNode
from .locking import try_lock
from .scopes import Binding, Bound, Scope, Slot, Var
from .values import CONST_0, FALSE, Value, negate

SUBSTITUTED_SIZE = 12  # operators in an argument that may stand wherever its parameter does


def begin(b: Builder, stmt: t.Stmt, values: list[t.Node], scope: Scope, target: t.Node | None = None) -> None:
    """Begin a step if the statement touches shared state; evaluate the calls in `values`."""
    open_step(b, stmt, values, scope, target)
    for value in [*values, *(t.children(target) if target is not None else [])]:
        hoist(b, value, scope)


def open_step(b: Builder, stmt: t.Stmt, values: list[t.Node], scope: Scope, target: t.Node | None = None) -> None:
    """Begin a step if the statement itself is a shared access; refuse it if it has several."""
    if b.atomic is None:
        found = [access for value in values for access in accesses(b, value, scope)]
        if target is not None:
            found += accesses(b, target, scope)
        if len(found) > 1:
            names = " and ".join(dict.fromkeys(access.text for access in found))
            often = "twice" if len(found) == 2 else "several times"
            text = f"a statement touches shared state {often} ({names}); others may run in between"
            remedy = 'Give each a statement of its own, or put all into `with atomic("reason"):`.'
            raise b.refuse(scope, stmt, "two-accesses", text, remedy)
        field = bool(found) and found[0].kind == "field"
        b.begun = b.step(ir.Call(b.source_text(stmt)), scope, stmt) if field else None


def hoist(b: Builder, node: t.Node, scope: Scope, conditional: bool = False, effects_after: bool = False) -> None:
    """Evaluate what in `node` cannot be one expression: calls with steps or effects, choices.

    conditional: `node` is perhaps not evaluated.  effects_after: something behind it in
    the same statement has effects, so what it reads is kept.
    """
    if not effects_after and is_plain(b, node):
        return
    b.hoisted.pop(id(node), None)
    match node:
        case t.Call():
            _hoist_call(b, node, scope, conditional)
        case t.Choose():
            if conditional:
                text = "choose() where it may not be evaluated"
                raise b.refuse(scope, node, "call-in-condition", text, "Choose in a statement of its own.")
            b.hoisted[id(node)] = choose(b, node, scope, None)
        case t.LockOp(op=("try_acquire" | "try_acquire_shared")):
            if not conditional:
                b.hoisted[id(node)] = try_lock(b, node, scope)
        case t.Logic() | t.Cond() if not conditional and _branches(b, node, scope):
            b.hoisted[id(node)] = _by_control_flow(b, node, scope)
        case t.Logic() | t.Cond():
            for part, perhaps in parts_of(b, node, scope):
                hoist(b, part, scope, conditional or perhaps, effects_after)
        case t.Quantifier():
            for child in t.children(node):
                hoist(b, child, scope, True)
        case _:
            children = t.children(node)
            late = [has_effects(b, child, scope) for child in children]
            for position, child in enumerate(children):
                hoist(b, child, scope, conditional, effects_after or any(late[position + 1 :]))
            if effects_after and not conditional and isinstance(node, (t.Attr, t.Item)) and _is_value(node, scope):
                type_ = scope.typed.types[id(node)]
                b.hoisted[id(node)] = b.temporary(scope, "value", b.evaluate(node, scope), type_)


def _is_value(node: t.Node, scope: Scope) -> bool:
    return isinstance(scope.typed.types.get(id(node)), ir.Type)


def has_effects(b: Builder, node: t.Node, scope: Scope) -> bool:
    """Does evaluating `node` change anything?"""
    if is_plain(b, node):
        return False
    if isinstance(node, t.Call) and not is_quiet(b, scope.typed.calls[id(node)]):
        return True
    if isinstance(node, t.LockOp):
        return node.op.startswith("try_")
    return any(has_effects(b, child, scope) for child in t.children(node))


def _branches(b: Builder, node: t.Logic | t.Cond, scope: Scope) -> bool:
    """Do parts that are perhaps not evaluated have effects (but no steps of their own)?"""
    late = [part for part, perhaps in parts_of(b, node, scope) if perhaps]
    if b.atomic is None and any(accesses(b, part, scope) for part in late):
        return False
    return any(has_effects(b, part, scope) for part in late)


def _by_control_flow(b: Builder, node: t.Logic | t.Cond, scope: Scope) -> Value:
    """Evaluate `and`, `or`, `implies` or `a if c else b` with branches."""
    type_ = scope.typed.types[id(node)]
    name = b.new_local(scope, "value", type_, temporary=True)
    behind = FlowNode()
    if isinstance(node, t.Cond):
        hoist(b, node.test, scope)
        arms = b.fork(b.evaluate(node.test, scope), b.pos(scope, node))
        for start, part in zip(arms, (node.then, node.other)):
            b.at(start)
            _evaluate_into(b, name, part, scope)
            b.goto(behind)
    else:
        _evaluate_into(b, name, node.operands[0], scope, node.op == "implies")
        for part in node.operands[1:]:
            yes, no = b.fork(Value(ir.Read(name), 0, 1), b.pos(scope, node))
            b.at(no if node.op == "and" else yes)
            b.goto(behind)
            b.at(yes if node.op == "and" else no)
            _evaluate_into(b, name, part, scope)
        b.goto(behind)
    b.at(behind)
    return Value(ir.Read(name), type_.lo, type_.hi)


def _evaluate_into(b: Builder, name: str, node: t.Node, scope: Scope, negated: bool = False) -> None:
    hoist(b, node, scope)
    value = b.evaluate(node, scope)
    b.emit(ir.Assign(name, CONST_0, (negate(value) if negated else value).expr))


def _hoist_call(b: Builder, node: t.Call, scope: Scope, conditional: bool) -> None:
    callee = scope.typed.calls[id(node)]
    stepping = b.atomic is None and touches(b, callee)
    if conditional and (stepping or not is_quiet(b, callee)):
        text = f"{callee.function.name}() is called where it may not be evaluated"
        raise b.refuse(scope, node, "call-in-condition", text, "Call it in a statement of its own, before.")
    late = [has_effects(b, arg, scope) for arg in node.args]
    for position, (param, arg) in enumerate(zip(callee.function.params, node.args)):
        for part in t.children(arg) if param.annotation is lang.Place else [arg]:
            hoist(b, part, scope, conditional, any(late[position + 1 :]))
    if conditional:
        return
    if stepping or not is_quiet(b, callee) or any(f.loops for f in callee.everything_called()):
        b.hoisted[id(node)] = _inline_call(b, node, scope)


def _inline_call(b: Builder, node: t.Call, scope: Scope) -> Value:
    """Inline a call; its arguments are hoisted already.  The value is valid until
    something changes."""
    callee = scope.typed.calls[id(node)]
    is_step = b.atomic is None and callee.function.kind == "primitive" and touches(b, callee)
    before = b.atomic
    if is_step:
        step = b.step(ir.Call(callee.function.name), scope, node)
        b.atomic = step
    try:
        if is_step and is_quiet(b, callee) and not any(f.loops for f in callee.everything_called()):
            value = b.evaluate(node, scope)
            step.call = _shown_call(b, node, scope)
        else:
            inner = _bind(b, node, callee, scope)
            if is_step:
                step.call = _shown_call(b, node, scope)
            value = inline(b, inner)
    finally:
        b.atomic = before
    if is_step and isinstance(callee.result, ir.Type) and callee.result.kind != "void":
        b.emit(ir.Note("", value.expr, callee.result, b.pos(scope, node)))
    return value


def _shown_call(b: Builder, node: t.Call, scope: Scope) -> ir.Call:
    """A primitive call as pictures show it; arguments that need the step's own
    temporaries are left out later."""
    callee = scope.typed.calls[id(node)]
    before, b.checks = b.checks, []
    args = []
    for param, arg in zip(callee.function.params, node.args):
        type_ = callee.params[param.name]
        if isinstance(type_, ir.Type):
            args.append((param.name, b.value(arg, scope).expr, type_))
    b.checks = before
    return ir.Call(callee.function.name, tuple(args))


def _bind(b: Builder, node: t.Call, callee: Typed, scope: Scope) -> Scope:
    """The scope of an inlined call, in which its parameters stand for the arguments."""
    aliased = _aliased(b, node, callee, scope)
    frames = (*scope.frames, ir.Frame(scope.function.name, b.pos(scope, node)))
    inner = Scope(callee, {}, (*scope.path, callee.function.name), frames)
    for param, arg in zip(callee.function.params, node.args):
        found = argument(b, param, arg, scope, callee)
        b.flush()
        if isinstance(found, Slot) and not _is_stable(b, found.index, aliased, callee):
            index = b.temporary(inner, f"{param.name}.index", found.index, ir.int_type(0, 0))
            found = found._replace(index=index)
        elif isinstance(found, Bound):
            found = _bind_value(b, param, found.value, inner, aliased)
        inner.names[param.name] = found
    return inner


def _bind_value(b: Builder, param: t.Param, value: Value, inner: Scope, aliased: set[str]) -> Binding:
    callee = inner.typed
    written = assignments(callee, param.name) > 0
    if not written and _is_stable(b, value, aliased, callee):
        return Bound(value)
    type_ = callee.params[param.name]
    name = b.new_local(inner, param.name, type_, temporary=b.atomic is not None)
    b.emit(ir.Assign(name, CONST_0, value.expr))
    return Var(name, type_.lo, type_.hi) if written else Var(name, value.lo, value.hi)


def _aliased(b: Builder, node: t.Call, callee: Typed, scope: Scope) -> set[str]:
    """The locals that a call may change: its records, and what its Places stand for."""
    found: set[str] = set()
    for param, arg in zip(callee.function.params, node.args):
        type_ = callee.params[param.name]
        if isinstance(type_, RecordType):
            found.update(scope.names[arg.name].fields.values())
        elif isinstance(type_, PlaceType) and not (type_.field and issubclass(type_.field.struct, lang.Struct)):
            before, b.checks = b.checks, []
            found.add(slot_of(b, arg, scope).var)
            b.checks = before
    return found


def _is_stable(b: Builder, value: Value, aliased: set[str], callee: Typed) -> bool:
    """Does `value` stay what it is while `callee` runs, at no price in states?"""
    if value.constant:
        return True
    quiet = is_quiet(b, callee)
    for read in reads_in(value.expr):
        if read.var in b.variables:
            if read.var in aliased and not quiet:
                return False
        elif not (quiet and b.atomic is not None):
            return False
    if b.atomic is None:
        return isinstance(value.expr, ir.Read) or not any(True for _ in reads_in(value.expr))
    return size(value.expr) <= SUBSTITUTED_SIZE


def inline(b: Builder, inner: Scope) -> Value:
    """Inline the body of a function whose parameters are bound; the value that it returns."""
    callee = inner.typed
    inner.exit = FlowNode()
    returns = _returns(callee.function.body)
    single = len(returns) == 1 and returns[0] is callee.function.body[-1]
    if isinstance(callee.result, ir.Type) and callee.result.kind != "void" and not single:
        type_ = callee.result
        inner.result = Var(b.new_local(inner, "return", type_, temporary=True), type_.lo, type_.hi)
    b.block(callee.function.body, inner)
    b.goto(inner.exit)
    b.at(inner.exit)
    if inner.single is not None:
        return inner.single
    if isinstance(inner.result, Var):
        return Value(ir.Read(inner.result.name), inner.result.lo, inner.result.hi)
    return FALSE


def assignments(typed: Typed, name: str) -> int:
    """How many statements may change a local."""
    return typed.function.assigned.get(name, 0) + 2 * (name in typed.placed)


def _returns(body: list[t.Stmt]) -> list[t.Return]:
    found = []
    for stmt in body:
        if isinstance(stmt, t.Return):
            found.append(stmt)
        for inner in t.parts(stmt)[1]:
            found += _returns(inner)
    return found
