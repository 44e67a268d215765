"""Choices: every value gives a successor."""

from __future__ import annotations

from ..ir import program as ir
from ..parse import tree as t
from .builder import Builder
from .graph import BlockHead
from .scopes import Bound, Scope, Var
from .values import FALSE, TRUE, Value, both, clip, compare, const, either, if_else, negate


def choose(b: Builder, node: t.Choose, scope: Scope, into: Var | None) -> Value:
    """Choose; `into` is a local that takes the value if it can hold all of them."""
    if node.over is None:
        return b.rules.choose_listed(b, node, scope, into)
    over = node.over
    lo, hi, fixed = _choice_bounds(b, over, scope)
    if over.condition is not None or not fixed:
        _conditional_choice(b, node, scope)
    right = TRUE if lo <= hi else FALSE
    hi = max(lo, hi)
    type_ = _choice_type(b, over, scope, lo, hi)
    plain = over.value is None
    if into is not None and plain and into.lo <= lo and hi <= into.hi:
        name = into.name
    elif lo == hi and over.condition is None and right == TRUE and fixed and plain:
        return const(lo)
    else:
        name = b.new_local(scope, over.var or "choice", type_, temporary=True)
    chosen = clip(Value(ir.Read(name), lo, hi))
    inner = scope.with_names({**scope.names, over.var: Bound(chosen)})
    cond = right if fixed else both(right, _in_span(b, over.source, chosen, scope))
    if over.condition is not None:
        cond = both(cond, b.under(cond, over.condition, inner))
    checks = b.take_checks()
    for one in checks:
        cond = either(negate(one.cond), cond)
    b.emit(ir.Choose(name, lo, hi, cond.expr, b.pos(scope, node)))
    b.checks = checks + b.checks
    b.flush()
    return chosen if plain else b.evaluate(over.value, inner)


def _conditional_choice(b: Builder, node: t.Choose, scope: Scope) -> None:
    """A choice that perhaps has no value begins a step, or stands where nothing has happened yet."""
    if b.atomic is None:
        begun = b.begun is not None and b.cur is b.begun.node
        if not begun and not b.starting:
            b.step(ir.Call("choose"), scope, node)
    elif b.cur is None or not _nothing_done(b, b.atomic):
        text = "a choice under a condition in the middle of a step"
        raise b.refuse(scope, node, "late-wait", text, "Choose first; or end the step before.")


def _nothing_done(b: Builder, step: BlockHead) -> bool:
    same = b.cur is step.node
    return same and all(s.var in b.variables for s in b.cur.body if isinstance(s, (ir.Assign, ir.Choose)))


def _choice_bounds(b: Builder, over: t.Generator, scope: Scope) -> tuple[int, int, bool]:
    """Least and greatest value of a source, and whether these are constants."""
    if isinstance(over.source, t.Each):
        return 1, b.world.count(over.source.struct), True
    lo, hi = b.evaluate(over.source.lo, scope), b.evaluate(over.source.hi, scope)
    return lo.lo, hi.hi - 1, lo.constant and hi.constant


def _in_span(b: Builder, span: t.Span, chosen: Value, scope: Scope) -> Value:
    lo, hi = b.value(span.lo, scope), b.value(span.hi, scope)
    return both(compare("<=", lo, chosen), compare("<", chosen, hi))


def _choice_type(b: Builder, over: t.Generator, scope: Scope, lo: int, hi: int) -> ir.Type:
    return b.world.ref(over.source.struct) if isinstance(over.source, t.Each) else ir.int_type(lo, hi)


def choose_listed(b: Builder, node: t.Choose, scope: Scope, into: Var | None) -> Value:
    values = [b.evaluate(value, scope) for value in node.values]
    if all(v.constant for v in values):
        numbers = list(dict.fromkeys(v.lo for v in values))
        values = [const(n) for n in numbers]
        if len(numbers) == 1:
            return values[0]
        if numbers == list(range(numbers[0], numbers[-1] + 1)):
            lo, hi = numbers[0], numbers[-1]
            fits = into is not None and into.lo <= lo and hi <= into.hi
            type_ = scope.typed.types[id(node)]
            name = into.name if fits else b.new_local(scope, "choice", type_, temporary=True)
            b.emit(ir.Choose(name, lo, hi, TRUE.expr, b.pos(scope, node)))
            return Value(ir.Read(name), lo, hi)
    name = b.new_local(scope, "choice", ir.int_type(0, len(values) - 1), temporary=True)
    b.emit(ir.Choose(name, 0, len(values) - 1, TRUE.expr, b.pos(scope, node)))
    chosen = Value(ir.Read(name), 0, len(values) - 1)
    result = values[-1]
    for position in range(len(values) - 2, -1, -1):
        result = if_else(compare("==", chosen, const(position)), values[position], result)
    return result
