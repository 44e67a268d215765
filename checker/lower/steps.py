"""Steps: the nodes of the flow graph, the variables that they need, and waiting."""

from __future__ import annotations

import ast
from itertools import chain, count

from .. import lang
from ..base.errors import Problem
from ..ir import program as ir
from ..parse import tree as t
from ..types.world import World
from .accesses import Accesses
from .graph import Node, Step
from .scopes import Scope, Slot
from .values import CONST_0, TRUE, Value, both, clip, either, negate, rebuild, within


class Steps(Accesses):
    """Builds nodes.  `cur` is the node under construction, None where control never comes.

    atomic: the step around, if the text at hand happens within one.  starting: no step has
    begun since the operation started.  begun: the step of the statement at hand, if it began one.
    unrolling: loops around that are being unrolled.
    """

    def __init__(
        self, world: World, file_names: dict[str, str], lock_order: tuple[lang.Field, ...], process: str
    ) -> None:
        super().__init__(world, file_names, lock_order)
        self.process = self.owner_of_locals = process
        self.problems: list[Problem] = []
        self.variables: dict[str, ir.Variable] = {}
        self.temporaries: set[str] = set()
        self.cur: Node | None = None
        self.atomic: Step | None = None
        self.begun: Step | None = None
        self.starting = False
        self.unrolling = 0
        self._labels: set[str] = set()
        self._sources: dict[int, str] = {}

    # nodes

    def emit(self, stmt: ir.Stmt) -> None:
        if self.cur is not None:
            self.cur.body.append(stmt)

    def flush(self) -> None:
        """Write the checks that expressions asked for."""
        for one in self.take_checks():
            self.emit(ir.Check(one.cond.expr, one.name, one.message, one.pos))

    def evaluate(self, node: t.Node, scope: Scope) -> Value:
        """The value of an expression, its checks written."""
        value = self.value(node, scope)
        self.flush()
        return value

    def goto(self, node: Node) -> None:
        """End the current node; control goes on at `node`."""
        if self.cur is not None:
            self.cur.then = node
            node.reached += 1
        self.cur = None

    def at(self, node: Node) -> None:
        """Go on at `node`, if control comes there."""
        self.cur = node if node.reached else None

    def fork(self, cond: Value, pos: ir.Pos) -> tuple[Node, Node]:
        """End the current node with a branch: nodes for true and false."""
        yes, no = Node(), Node()
        if self.cur is not None:
            if cond.constant:
                taken = yes if cond.lo else no
                self.cur.then, taken.reached = taken, 1
            else:
                self.cur.cond, self.cur.then, self.cur.other, self.cur.pos = cond, yes, no, pos
                yes.reached = no.reached = 1
        self.cur = None
        return yes, no

    def step(self, call: ir.Call, scope: Scope, node: t.Node, atomic: str = "") -> Step:
        """Begin a block here."""
        step = self.place_of_step(call, scope, node, atomic)
        begun = Node(step=step)
        step.node = begun
        self.goto(begun)
        self.at(begun)
        self.starting = False
        return step

    def place_of_step(self, call: ir.Call, scope: Scope, node: t.Node, atomic: str = "") -> Step:
        return Step(call, (*scope.frames, ir.Frame(scope.function.name, self.pos(scope, node))), atomic)

    def source_text(self, stmt: t.Stmt) -> str:
        """The statement, or the first line of it."""
        found = self._sources.get(id(stmt.source))
        if found is None:
            source = stmt.source
            if isinstance(source, (ast.If, ast.While)):
                found = f"{type(source).__name__.lower()} {ast.unparse(source.test)}"
            else:
                found = ast.unparse(source).splitlines()[0].rstrip(":")
            self._sources[id(stmt.source)] = found
        return found

    # variables

    def new_local(
        self, scope: Scope, name: str, type_: ir.Type, size: int = 1, temporary: bool = False
    ) -> str:
        """A variable for the local `name` of an inlined call; its name says which call."""
        if not scope.label:
            scope.label = self._unused_label(scope)
        full = f"{self.process}:{scope.label}.{name}"
        base, n = full, 1
        while full in self.variables:
            n += 1
            full = f"{base}#{n}"
        variable = ir.Variable(
            full, type_, size, (type_.lo,) * size, self.owner_of_locals, label=name, field=name
        )
        self.variables[full] = variable
        if temporary:
            self.temporaries.add(full)
        return full

    def _unused_label(self, scope: Scope) -> str:
        """The function's name; with a caller in front, or all of them, if that is taken."""
        *callers, name = scope.path
        near = [f"{caller}/{name}" for caller in reversed(callers)]
        numbered = (f"{name}#{n}" for n in count(2))
        for label in chain([name], near, ["/".join(scope.path)], numbered):
            if label not in self._labels:
                self._labels.add(label)
                return label
        raise AssertionError("there is no last number")

    def temporary(self, scope: Scope, name: str, value: Value, type_: ir.Type) -> Value:
        """Keep a value in a variable of the compiler's own, as it is now."""
        if value.constant:
            return value
        kept = ir.Type(type_.kind, value.lo, value.hi, type_.name) if type_.kind == "int" else type_
        variable = self.new_local(scope, name, kept, temporary=True)
        self.emit(ir.Assign(variable, CONST_0, value.expr))
        return Value(ir.Read(variable), value.lo, value.hi)

    def store(self, slot: Slot, value: Value, scope: Scope, node: t.Node) -> None:
        """Assign to a variable; a value outside its range is a violation."""
        lo, hi = slot.type.lo, slot.type.hi
        if value.lo < lo or value.hi > hi:
            self.check(within(value, lo, hi), ir.RANGE, f"{slot.label} is outside {lo}..{hi}", scope, node)
            self.flush()
            value = clip(value, lo, hi)
        if slot.info is not None:
            self.check_guard(slot, True, scope, node)
            self.flush()
        self.emit(ir.Assign(slot.var, slot.index.expr, value.expr, self.pos(scope, node)))

    # waiting

    def wait(self, cond: Value, scope: Scope, node: t.Node) -> None:
        """The step at hand can be taken only if `cond` is true (or a check of it fails)."""
        if self.cur is None:
            return
        step = self.atomic if self.atomic is not None else self.cur.step
        if not self.at_start(step):
            text = "waiting in the middle of a step"
            remedy = "Wait first; or end the step before, so that others can run meanwhile."
            raise self.refuse(scope, node, "late-wait", text, remedy)
        right, env = TRUE, {}
        for stmt in self.cur.body:
            if isinstance(stmt, ir.Assign):
                env[stmt.var] = _known(stmt.value, env)
            elif isinstance(stmt, ir.Check):
                right = both(right, _known(stmt.cond, env))
        for one in self.checks:
            right = both(right, _known(one.cond.expr, env))
        self.flush()
        step.guard = both(step.guard, either(negate(right), _known(cond.expr, env)))

    def at_start(self, step: Step | None) -> bool:
        """Has the step at hand done nothing so far but local work?"""
        if step is None or self.cur is None or self.cur is not step.node:
            return False
        local = (s.var in self.variables for s in self.cur.body if isinstance(s, ir.Assign))
        return all(local) and not any(isinstance(s, (ir.Choose, ir.If)) for s in self.cur.body)


def _known(expr: ir.Expr, env: dict[str, Value]) -> Value:
    """`expr` before the assignments that `env` records."""
    wide = 1 << 62

    def read(old: ir.Read, index: Value) -> Value:
        return env[old.var] if old.var in env else Value(ir.Read(old.var, index.expr, old.old), -wide, wide)

    return rebuild(expr, read, lambda leaf: Value(leaf, 0, wide))
