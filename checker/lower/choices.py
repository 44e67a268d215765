"""Choices: every value gives a successor."""

from __future__ import annotations

from ..ir import program as ir
from ..parse import tree as t
from .graph import Step
from .scopes import Bound, Scope, Var
from .steps import Steps
from .values import FALSE, TRUE, Value, both, clip, compare, const, either, if_else, negate


class Choices(Steps):
    """Lowers `choose`."""

    def choose(self, node: t.Choose, scope: Scope, into: Var | None) -> Value:
        """Choose; `into` is a local that takes the value if it can hold all of them."""
        if node.over is None:
            return self._choose_listed(node, scope, into)
        over = node.over
        lo, hi, fixed = self._choice_bounds(over, scope)
        if over.condition is not None or not fixed:
            self._conditional_choice(node, scope)
        right = TRUE if lo <= hi else FALSE
        hi = max(lo, hi)
        type_ = self._choice_type(over, scope, lo, hi)
        plain = over.value is None
        if into is not None and plain and into.lo <= lo and hi <= into.hi:
            name = into.name
        elif lo == hi and over.condition is None and right == TRUE and fixed and plain:
            return const(lo)
        else:
            name = self.new_local(scope, over.var or "choice", type_, temporary=True)
        chosen = clip(Value(ir.Read(name), lo, hi))
        inner = scope.with_names({**scope.names, over.var: Bound(chosen)})
        cond = right if fixed else both(right, self._in_span(over.source, chosen, scope))
        if over.condition is not None:
            cond = both(cond, self.under(cond, over.condition, inner))
        checks = self.take_checks()
        for one in checks:
            cond = either(negate(one.cond), cond)
        self.emit(ir.Choose(name, lo, hi, cond.expr, self.pos(scope, node)))
        self.checks = checks + self.checks
        self.flush()
        return chosen if plain else self.evaluate(over.value, inner)

    def _conditional_choice(self, node: t.Choose, scope: Scope) -> None:
        """A choice that perhaps has no value begins a step, or stands where nothing has happened yet."""
        if self.atomic is None:
            begun = self.begun is not None and self.cur is self.begun.node
            if not begun and not self.starting:
                self.step(ir.Call("choose"), scope, node)
        elif self.cur is None or not self._nothing_done(self.atomic):
            text = "a choice under a condition in the middle of a step"
            raise self.refuse(scope, node, "late-wait", text, "Choose first; or end the step before.")

    def _nothing_done(self, step: Step) -> bool:
        same = self.cur is step.node
        return same and all(
            s.var in self.variables for s in self.cur.body if isinstance(s, (ir.Assign, ir.Choose))
        )

    def _choice_bounds(self, over: t.Generator, scope: Scope) -> tuple[int, int, bool]:
        """Least and greatest value of a source, and whether these are constants."""
        if isinstance(over.source, t.Each):
            return 1, self.world.count(over.source.struct), True
        lo, hi = self.evaluate(over.source.lo, scope), self.evaluate(over.source.hi, scope)
        return lo.lo, hi.hi - 1, lo.constant and hi.constant

    def _in_span(self, span: t.Span, chosen: Value, scope: Scope) -> Value:
        lo, hi = self.value(span.lo, scope), self.value(span.hi, scope)
        return both(compare("<=", lo, chosen), compare("<", chosen, hi))

    def _choice_type(self, over: t.Generator, scope: Scope, lo: int, hi: int) -> ir.Type:
        return self.world.ref(over.source.struct) if isinstance(over.source, t.Each) else ir.int_type(lo, hi)

    def _choose_listed(self, node: t.Choose, scope: Scope, into: Var | None) -> Value:
        values = [self.evaluate(value, scope) for value in node.values]
        if all(v.constant for v in values):
            numbers = list(dict.fromkeys(v.lo for v in values))
            values = [const(n) for n in numbers]
            if len(numbers) == 1:
                return values[0]
            if numbers == list(range(numbers[0], numbers[-1] + 1)):
                lo, hi = numbers[0], numbers[-1]
                fits = into is not None and into.lo <= lo and hi <= into.hi
                type_ = scope.typed.types[id(node)]
                name = into.name if fits else self.new_local(scope, "choice", type_, temporary=True)
                self.emit(ir.Choose(name, lo, hi, TRUE.expr, self.pos(scope, node)))
                return Value(ir.Read(name), lo, hi)
        name = self.new_local(scope, "choice", ir.int_type(0, len(values) - 1), temporary=True)
        self.emit(ir.Choose(name, 0, len(values) - 1, TRUE.expr, self.pos(scope, node)))
        chosen = Value(ir.Read(name), 0, len(values) - 1)
        result = values[-1]
        for position in range(len(values) - 2, -1, -1):
            result = if_else(compare("==", chosen, const(position)), values[position], result)
        return result
