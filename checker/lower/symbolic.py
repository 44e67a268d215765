"""Functions without effects, evaluated symbolically: a call becomes one expression."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..ir import program as ir
from ..parse import tree as t
from .scopes import Bound, Scope
from .values import Value, both, clip, if_else, negate, within

if TYPE_CHECKING:
    from .expressions import Expressions

ITERATION, LOOP = "iteration", "loop"  # marks where an iteration, or a loop, ends


class Symbolic:
    """Evaluates the body of a function without effects to one expression."""

    def __init__(self, lowering: Expressions, scope: Scope) -> None:
        self.lowering, self.scope = lowering, scope

    def run(self) -> Value | None:
        return self._items(list(self.scope.function.body), self.scope)

    def _items(self, items: list[Any], scope: Scope) -> Value | None:
        """The result of executing `items` (statements, bindings, marks); None if nothing is returned."""
        for position, item in enumerate(items):
            rest = items[position + 1 :]
            match item:
                case t.Assign():
                    self._assign(item, scope)
                case t.Return():
                    return self._result(item, scope)
                case t.If():
                    for one in item.before:
                        self._assign(one, scope)
                    test = self.lowering.value(item.test, scope)
                    if test.constant:
                        return self._items((item.then if test.lo else item.other) + rest, scope)
                    if _jumps(item):
                        return self._split(test, item.then + rest, item.other + rest, scope)
                    self._merge(test, item, scope)
                case t.For():
                    return self._items(self._unrolled(item, scope) + rest, scope)
                case (Value() as condition, body):
                    if condition.constant:
                        return self._items(body + rest, scope)
                    return self._split(condition, body + rest, rest, scope)
                case (str() as name, Value() as value):
                    scope.names[name] = Bound(value)
                case t.Break():
                    return self._items(rest[rest.index(LOOP) + 1 :], scope)
                case t.Continue():
                    return self._items(rest[rest.index(ITERATION) + 1 :], scope)
                case t.Do() | t.Atomic():
                    if isinstance(item, t.Atomic):
                        return self._items(item.body + rest, scope)
        return None

    def _result(self, stmt: t.Return, scope: Scope) -> Value | None:
        if stmt.value is None:
            return None
        label = f"the result of {scope.function.name}()"
        return self._fitting(self.lowering.value(stmt.value, scope), scope.typed.result, label, stmt, scope)

    def _assign(self, stmt: t.Assign, scope: Scope) -> None:
        name = stmt.target.name
        value = self.lowering.value(stmt.value, scope)
        scope.names[name] = Bound(self._fitting(value, scope.typed.locals[name], name, stmt, scope))

    def _fitting(self, value: Value, type_: Any, label: str, stmt: t.Stmt, scope: Scope) -> Value:
        """`value`, checked to be in the range of `type_`."""
        if not isinstance(type_, ir.Type) or type_.kind != "int":
            return value
        message = f"{label} is outside {type_.lo}..{type_.hi}"
        self.lowering.check(within(value, type_.lo, type_.hi), ir.RANGE, message, scope, stmt)
        return clip(value, type_.lo, type_.hi)

    def _unrolled(self, loop: t.For, scope: Scope) -> list[Any]:
        items: list[Any] = []
        for condition, value in self.lowering.source_values(loop.over, scope):
            items += [(condition, [(loop.var, value), *loop.body]), ITERATION]
        return [*items, LOOP]

    def _branch(self, condition: Value, items: list[Any], scope: Scope) -> tuple[Value | None, Scope]:
        inner = scope.with_names(dict(scope.names))
        before, self.lowering.path = self.lowering.path, both(self.lowering.path, condition)
        try:
            return self._items(items, inner), inner
        finally:
            self.lowering.path = before

    def _split(self, test: Value, then: list[Any], other: list[Any], scope: Scope) -> Value | None:
        left, _ = self._branch(test, then, scope)
        right, _ = self._branch(negate(test), other, scope)
        if left is None or right is None:
            return left if right is None else right
        return if_else(test, left, right)

    def _merge(self, test: Value, stmt: t.If, scope: Scope) -> None:
        _, left = self._branch(test, stmt.then, scope)
        _, right = self._branch(negate(test), stmt.other, scope)
        for name in {**left.names, **right.names}:
            one, two = left.names.get(name), right.names.get(name)
            if one is two:
                continue
            if isinstance(one, Bound) and isinstance(two, Bound):
                scope.names[name] = Bound(if_else(test, one.value, two.value))
            else:  # set on one side only, so nobody reads it behind the `if`
                scope.names[name] = one or two


def _jumps(stmt: t.Stmt) -> bool:
    """May control leave `stmt` other than at its end?"""
    if isinstance(stmt, (t.Return, t.Break, t.Continue, t.For)):
        return True
    return any(_jumps(inner) for body in t.parts(stmt)[1] for inner in body)
