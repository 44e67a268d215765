"""The builder: what has been made of a process so far, and where in it the lowering stands.

Functions of the other files get it, and add to it.  It builds the nodes of the flow graph and the variables that they
need, and collects the checks that expressions ask for.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, count

from .. import lang
from ..base.errors import ModelError, Problem
from ..ir import program as ir
from ..parse import tree as t
from ..types.world import FieldInfo, World
from .graph import BlockHead, FlowNode
from .scopes import Checked, Scope, Var
from .values import CONST_0, TRUE, Value, both, follows, implies


@dataclass(frozen=True)
class Rules:
    """How the parts of the language are lowered that may contain each other.

    They are reached through the builder, so that files whose functions call each other need not import each other.
    """

    value: Callable[[Builder, t.Node, Scope], Value]
    block: Callable[[Builder, list[t.Stmt], Scope], None]
    choose_listed: Callable[[Builder, t.Choose, Scope, Var | None], Value]


class Builder:
    """Builds one process, the setup, or a property.

    Of expressions.  checks: what the values so far need; whoever uses a value takes them.  path: the condition
    under which the expression at hand is evaluated at all.  old: it is read in the state before.  guarded: accesses
    need the locks declared with guard= (not in the setup, not in properties).  hoisted: values of parts that were
    evaluated before the statement.

    Of steps.  cur: the node under construction, None where control never comes.  atomic: the step around, if the
    text at hand happens within one.  starting: no step has begun since the operation started.  begun: the step of
    the statement at hand, if it began one.  unrolling: loops around that are being unrolled.

    lock_order: fields of locks, outermost first, of the scenario.  me: the process, as locks know it.  taken: locks
    that it takes anywhere.
    """

    def __init__(
        self, rules: Rules, world: World, file_names: dict[str, str], lock_order: tuple[lang.Field, ...] = (),
        process: str = "",
    ) -> None:  # fmt: skip
        self.rules, self.world, self.file_names, self.lock_order = rules, world, file_names, lock_order
        self.me = Value(ir.Self(), 1, world.processes)
        self.taken: dict[str, FieldInfo] = {}
        self.checks: list[Checked] = []
        self.path: Value = TRUE
        self.old = False
        self.guarded = True
        self.hoisted: dict[int, Value] = {}
        self.process = self.owner_of_locals = process
        self.problems: list[Problem] = []
        self.variables: dict[str, ir.Variable] = {}
        self.temporaries: set[str] = set()
        self.cur: FlowNode | None = None
        self.atomic: BlockHead | None = None
        self.begun: BlockHead | None = None
        self.starting = False
        self.unrolling = 0
        self.known: dict[tuple[str, int], bool] = {}  # answers to questions about functions and trees, see `recall`
        self._labels: set[str] = set()
        self._sources: dict[int, str] = {}

    def recall(self, question: str, about: object, answer: Callable[[], bool]) -> bool:
        """`answer()`, which is the same each time that this is asked about this tree or function."""
        key = question, id(about)
        if key not in self.known:
            self.known[key] = answer()
        return self.known[key]

    # what the rules know

    def value(self, node: t.Node, scope: Scope) -> Value:
        """The value of an expression; its checks are in `checks`."""
        return self.rules.value(self, node, scope)

    def evaluate(self, node: t.Node, scope: Scope) -> Value:
        """The value of an expression, its checks written."""
        value = self.value(node, scope)
        self.flush()
        return value

    def under(self, condition: Value, node: t.Node, scope: Scope) -> Value:
        """The value of `node`, which is evaluated only if `condition` is true."""
        before, self.path = self.path, both(self.path, condition)
        try:
            return self.value(node, scope)
        finally:
            self.path = before

    def block(self, body: list[t.Stmt], scope: Scope) -> None:
        """Lower statements, one after the other."""
        self.rules.block(self, body, scope)

    # problems and checks

    def refuse(self, scope: Scope, node: t.Node, rule: str, text: str, remedy: str) -> ModelError:
        """The error that a statement breaks a rule of the language, to be raised."""
        function = scope.function
        return ModelError(Problem(function.file, node.line, rule, f"in {function.name}(): {text}", remedy))

    def pos(self, scope: Scope, node: t.Node) -> ir.Pos:
        """Where a node stands in the model."""
        return ir.Pos(self.file_names[scope.function.file], node.line)

    def check(self, cond: Value, name: str, message: str, scope: Scope, node: t.Node) -> None:
        """Demand `cond` wherever the expression at hand is evaluated."""
        if follows(self.path.expr, cond.expr):
            return
        cond = implies(self.path, cond)
        if not (cond.constant and cond.lo):
            self.checks.append(Checked(cond, name, f"{scope.function.name}(): {message}", self.pos(scope, node)))

    def take_checks(self) -> list[Checked]:
        """The checks asked for so far, which the caller now owes."""
        taken, self.checks = self.checks, []
        return taken

    def flush(self) -> None:
        """Write the checks that expressions asked for."""
        for one in self.take_checks():
            self.emit(ir.Check(one.cond.expr, one.name, one.message, one.pos))

    # nodes

    def emit(self, stmt: ir.Stmt) -> None:
        """Add a statement to the node under construction."""
        if self.cur is not None:
            self.cur.body.append(stmt)

    def goto(self, node: FlowNode) -> None:
        """End the current node; control goes on at `node`."""
        if self.cur is not None:
            self.cur.then = node
            node.reached += 1
        self.cur = None

    def at(self, node: FlowNode) -> None:
        """Go on at `node`, if control comes there."""
        self.cur = node if node.reached else None

    def fork(self, cond: Value, pos: ir.Pos) -> tuple[FlowNode, FlowNode]:
        """End the current node with a branch: nodes for true and false."""
        yes, no = FlowNode(), FlowNode()
        if self.cur is not None:
            if cond.constant:
                taken = yes if cond.lo else no
                self.cur.then, taken.reached = taken, 1
            else:
                self.cur.cond, self.cur.then, self.cur.other, self.cur.pos = cond, yes, no, pos
                yes.reached = no.reached = 1
        self.cur = None
        return yes, no

    def step(self, call: ir.Call, scope: Scope, node: t.Node, atomic: str = "") -> BlockHead:
        """Begin a block here."""
        step = self.place_of_step(call, scope, node, atomic)
        begun = FlowNode(step=step)
        step.node = begun
        self.goto(begun)
        self.at(begun)
        self.starting = False
        return step

    def place_of_step(self, call: ir.Call, scope: Scope, node: t.Node, atomic: str = "") -> BlockHead:
        """What a block shows that begins at `node`."""
        return BlockHead(call, (*scope.frames, ir.Frame(scope.function.name, self.pos(scope, node))), atomic)

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

    def new_local(self, scope: Scope, name: str, type_: ir.Type, size: int = 1, temporary: bool = False) -> str:
        """A variable for the local `name` of an inlined call; its name says which call."""
        if not scope.label:
            scope.label = self._unused_label(scope)
        full = f"{self.process}:{scope.label}.{name}"
        base, n = full, 1
        while full in self.variables:
            n += 1
            full = f"{base}#{n}"
        variable = ir.Variable(full, type_, size, (type_.lo,) * size, self.owner_of_locals, label=name, field=name)
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
