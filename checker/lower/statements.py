"""Statements of the model -> the flow graph of a process.

In a model function every shared access begins a step (rule 1 of LANGUAGE.md); inside a
primitive or an atomic group everything belongs to the step that has begun.
"""

from __future__ import annotations

from ..base.errors import ModelError
from ..ir import program as ir
from ..parse import tree as t
from .accesses import accesses
from .assignments import assign, never_changes, variable
from .builder import Builder, Rules
from .calls import begin, has_effects
from .choices import choose_listed
from .expressions import value
from .flow import reads_in
from .graph import FlowNode
from .locking import lock_statement
from .scopes import Bound, Scope, Slot, Var
from .steps import store, wait_for
from .values import CONST_0, FALSE, Value, arith, both, compare, const, negate


def block(b: Builder, body: list[t.Stmt], scope: Scope) -> None:
    """Lower statements; those that break a rule go to `problems`."""
    for stmt in body:
        if b.cur is None:
            return
        try:
            statement(b, stmt, scope)
        except ModelError as error:
            b.problems += error.problems
            b.take_checks()


def statement(b: Builder, stmt: t.Stmt, scope: Scope) -> None:
    """Lower one statement.  Raises ModelError if it breaks a rule of the language."""
    match stmt:
        case t.Assign():
            assign(b, stmt, scope)
        case t.If():
            _if(b, stmt, scope)
        case t.While():
            _while(b, stmt, scope)
        case t.For():
            unrolled = b.atomic is not None or scope.function.kind in ("primitive", "pure")
            (_unrolled if unrolled else _for)(b, stmt, scope)
        case t.Break() | t.Continue():
            b.goto(scope.loops[-1][isinstance(stmt, t.Continue)])
        case t.Return():
            _return(b, stmt, scope)
        case t.Do():
            _do(b, stmt, scope)
        case t.Wait():
            _wait(b, stmt, scope)
        case t.Assert():
            begin(b, stmt, [stmt.condition], scope)
            bad = b.evaluate(stmt.condition, scope)
            name = ir.WARN if stmt.kind == "warn_on" else ir.BUG
            b.check(negate(bad), name, f"{stmt.kind}({t.text(stmt.condition)})", scope, stmt)
            b.flush()
        case t.Atomic():
            _atomic(b, stmt, scope)


# control


def _if(b: Builder, stmt: t.If, scope: Scope) -> None:
    _before(b, stmt, scope)
    begin(b, stmt, [stmt.test], scope)
    test = b.evaluate(stmt.test, scope)
    if test.constant:
        return b.block(stmt.then if test.lo else stmt.other, scope)
    then, other = b.fork(test, b.pos(scope, stmt))
    behind = FlowNode()
    for start, body in ((then, stmt.then), (other, stmt.other)):
        b.at(start)
        b.block(body, scope)
        b.goto(behind)
    b.at(behind)


def _before(b: Builder, stmt: t.If | t.While, scope: Scope) -> None:
    for one in stmt.before:
        statement(b, one, scope)
        if b.atomic is None and accesses(b, one.value, scope) and (found := accesses(b, stmt.test, scope)):
            text = f"a statement touches shared state twice ({t.text(one.value)} and {found[0].text})"
            raise b.refuse(scope, stmt, "two-accesses", text, "Put each in a statement of its own.")


def _while(b: Builder, stmt: t.While, scope: Scope) -> None:
    if b.atomic is not None:
        text = f"`while` of {scope.function.name}() inside an atomic group"
        raise b.refuse(scope, stmt, "loop-in-atomic", text, "for i in range(a, b): is unrolled.")
    head, behind = _head(b, stmt, scope), FlowNode()
    _before(b, stmt, scope)
    begin(b, stmt, [stmt.test], scope)
    test = b.evaluate(stmt.test, scope)
    body, out = b.fork(test, b.pos(scope, stmt))
    b.at(out)
    b.goto(behind)
    b.at(body)
    _body(b, stmt.body, head, behind, scope)
    b.goto(head)
    b.at(behind)


def _head(b: Builder, stmt: t.Stmt, scope: Scope) -> FlowNode:
    """A node that a loop comes back to."""
    head = FlowNode(where=b.place_of_step(ir.Call(b.source_text(stmt)), scope, stmt))
    b.goto(head)
    b.at(head)
    b.starting = False
    return head


def _body(b: Builder, body: list[t.Stmt], again: FlowNode, behind: FlowNode, scope: Scope) -> None:
    scope.loops.append((behind, again))
    b.block(body, scope)
    scope.loops.pop()


def _bounds(b: Builder, stmt: t.For, scope: Scope) -> tuple[Value, Value]:
    """First value of the loop's variable, and the one behind the last."""
    if isinstance(stmt.over, t.Each):
        return const(1), const(b.world.count(stmt.over.struct) + 1)
    begin(b, stmt, [stmt.over.lo, stmt.over.hi], scope)
    lo, hi = b.evaluate(stmt.over.lo, scope), b.evaluate(stmt.over.hi, scope)
    if not never_changes(hi):
        hi = _kept(b, f"{stmt.var}.end", hi, scope)
    return lo, hi


def _kept(b: Builder, name: str, value: Value, scope: Scope) -> Value:
    """A value as it is before the loop; a variable, as it is needed in later steps."""
    variable = b.new_local(scope, name, ir.int_type(value.lo, value.hi))
    b.emit(ir.Assign(variable, CONST_0, value.expr))
    return Value(ir.Read(variable), value.lo, value.hi)


def _for(b: Builder, stmt: t.For, scope: Scope) -> None:
    """A loop that tests behind its body, so that its variable never leaves its range."""
    lo, hi = _bounds(b, stmt, scope)
    type_ = scope.typed.locals[stmt.var]
    behind, again = FlowNode(), FlowNode()
    enter, out = b.fork(compare("<", lo, hi), b.pos(scope, stmt))
    b.at(out)
    b.goto(behind)
    b.at(enter)
    if b.cur is not None:
        var = variable(b, stmt.var, type_, scope)
        if type_.kind == "ref":
            var = scope.names[stmt.var] = Var(var.name, 1, var.hi)
        slot = Slot(var.name, FALSE, type_, None, stmt.var)
        now = Value(ir.Read(var.name), max(var.lo, lo.lo), min(var.hi, hi.hi - 1))
        store(b, slot, lo, scope, stmt)
        head = _head(b, stmt, scope)
        _body(b, stmt.body, again, behind, scope)
        b.goto(again)
        b.at(again)
        more, out = b.fork(compare("<", arith("+", now, const(1)), hi), b.pos(scope, stmt))
        b.at(out)
        b.goto(behind)
        b.at(more)
        step_up = Value(arith("+", now, const(1)).expr, type_.lo, type_.hi)
        store(b, slot, step_up, scope, stmt)
        b.goto(head)
    b.at(behind)


def _unrolled(b: Builder, stmt: t.For, scope: Scope) -> None:
    lo, hi = _bounds(b, stmt, scope)
    if not never_changes(lo):
        lo = _kept(b, f"{stmt.var}.begin", lo, scope)
    behind = FlowNode()
    b.unrolling += 1
    for number in range(lo.lo, hi.hi):
        again = FlowNode()
        here = const(number)
        enter, skip = b.fork(both(compare("<=", lo, here), compare("<", here, hi)), b.pos(scope, stmt))
        b.at(skip)
        b.goto(again)
        b.at(enter)
        scope.names[stmt.var] = Bound(here)
        _body(b, stmt.body, again, behind, scope)
        b.goto(again)
        b.at(again)
    b.unrolling -= 1
    b.goto(behind)
    b.at(behind)


def _return(b: Builder, stmt: t.Return, scope: Scope) -> None:
    if stmt.value is not None:
        begin(b, stmt, [stmt.value], scope)
        result = b.evaluate(stmt.value, scope)
        type_ = scope.typed.result
        if isinstance(scope.result, Var):
            slot = Slot(scope.result.name, FALSE, type_, None, f"the result of {scope.function.name}()")
            store(b, slot, result, scope, stmt)
        elif isinstance(type_, ir.Type) and type_.kind != "void":
            scope.single = _single(b, result, type_, scope, stmt)
    b.goto(scope.exit)


def _single(b: Builder, value: Value, type_: ir.Type, scope: Scope, stmt: t.Return) -> Value:
    """The result of a function with one `return`, good until the caller has used it."""
    checked = value
    if value.lo < type_.lo or value.hi > type_.hi:
        cond = both(compare(">=", value, const(type_.lo)), compare("<=", value, const(type_.hi)))
        label = f"the result of {scope.function.name}()"
        b.check(cond, ir.RANGE, f"{label} is outside {type_.lo}..{type_.hi}", scope, stmt)
        b.flush()
        checked = Value(value.expr, max(value.lo, type_.lo), min(value.hi, type_.hi))
    if all(read.var in b.variables for read in reads_in(value.expr)):
        return checked
    return b.temporary(scope, "return", checked, type_)


# statements that are words


def _do(b: Builder, stmt: t.Do, scope: Scope) -> None:
    if isinstance(stmt.call, t.LockOp):
        return lock_statement(b, stmt.call, scope)
    begin(b, stmt, [stmt.call], scope)
    if id(stmt.call) not in b.hoisted:
        b.evaluate(stmt.call, scope)


def _wait(b: Builder, stmt: t.Wait, scope: Scope) -> None:
    if b.atomic is None:
        b.step(ir.Call(b.source_text(stmt)), scope, stmt)
    if has_effects(b, stmt.condition, scope):
        text = "what is waited for has effects"
        raise b.refuse(scope, stmt, "call-in-condition", text, "Wait for a condition; then do the rest.")
    wait_for(b, b.value(stmt.condition, scope), scope, stmt)


def _atomic(b: Builder, stmt: t.Atomic, scope: Scope) -> None:
    if b.atomic is not None:
        return b.block(stmt.body, scope)
    b.atomic = b.step(ir.Call(stmt.reason), scope, stmt, stmt.reason)
    try:
        b.block(stmt.body, scope)
    finally:
        b.atomic = None


RULES = Rules(value, block, choose_listed)
