"""Calls: what cannot be one expression is evaluated before the statement, by inlining."""

from __future__ import annotations

from .. import lang
from ..ir import program as ir
from ..parse import tree as t
from ..types.infer import Typed
from ..types.world import PlaceType, RecordType
from .choices import Choices
from .flow import reads_in, size
from .graph import Node
from .scopes import Binding, Bound, Scope, Slot, Var
from .values import CONST_0, FALSE, Value, negate

SUBSTITUTED_SIZE = 12  # operators in an argument that may stand wherever its parameter does


class Calls(Choices):
    """Inlines calls."""

    def hoist(
        self, node: t.Node, scope: Scope, conditional: bool = False, effects_after: bool = False
    ) -> None:
        """Evaluate what in `node` cannot be one expression: calls with steps or effects, choices.

        conditional: `node` is perhaps not evaluated.  effects_after: something behind it in
        the same statement has effects, so what it reads is kept.
        """
        if not effects_after and self.is_plain(node):
            return
        self.hoisted.pop(id(node), None)
        match node:
            case t.Call():
                self._hoist_call(node, scope, conditional)
            case t.Choose():
                if conditional:
                    text = "choose() where it may not be evaluated"
                    raise self.refuse(
                        scope, node, "call-in-condition", text, "Choose in a statement of its own."
                    )
                self.hoisted[id(node)] = self.choose(node, scope, None)
            case t.LockOp(op=("try_acquire" | "try_acquire_shared")):
                if not conditional:
                    self.hoisted[id(node)] = self.try_lock(node, scope)
            case t.Logic() | t.Cond() if not conditional and self._branches(node, scope):
                self.hoisted[id(node)] = self._by_control_flow(node, scope)
            case t.Logic() | t.Cond():
                for part, perhaps in self.parts_of(node, scope):
                    self.hoist(part, scope, conditional or perhaps, effects_after)
            case t.Quantifier():
                for child in t.children(node):
                    self.hoist(child, scope, True)
            case _:
                children = t.children(node)
                late = [self.has_effects(child, scope) for child in children]
                for position, child in enumerate(children):
                    self.hoist(child, scope, conditional, effects_after or any(late[position + 1 :]))
                if (
                    effects_after
                    and not conditional
                    and isinstance(node, (t.Attr, t.Item))
                    and self._is_value(node, scope)
                ):
                    type_ = scope.typed.types[id(node)]
                    self.hoisted[id(node)] = self.temporary(scope, "value", self.evaluate(node, scope), type_)

    def _is_value(self, node: t.Node, scope: Scope) -> bool:
        return isinstance(scope.typed.types.get(id(node)), ir.Type)

    def has_effects(self, node: t.Node, scope: Scope) -> bool:
        """Does evaluating `node` change anything?"""
        if self.is_plain(node):
            return False
        if isinstance(node, t.Call) and not self.quiet(scope.typed.calls[id(node)]):
            return True
        if isinstance(node, t.LockOp):
            return node.op.startswith("try_")
        return any(self.has_effects(child, scope) for child in t.children(node))

    def _branches(self, node: t.Logic | t.Cond, scope: Scope) -> bool:
        """Do parts that are perhaps not evaluated have effects (but no steps of their own)?"""
        late = [part for part, perhaps in self.parts_of(node, scope) if perhaps]
        if self.atomic is None and any(self.accesses(part, scope) for part in late):
            return False
        return any(self.has_effects(part, scope) for part in late)

    def _by_control_flow(self, node: t.Logic | t.Cond, scope: Scope) -> Value:
        """Evaluate `and`, `or`, `implies` or `a if c else b` with branches."""
        type_ = scope.typed.types[id(node)]
        name = self.new_local(scope, "value", type_, temporary=True)
        behind = Node()
        if isinstance(node, t.Cond):
            self.hoist(node.test, scope)
            arms = self.fork(self.evaluate(node.test, scope), self.pos(scope, node))
            for start, part in zip(arms, (node.then, node.other)):
                self.at(start)
                self._evaluate_into(name, part, scope)
                self.goto(behind)
        else:
            self._evaluate_into(name, node.operands[0], scope, node.op == "implies")
            for part in node.operands[1:]:
                yes, no = self.fork(Value(ir.Read(name), 0, 1), self.pos(scope, node))
                self.at(no if node.op == "and" else yes)
                self.goto(behind)
                self.at(yes if node.op == "and" else no)
                self._evaluate_into(name, part, scope)
            self.goto(behind)
        self.at(behind)
        return Value(ir.Read(name), type_.lo, type_.hi)

    def _evaluate_into(self, name: str, node: t.Node, scope: Scope, negated: bool = False) -> None:
        self.hoist(node, scope)
        value = self.evaluate(node, scope)
        self.emit(ir.Assign(name, CONST_0, (negate(value) if negated else value).expr))

    def _hoist_call(self, node: t.Call, scope: Scope, conditional: bool) -> None:
        callee = scope.typed.calls[id(node)]
        stepping = self.atomic is None and self.touches(callee)
        if conditional and (stepping or not self.quiet(callee)):
            text = f"{callee.function.name}() is called where it may not be evaluated"
            raise self.refuse(
                scope, node, "call-in-condition", text, "Call it in a statement of its own, before."
            )
        late = [self.has_effects(arg, scope) for arg in node.args]
        for position, (param, arg) in enumerate(zip(callee.function.params, node.args)):
            for part in t.children(arg) if param.annotation is lang.Place else [arg]:
                self.hoist(part, scope, conditional, any(late[position + 1 :]))
        if conditional:
            return
        if stepping or not self.quiet(callee) or any(f.loops for f in callee.everything_called()):
            self.hoisted[id(node)] = self.inline_call(node, scope)

    def inline_call(self, node: t.Call, scope: Scope) -> Value:
        """Inline a call; its arguments are hoisted already.  The value is valid until
        something changes."""
        callee = scope.typed.calls[id(node)]
        is_step = self.atomic is None and callee.function.kind == "primitive" and self.touches(callee)
        before = self.atomic
        if is_step:
            step = self.step(ir.Call(callee.function.name), scope, node)
            self.atomic = step
        try:
            if is_step and self.quiet(callee) and not any(f.loops for f in callee.everything_called()):
                value = self.evaluate(node, scope)
                step.call = self._shown_call(node, scope)
            else:
                inner = self.bind(node, callee, scope)
                if is_step:
                    step.call = self._shown_call(node, scope)
                value = self.inline(inner)
        finally:
            self.atomic = before
        if is_step and isinstance(callee.result, ir.Type) and callee.result.kind != "void":
            self.emit(ir.Note("", value.expr, callee.result, self.pos(scope, node)))
        return value

    def _shown_call(self, node: t.Call, scope: Scope) -> ir.Call:
        """A primitive call as pictures show it; arguments that need the step's own
        temporaries are left out later."""
        callee = scope.typed.calls[id(node)]
        before, self.checks = self.checks, []
        args = []
        for param, arg in zip(callee.function.params, node.args):
            type_ = callee.params[param.name]
            if isinstance(type_, ir.Type):
                args.append((param.name, self.value(arg, scope).expr, type_))
        self.checks = before
        return ir.Call(callee.function.name, tuple(args))

    def bind(self, node: t.Call, callee: Typed, scope: Scope) -> Scope:
        """The scope of an inlined call, in which its parameters stand for the arguments."""
        aliased = self._aliased(node, callee, scope)
        frames = (*scope.frames, ir.Frame(scope.function.name, self.pos(scope, node)))
        inner = Scope(callee, {}, (*scope.path, callee.function.name), frames)
        for param, arg in zip(callee.function.params, node.args):
            found = self.argument(param, arg, scope, callee)
            self.flush()
            if isinstance(found, Slot) and not self.is_stable(found.index, aliased, callee):
                index = self.temporary(inner, f"{param.name}.index", found.index, ir.int_type(0, 0))
                found = found._replace(index=index)
            elif isinstance(found, Bound):
                found = self._bind_value(param, found.value, inner, aliased)
            inner.names[param.name] = found
        return inner

    def _bind_value(self, param: t.Param, value: Value, inner: Scope, aliased: set[str]) -> Binding:
        callee = inner.typed
        written = assignments(callee, param.name) > 0
        if not written and self.is_stable(value, aliased, callee):
            return Bound(value)
        type_ = callee.params[param.name]
        name = self.new_local(inner, param.name, type_, temporary=self.atomic is not None)
        self.emit(ir.Assign(name, CONST_0, value.expr))
        return Var(name, type_.lo, type_.hi) if written else Var(name, value.lo, value.hi)

    def _aliased(self, node: t.Call, callee: Typed, scope: Scope) -> set[str]:
        """The locals that a call may change: its records, and what its Places stand for."""
        found: set[str] = set()
        for param, arg in zip(callee.function.params, node.args):
            type_ = callee.params[param.name]
            if isinstance(type_, RecordType):
                found.update(scope.names[arg.name].fields.values())
            elif isinstance(type_, PlaceType) and not (
                type_.field and issubclass(type_.field.struct, lang.Struct)
            ):
                before, self.checks = self.checks, []
                found.add(self.slot(arg, scope).var)
                self.checks = before
        return found

    def is_stable(self, value: Value, aliased: set[str], callee: Typed) -> bool:
        """Does `value` stay what it is while `callee` runs, at no price in states?"""
        if value.constant:
            return True
        quiet = self.quiet(callee)
        for read in reads_in(value.expr):
            if read.var in self.variables:
                if read.var in aliased and not quiet:
                    return False
            elif not (quiet and self.atomic is not None):
                return False
        if self.atomic is None:
            return isinstance(value.expr, ir.Read) or not any(True for _ in reads_in(value.expr))
        return size(value.expr) <= SUBSTITUTED_SIZE

    def inline(self, inner: Scope) -> Value:
        """Inline the body of a function whose parameters are bound; the value that it returns."""
        callee = inner.typed
        inner.exit = Node()
        returns = _returns(callee.function.body)
        single = len(returns) == 1 and returns[0] is callee.function.body[-1]
        if isinstance(callee.result, ir.Type) and callee.result.kind != "void" and not single:
            type_ = callee.result
            inner.result = Var(self.new_local(inner, "return", type_, temporary=True), type_.lo, type_.hi)
        self.block(callee.function.body, inner)
        self.goto(inner.exit)
        self.at(inner.exit)
        if inner.single is not None:
            return inner.single
        if isinstance(inner.result, Var):
            return Value(ir.Read(inner.result.name), inner.result.lo, inner.result.hi)
        return FALSE

    def block(self, body: list[t.Stmt], scope: Scope) -> None:
        raise NotImplementedError

    def try_lock(self, node: t.LockOp, scope: Scope) -> Value:
        raise NotImplementedError


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
