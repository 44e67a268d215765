"""What in a statement touches shared state, and so makes a step."""

from __future__ import annotations

from typing import NamedTuple

from .. import lang
from ..ir import program as ir
from ..parse import tree as t
from ..types.infer import Typed
from ..types.world import World
from .locks import Locks
from .scopes import RecordVars, Scope, Slot


class Access(NamedTuple):
    """A shared access of a statement.

    kind: "field" (the statement itself is the step), "primitive" (the call is) or "calls"
    (a model function that has steps of its own).
    """

    kind: str
    node: t.Node
    text: str


class Accesses(Locks):
    """Finds the shared accesses of expressions of model functions."""

    def __init__(self, world: World, file_names: dict[str, str], lock_order: tuple[lang.Field, ...]) -> None:
        super().__init__(world, file_names, lock_order)
        self._touches: dict[int, bool] = {}
        self._plain: dict[int, bool] = {}

    def is_shared(self, field: lang.Field) -> bool:
        """Can other processes see the field change, or change it?  Ghosts do not count."""
        return issubclass(field.struct, lang.Struct) and not field.ghost and self.world.field(field).mutable

    def touches(self, typed: Typed) -> bool:
        """Does a call of the function touch shared state?"""
        found = self._touches.get(id(typed))
        if found is None:
            found = self._touches[id(typed)] = any(
                f.waits or f.conditional or f.groups or any(map(self.is_shared, f.reads | f.writes))
                for f in typed.everything_called()
            )
        return found

    def accesses(self, node: t.Node, scope: Scope) -> list[Access]:
        """The shared accesses of an expression, in the order of evaluation."""
        match node:
            case t.Local():
                binding = scope.names.get(node.name)
                shared = (
                    isinstance(binding, Slot)
                    and binding.info is not None
                    and self.is_shared(binding.info.field)
                )
                return [Access("field", node, node.name)] if shared else []
            case t.Attr():
                return self._of_field(node, node, scope)
            case t.Item(base=t.Attr()):
                return self._of_field(node, node.base, scope) + self.accesses(node.index, scope)
            case t.Call():
                return self._of_call(node, scope)
            case t.Quantifier():
                inner = self._of_all(t.children(node), scope)
                return inner * 2 if len(inner) == 1 else inner
            case t.Choose(over=t.Generator()):
                inner = self._of_all(t.children(node), scope)
                return [Access("field", node, "choose()")] if inner else []
            case t.Logic() | t.Cond():
                return self._of_all([part for part, _ in self.parts_of(node, scope)], scope)
            case t.LockOp():
                return [Access("field", node, t.text(node))]
        return self._of_all(t.children(node), scope)

    def is_plain(self, node: t.Node) -> bool:
        """Is there no call, choice or operation on a lock in `node`?"""
        found = self._plain.get(id(node))
        if found is None:
            found = not isinstance(node, (t.Call, t.Choose, t.LockOp)) and all(
                map(self.is_plain, t.children(node))
            )
            self._plain[id(node)] = found
        return found

    def parts_of(self, node: t.Logic | t.Cond, scope: Scope) -> list[tuple[t.Node, bool]]:
        """What of `and`, `or`, `implies` or `a if c else b` constants leave, and whether each
        part is only perhaps evaluated."""
        if isinstance(node, t.Cond):
            known = self._constant(node.test, scope)
            if known is not None:
                return [(node.then if known else node.other, False)]
            return [(node.test, False), (node.then, True), (node.other, True)]
        left = list(node.operands)
        while len(left) > 1 and (known := self._constant(left[0], scope)) is not None:
            if known == (node.op == "or"):
                return []
            left = left[1:]
        return [(part, position > 0) for position, part in enumerate(left)]

    def _constant(self, node: t.Node, scope: Scope) -> int | None:
        """The value of a condition that depends on constants alone, and not on the variable of a generator."""
        if not self.is_plain(node) or not self._bound(node, scope):
            return None
        before, self.checks = self.checks, []
        value = self.value(node, scope)
        self.checks = before
        return value.lo if value.constant else None

    def _bound(self, node: t.Node, scope: Scope) -> bool:
        """Does every name of an expression stand for something by now?"""
        if isinstance(node, t.Local) and node.name not in scope.names:
            return False
        return all(self._bound(child, scope) for child in t.children(node))

    def base_accesses(self, node: t.Node, scope: Scope) -> list[Access]:
        """The accesses on the way to a variable, without that of the variable itself."""
        match node:
            case t.Attr():
                return self.accesses(node.base, scope)
            case t.Item(base=t.Attr()):
                return self.accesses(node.base.base, scope) + self.accesses(node.index, scope)
        return []

    def _of_all(self, nodes: list[t.Node], scope: Scope) -> list[Access]:
        return [access for node in nodes for access in self.accesses(node, scope)]

    def _of_field(self, node: t.Node, attr: t.Attr, scope: Scope) -> list[Access]:
        if isinstance(attr.base, t.Local) and isinstance(scope.names.get(attr.base.name), RecordVars):
            return []
        before = self.accesses(attr.base, scope)
        base = scope.typed.types.get(id(attr.base))
        if isinstance(base, ir.Type) and base.kind == "ref":
            field = self.world.struct_of(base).fields[attr.name]
            if self.is_shared(field):
                return [*before, Access("field", node, t.text(node))]
        return before

    def _of_call(self, node: t.Call, scope: Scope) -> list[Access]:
        callee = scope.typed.calls[id(node)]
        found = []
        for param, arg in zip(callee.function.params, node.args):
            found += (self.base_accesses if param.annotation is lang.Place else self.accesses)(arg, scope)
        if self.touches(callee):
            kind = "primitive" if callee.function.kind == "primitive" else "calls"
            found.append(Access(kind, node, f"{callee.function.name}()"))
        return found
