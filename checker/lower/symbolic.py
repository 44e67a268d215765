"""Functions without effects, evaluated symbolically: a call becomes one expression."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..ir import program as ir
from ..parse import tree as t
from .builder import Builder
from .scopes import Bound, Scope
from .values import FALSE, TRUE, Value, both, clip, compare, const, if_else, negate, within

ITERATION, LOOP = "iteration", "loop"  # marks where an iteration, or a loop, ends


def result_of(b: Builder, scope: Scope) -> Value | None:
    """What the function of `scope`, whose parameters are bound, returns; None if nothing."""
    return _items(b, list(scope.function.body), scope)


def _items(b: Builder, items: list[Any], scope: Scope) -> Value | None:
    """The result of executing `items` (statements, bindings, marks); None if nothing is returned."""
    for position, item in enumerate(items):
        rest = items[position + 1 :]
        match item:
            case t.Assign():
                _assign(b, item, scope)
            case t.Return():
                return _result(b, item, scope)
            case t.If():
                for one in item.before:
                    _assign(b, one, scope)
                test = b.value(item.test, scope)
                if test.constant:
                    return _items(b, (item.then if test.lo else item.other) + rest, scope)
                if _jumps(item):
                    return _split(b, test, item.then + rest, item.other + rest, scope)
                _merge(b, test, item, scope)
            case t.For():
                return _items(b, _unrolled(b, item, scope) + rest, scope)
            case (Value() as condition, body):
                if condition.constant:
                    return _items(b, body + rest, scope)
                return _split(b, condition, body + rest, rest, scope)
            case (str() as name, Value() as value):
                scope.names[name] = Bound(value)
            case t.Break():
                return _items(b, rest[rest.index(LOOP) + 1 :], scope)
            case t.Continue():
                return _items(b, rest[rest.index(ITERATION) + 1 :], scope)
            case t.Do() | t.Atomic():
                if isinstance(item, t.Atomic):
                    return _items(b, item.body + rest, scope)
    return None


def _result(b: Builder, stmt: t.Return, scope: Scope) -> Value | None:
    if stmt.value is None:
        return None
    label = f"the result of {scope.function.name}()"
    return _fitting(b, b.value(stmt.value, scope), scope.typed.result, label, stmt, scope)


def _assign(b: Builder, stmt: t.Assign, scope: Scope) -> None:
    name = stmt.target.name
    value = b.value(stmt.value, scope)
    scope.names[name] = Bound(_fitting(b, value, scope.typed.locals[name], name, stmt, scope))


def _fitting(b: Builder, value: Value, type_: Any, label: str, stmt: t.Stmt, scope: Scope) -> Value:
    """`value`, checked to be in the range of `type_`."""
    if not isinstance(type_, ir.Type) or type_.kind != "int":
        return value
    message = f"{label} is outside {type_.lo}..{type_.hi}"
    b.check(within(value, type_.lo, type_.hi), ir.RANGE, message, scope, stmt)
    return clip(value, type_.lo, type_.hi)


def _unrolled(b: Builder, loop: t.For, scope: Scope) -> list[Any]:
    items: list[Any] = []
    for condition, value in source_values(b, loop.over, scope):
        items += [(condition, [(loop.var, value), *loop.body]), ITERATION]
    return [*items, LOOP]


def _branch(b: Builder, condition: Value, items: list[Any], scope: Scope) -> tuple[Value | None, Scope]:
    inner = scope.with_names(dict(scope.names))
    before, b.path = b.path, both(b.path, condition)
    try:
        return _items(b, items, inner), inner
    finally:
        b.path = before


def _split(b: Builder, test: Value, then: list[Any], other: list[Any], scope: Scope) -> Value | None:
    left, _ = _branch(b, test, then, scope)
    right, _ = _branch(b, negate(test), other, scope)
    if left is None or right is None:
        return left if right is None else right
    return if_else(test, left, right)


def _merge(b: Builder, test: Value, stmt: t.If, scope: Scope) -> None:
    _, left = _branch(b, test, stmt.then, scope)
    _, right = _branch(b, negate(test), stmt.other, scope)
    for name in {**left.names, **right.names}:
        one, two = left.names.get(name), right.names.get(name)
        if one is two:
            continue
        if isinstance(one, Bound) and isinstance(two, Bound):
            scope.names[name] = Bound(if_else(test, one.value, two.value))
        else:  # set on one side only, so nobody reads it behind the `if`
            scope.names[name] = one or two


def source_values(b: Builder, source: t.Each | t.Span, scope: Scope) -> Iterator[tuple[Value, Value]]:
    """Each value that a loop may visit, in order, and the condition under which it does."""
    if isinstance(source, t.Each):
        for number in range(1, b.world.count(source.struct) + 1):
            yield TRUE, const(number)
        return
    lo, hi = b.value(source.lo, scope), b.value(source.hi, scope)
    for number in range(lo.lo, hi.hi):
        value = const(number)
        condition = both(compare("<=", lo, value), compare("<", value, hi))
        if condition != FALSE:
            yield condition, value


def _jumps(stmt: t.Stmt) -> bool:
    """May control leave `stmt` other than at its end?"""
    if isinstance(stmt, (t.Return, t.Break, t.Continue, t.For)):
        return True
    return any(_jumps(inner) for body in t.parts(stmt)[1] for inner in body)
