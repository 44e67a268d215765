"""Expressions of the model -> expressions of the IR, with the checks that they need.

Nothing here changes the state.  Functions without effects are evaluated symbolically: a
call becomes one expression of its arguments.
"""

from __future__ import annotations

from collections.abc import Iterator

from .. import lang
from ..base.errors import ModelError, Problem
from ..ir import program as ir
from ..parse import tree as t
from ..types.infer import Typed
from ..types.world import FieldInfo, World
from .scopes import Binding, Bound, Checked, RecordVars, Scope, Slot, Var
from .symbolic import Symbolic
from .values import (
    FALSE,
    TRUE,
    Value,
    arith,
    binary,
    both,
    clip,
    compare,
    const,
    either,
    follows,
    if_else,
    implies,
    negate,
    negative,
    within,
)


class Expressions:
    """Lowers expressions.  `checks` collects what they need; whoever uses the value takes them.

    path: the condition under which the expression at hand is evaluated at all.
    guarded: whether accesses need the locks declared with guard= (not in the setup, not
    in properties).
    """

    def __init__(self, world: World, path_of: dict[str, str]) -> None:
        self.world, self.file_names = world, path_of
        self.checks: list[Checked] = []
        self.path: Value = TRUE
        self.old = False
        self.guarded = True
        self.hoisted: dict[int, Value] = {}
        self._quiet: dict[int, bool] = {}

    # helpers

    def refuse(self, scope: Scope, node: t.Node, rule: str, text: str, remedy: str) -> ModelError:
        function = scope.function
        return ModelError(Problem(function.file, node.line, rule, f"in {function.name}(): {text}", remedy))

    def pos(self, scope: Scope, node: t.Node) -> ir.Pos:
        return ir.Pos(self.file_names[scope.function.file], node.line)

    def check(self, cond: Value, name: str, message: str, scope: Scope, node: t.Node) -> None:
        """Demand `cond` wherever the expression at hand is evaluated."""
        if follows(self.path.expr, cond.expr):
            return
        cond = implies(self.path, cond)
        if not (cond.constant and cond.lo):
            self.checks.append(
                Checked(cond, name, f"{scope.function.name}(): {message}", self.pos(scope, node))
            )

    def take_checks(self) -> list[Checked]:
        taken, self.checks = self.checks, []
        return taken

    def under(self, condition: Value, node: t.Node, scope: Scope) -> Value:
        """The value of `node`, which is evaluated only if `condition` is true."""
        before, self.path = self.path, both(self.path, condition)
        try:
            return self.value(node, scope)
        finally:
            self.path = before

    # dispatch

    def value(self, node: t.Node, scope: Scope) -> Value:
        """The value of an expression."""
        if id(node) in self.hoisted:
            return self.hoisted[id(node)]
        match node:
            case t.Global():
                return const(self.world.constant(node.value))
            case t.Local():
                return self._local(node, scope)
            case t.Attr():
                return self.read(self.slot(node, scope), scope, node)
            case t.Item():
                return self._item(node, scope)
            case t.Number():
                return arith("-", self.instance(node.operand, scope), const(1))
            case t.Unary():
                operand = self.value(node.operand, scope)
                return negate(operand) if node.op == "not" else negative(operand)
            case t.Binary():
                return binary(node.op, self.value(node.left, scope), self.value(node.right, scope))
            case t.Logic():
                return self._logic(node, scope)
            case t.Cond():
                test = self.value(node.test, scope)
                if test.constant:
                    return self.value(node.then if test.lo else node.other, scope)
                return if_else(
                    test, self.under(test, node.then, scope), self.under(negate(test), node.other, scope)
                )
            case t.Quantifier():
                return self._quantifier(node, scope)
            case t.Call():
                return self.call(node, scope)
            case t.LockOp():
                return self.lock_value(node, scope)
            case t.Old():
                before, self.old = self.old, True
                try:
                    return self.value(node.operand, scope)
                finally:
                    self.old = before
            case t.Choose():
                text = "choose() where it may not be evaluated"
                raise self.refuse(scope, node, "call-in-condition", text, "Choose in a statement of its own.")
        raise self.refuse(scope, node, "type", f"{t.text(node)} is not a value here", "See LANGUAGE.md.")

    def lock_value(self, node: t.LockOp, scope: Scope) -> Value:
        raise NotImplementedError

    def _local(self, node: t.Local, scope: Scope) -> Value:
        binding = scope.names[node.name]
        if isinstance(binding, Bound):
            return binding.value
        if isinstance(binding, Var):
            return clip(Value(ir.Read(binding.name), binding.lo, binding.hi))
        if isinstance(binding, Slot):
            return self.read(binding, scope, node)
        raise self.refuse(
            scope, node, "type", f"{node.name} is a record, not a value", "Name one of its fields."
        )

    def _item(self, node: t.Item, scope: Scope) -> Value:
        if not (isinstance(node.base, t.Global) and isinstance(node.base.value, type)):
            return self.read(self.slot(node, scope), scope, node)
        struct = node.base.value
        count = self.world.count(struct)
        index = self.value(node.index, scope)
        message = f"{t.text(node)} is not one of {struct.__name__}[0..{count - 1}]"
        self.check(within(index, 0, count - 1), ir.RANGE, message, scope, node)
        return clip(arith("+", index, const(1)), 1, count)

    def _logic(self, node: t.Logic, scope: Scope) -> Value:
        first, *rest = node.operands
        value = self.value(first, scope)
        for operand in rest:
            if node.op == "or":
                value = value if value == TRUE else either(value, self.under(negate(value), operand, scope))
            elif value == FALSE:
                return FALSE if node.op == "and" else TRUE
            elif node.op == "and":
                value = both(value, self.under(value, operand, scope))
            else:
                value = implies(value, self.under(value, operand, scope))
        return value

    # places

    def instance(self, node: t.Node, scope: Scope) -> Value:
        """A reference that must not be None."""
        ref = self.value(node, scope)
        if ref.lo <= 0:
            self.check(compare("!=", ref, FALSE), ir.NULL, f"{t.text(node)} is None", scope, node)
        return clip(ref, 1, max(1, ref.hi))

    def slot(self, node: t.Node, scope: Scope) -> Slot:
        """The variable that a Local, Attr or Item names."""
        if isinstance(node, t.Local):
            binding = scope.names[node.name]
            if isinstance(binding, Slot):
                return binding
            if isinstance(binding, Var):
                type_ = scope.typed.locals[node.name]
                return Slot(binding.name, FALSE, type_, None, node.name)
            raise self.refuse(scope, node, "constant", f"{node.name} cannot be changed here", "Use a local.")
        element = None
        if isinstance(node, t.Item):
            element, node = node.index, node.base
        base = node.base
        if isinstance(base, t.Local) and isinstance(scope.names.get(base.name), RecordVars):
            return self._record_slot(node, base.name, element, scope)
        ref = self.instance(base, scope)
        struct = self.world.struct_of(scope.typed.types[id(base)])
        info = self.world.field(struct.fields[node.name])
        index = arith("*", arith("-", ref, const(1)), const(info.per))
        if element is not None:
            index = arith("+", index, self._element(node, element, info, scope))
        return Slot(info.var, index, info.type, info, self.world.label(info.field))

    def _record_slot(self, node: t.Attr, name: str, element: t.Node | None, scope: Scope) -> Slot:
        record = scope.typed.types[id(node.base)].record
        info = self.world.field(record.fields[node.name])
        index = FALSE if element is None else self._element(node, element, info, scope)
        return Slot(scope.names[name].fields[node.name], index, info.type, None, f"{name}.{node.name}")

    def _element(self, node: t.Node, element: t.Node, info: FieldInfo, scope: Scope) -> Value:
        index = self.value(element, scope)
        message = f"{t.text(node)}[{t.text(element)}] is not one of 0..{info.per - 1}"
        self.check(within(index, 0, info.per - 1), ir.RANGE, message, scope, element)
        return clip(index, 0, info.per - 1)

    def read(self, slot: Slot, scope: Scope, node: t.Node) -> Value:
        """The value of a variable; a field that nobody writes is a constant."""
        if slot.info is not None:
            if not slot.info.written:
                return const(slot.info.init)
            self.check_guard(slot, False, scope, node)
        return clip(Value(ir.Read(slot.var, slot.index.expr, self.old), slot.type.lo, slot.type.hi))

    def check_guard(self, slot: Slot, write: bool, scope: Scope, node: t.Node) -> None:
        raise NotImplementedError

    # generators

    def _quantifier(self, node: t.Quantifier, scope: Scope) -> Value:
        total = {"any": FALSE, "all": TRUE, "sum": FALSE}[node.kind]
        for condition, inner in self.values_of(node.over, scope):
            mark = len(self.checks)
            if node.over.condition is not None:
                condition = both(condition, self.under(condition, node.over.condition, inner))
            if condition == FALSE:
                continue
            value = self.under(condition, node.over.value, inner)
            if node.kind == "sum":
                total = arith("+", total, if_else(condition, value, FALSE))
                continue
            done = total if node.kind == "any" else negate(total)
            self.checks[mark:] = [c._replace(cond=either(done, c.cond)) for c in self.checks[mark:]]
            total = (
                either(total, both(condition, value))
                if node.kind == "any"
                else both(total, implies(condition, value))
            )
        return total

    def values_of(self, over: t.Generator, scope: Scope) -> Iterator[tuple[Value, Scope]]:
        """Each value of a generator's source: the condition under which it is one, and the
        scope in which the variable has it."""
        for condition, value in self.source_values(over.source, scope):
            yield condition, scope.with_names({**scope.names, over.var: Bound(value)})

    def source_values(self, source: t.Each | t.Span, scope: Scope) -> Iterator[tuple[Value, Value]]:
        """Each value that a loop may visit, in order, and the condition under which it does."""
        if isinstance(source, t.Each):
            for number in range(1, self.world.count(source.struct) + 1):
                yield TRUE, const(number)
            return
        lo, hi = self.value(source.lo, scope), self.value(source.hi, scope)
        for number in range(lo.lo, hi.hi):
            value = const(number)
            condition = both(compare("<=", lo, value), compare("<", value, hi))
            if condition != FALSE:
                yield condition, value

    # calls of functions without effects

    def quiet(self, typed: Typed) -> bool:
        """Does the function, with all that it calls, change nothing and wait for nothing?"""
        found = self._quiet.get(id(typed))
        if found is None:
            found = not any(
                f.writes
                or f.changes_caller
                or f.waits
                or f.chooses
                or f.asserts
                or _has_while(f.function.body)
                for f in typed.everything_called()
            )
            self._quiet[id(typed)] = found
        return found

    def call(self, node: t.Call, scope: Scope) -> Value:
        """The value of a call, as one expression."""
        typed = scope.typed.calls[id(node)]
        if not self.quiet(typed):
            text = f"{typed.function.name}() has effects, and stands where it may not be evaluated"
            raise self.refuse(
                scope, node, "call-in-condition", text, "Call it in a statement of its own, before."
            )
        inner = Scope(typed, {}, (*scope.path, typed.function.name), scope.frames)
        for param, arg in zip(typed.function.params, node.args):
            inner.names[param.name] = self.argument(param, arg, scope, typed)
        before, self.hoisted = self.hoisted, {}
        try:
            value = Symbolic(self, inner).run()
        finally:
            self.hoisted = before
        return value if value is not None else FALSE

    def argument(self, param: t.Param, arg: t.Node, scope: Scope, typed: Typed) -> Binding:
        """What a parameter stands for: the caller's record or place, or the argument's value."""
        if param.annotation is lang.Place:
            return self.slot(arg, scope)
        if isinstance(param.annotation, type) and issubclass(param.annotation, lang.Record):
            return scope.names[arg.name]
        return Bound(self.fitting(self.value(arg, scope), param, arg, scope, typed))

    def fitting(self, value: Value, param: t.Param, arg: t.Node, scope: Scope, typed: Typed) -> Value:
        """An argument, checked to be in the range of its parameter."""
        type_ = typed.params[param.name]
        if type_.kind == "int":
            message = f"{param.name} of {typed.function.name}() is outside {type_.lo}..{type_.hi}"
            self.check(within(value, type_.lo, type_.hi), ir.RANGE, message, scope, arg)
        return clip(value, type_.lo, type_.hi)


def _has_while(body: list[t.Stmt]) -> bool:
    return any(isinstance(stmt, t.While) or any(map(_has_while, t.parts(stmt)[1])) for stmt in body)
