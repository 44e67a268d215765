"""Rule 6: what is computed from ghosts goes into ghosts, and decides nothing.

A local is ghostly if something ghostly is assigned to it, or if anything is assigned to it
under a ghostly condition.  A function is looked at once for each set of ghostly parameters.
"""

from __future__ import annotations

from .. import lang
from ..base.errors import Problem
from ..parse import tree as t
from .typed import Typed
from .world import LockType, PlaceType

REMEDY = "Ghosts are for properties: only assignments to ghosts may depend on them."


def ghost_problems(roots: list[Typed]) -> list[Problem]:
    """All places reached from `roots` where a ghost decides what the model does."""
    checker = _Ghosts()
    for root in roots:
        if any(field.ghost for f in root.everything_called() for field in f.reads | f.writes):
            checker.function(root, frozenset())
    return list(checker.problems.values())


class _Ghosts:
    """Problems of all functions looked at; `results`: is the value of a function ghostly?"""

    def __init__(self) -> None:
        self.problems: dict[tuple[str, int, str], Problem] = {}
        self.results: dict[tuple[int, frozenset[str]], bool] = {}

    def function(self, typed: Typed, ghostly: frozenset[str]) -> bool:
        """Look at `typed`, whose parameters `ghostly` are; whether its result is."""
        key = id(typed), ghostly
        if key not in self.results:
            self.results[key] = False
            body = _Body(self, typed, set(ghostly))
            while True:
                before = set(body.ghostly)
                body.result, body.quiet = False, True
                body.block(typed.function.body, False)
                if body.ghostly == before:
                    break
            body.quiet = False
            body.block(typed.function.body, False)
            self.results[key] = body.result
        return self.results[key]


class _Body:
    """Walks one body.  quiet: while the set of ghostly locals still grows, nothing is reported."""

    def __init__(self, ghosts: _Ghosts, typed: Typed, ghostly: set[str]) -> None:
        self.ghosts, self.typed, self.ghostly = ghosts, typed, ghostly
        self.result, self.quiet = False, True

    def refuse(self, node: t.Node, text: str) -> None:
        function = self.typed.function
        problem = Problem(function.file, node.line, "ghost", f"in {function.name}(): {text}", REMEDY)
        if not self.quiet:
            self.ghosts.problems.setdefault((problem.file, problem.line, problem.text), problem)

    def block(self, body: list[t.Stmt], under: bool) -> None:
        """under: a ghostly condition decides whether `body` is executed."""
        for stmt in body:
            self.statement(stmt, under)

    def statement(self, stmt: t.Stmt, under: bool) -> None:
        match stmt:
            case t.Assign():
                self.assign(stmt, under)
            case t.If():
                self.block(stmt.before, under)
                inner = self.reads(stmt.test) or under
                self.block(stmt.then, inner)
                self.block(stmt.other, inner)
            case t.While() | t.For():
                self.block(getattr(stmt, "before", []), under)
                if any([self.reads(e) for e in t.parts(stmt)[0]]):
                    self.refuse(stmt, "a loop depends on a ghost")
                if isinstance(stmt, t.While) and under:
                    self.refuse(stmt, "a ghost decides whether a loop runs")
                self.block(stmt.body, under)
            case t.Return():
                ghostly = stmt.value is not None and self.reads(stmt.value)
                self.result = self.result or ghostly
                if under:
                    self.refuse(stmt, "a ghost decides whether the function ends here")
            case t.Break() | t.Continue():
                if under:
                    self.refuse(stmt, "a ghost decides how a loop goes on")
            case t.Do():
                self.reads(stmt.call)
                if under and not self.harmless(stmt.call):
                    self.refuse(stmt, f"a ghost decides whether {t.text(stmt.call)} is called")
            case t.Wait() | t.Assert():
                if self.reads(stmt.condition) or under:
                    word = "wait_until" if isinstance(stmt, t.Wait) else stmt.kind
                    self.refuse(stmt, f"{word}() depends on a ghost")
            case t.Atomic():
                if under:
                    self.refuse(stmt, "a ghost decides whether there is a step")
                self.block(stmt.body, under)

    def assign(self, stmt: t.Assign, under: bool) -> None:
        ghostly = self.reads(stmt.value) or under
        target = stmt.target
        if isinstance(target, t.Local) and not isinstance(self.typed.locals.get(target.name), PlaceType):
            if ghostly:
                self.ghostly.add(target.name)
            return
        if self.reads_way_to(target):
            self.refuse(stmt, "a ghost decides what is written")
        if ghostly and not self.is_ghost(target):
            self.refuse(stmt, f"{t.text(target)} is no ghost and gets a value from one")

    def is_ghost(self, target: t.Node) -> bool:
        """Is the variable that `target` names a ghost?"""
        if isinstance(target, t.Item):
            target = target.base
        if isinstance(target, t.Local):
            place = self.typed.locals.get(target.name)
            field = place.field if isinstance(place, PlaceType) else None
        else:
            field = self.field(target)
        return field is not None and field.ghost

    def field(self, node: t.Attr) -> lang.Field | None:
        type_ = self.typed.types.get(id(node.base))
        struct = getattr(type_, "record", None)
        if struct is None:
            found = [
                f
                for f in self.typed.reads | self.typed.writes
                if f.name == node.name and f.struct.__name__ == getattr(type_, "name", "")
            ]
            return found[0] if found else None
        return struct.fields.get(node.name)

    def reads_way_to(self, target: t.Node) -> bool:
        match target:
            case t.Attr():
                return self.reads(target.base)
            case t.Item():
                return self.reads(target.index) | self.reads_way_to(target.base)
        return False

    def reads(self, node: t.Node) -> bool:
        """Is the value of `node` ghostly?  Refuses calls and choices that a ghost decides."""
        match node:
            case t.Local():
                return node.name in self.ghostly or self.is_ghost(node)
            case t.Attr():
                return self.reads(node.base) or self.is_ghost(node)
            case t.Call():
                return self.call(node)
            case t.Choose():
                ghostly = self.any_of(t.children(node))
                if ghostly:
                    self.refuse(node, "a choice depends on a ghost")
                return ghostly
            case t.LockOp():
                if not isinstance(self.typed.types.get(id(node.lock)), LockType) or self.reads_way_to(
                    node.lock
                ):
                    self.refuse(node, f"{node.op}() depends on a ghost")
                return False
        return self.any_of(t.children(node))

    def any_of(self, nodes: list[t.Node]) -> bool:
        return any([self.reads(node) for node in nodes])

    def call(self, node: t.Call) -> bool:
        callee = self.typed.calls.get(id(node))
        if callee is None:
            return False
        ghostly = set()
        for param, arg in zip(callee.function.params, node.args):
            is_place = param.annotation is lang.Place
            if self.reads_way_to(arg) if is_place else self.reads(arg):
                ghostly.add(param.name)
        return self.ghosts.function(callee, frozenset(ghostly))

    def harmless(self, call: t.Node) -> bool:
        """Does the call change ghosts alone?"""
        callee = self.typed.calls.get(id(call))
        if callee is None:
            return False
        return all(
            all(field.ghost for field in f.writes)
            and not (f.waits or f.chooses or f.asserts or f.changes_caller)
            for f in callee.everything_called()
        )
