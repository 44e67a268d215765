"""Types of the locals of functions, and what functions do.

A function is looked at once for each set of places that its Place parameters stand for.
Locals without annotation get the least type that holds everything assigned to them.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType

from .. import lang
from ..base.errors import ModelError, Problem, placed
from ..ir import program as ir
from ..parse import tree as t
from ..parse.unset import falls_off
from .expressions import ExpressionTyper, Wrong
from .typed import Typed
from .world import (
    UNKNOWN, VOID, AnyType, ArrayType, LockType, PlaceType, RecordType, World, agree, join, shown,
)  # fmt: skip

ROUNDS = 5


class Inference:
    """Types all functions that are asked for, and those that they call.

    parse: from a function object to its tree.  problems: everything found wrong so far.
    """

    def __init__(self, world: World, parse: Callable[[FunctionType], t.Function]) -> None:
        self.world, self.parse = world, parse
        self.problems: dict[tuple[str, int, str, str], Problem] = {}
        self.stack: list[FunctionType] = []
        self._done: dict[tuple[FunctionType, tuple[AnyType, ...]], Typed | None] = {}

    def function(self, function: FunctionType, places: tuple[AnyType, ...] = ()) -> Typed | None:
        """`function`, where its Place parameters stand for `places`; None if it is wrong."""
        key = function, places
        if key in self._done:
            return self._done[key]
        try:
            tree = self.parse(function)
        except ModelError as error:
            for problem in error.problems:
                self.add(problem)
            self._done[key] = None
            return None
        self.stack.append(function)
        self._done[key] = FunctionTyper(self, function, tree, places).run()
        self.stack.pop()
        return self._done[key]

    def add(self, problem: Problem) -> None:
        self.problems.setdefault((problem.file, problem.line, problem.rule, problem.text), problem)


class FunctionTyper(ExpressionTyper):
    """Types one function."""

    def run(self) -> Typed:
        for attempt in range(ROUNDS):
            self.problems, self.growing = [], {}
            self.block(self.tree.body)
            if not self.growing:
                break
        for name, line in self.growing.items():
            self.refuse(
                line,
                "unbounded",
                f"{name} has no bounds",
                f"Give its first assignment a type: {name}: Size = ...",
            )
        if self.typed.result is not VOID and self.tree.kind != "property" and falls_off(self.tree):
            self.refuse(
                self.tree.line, "type", "some path ends without a value", "Return a value on every path."
            )
        for problem in self.problems:
            self.inference.add(problem)
        self.typed.locals = self.locals
        return self.typed

    # statements

    def block(self, body: list[t.Stmt]) -> None:
        for stmt in body:
            try:
                self.statement(stmt)
            except Wrong:
                pass
            except ModelError as error:
                self.problems += [placed(problem, self.tree.file, stmt.line) for problem in error.problems]

    def statement(self, stmt: t.Stmt) -> None:
        match stmt:
            case t.Assign():
                self.assign(stmt)
            case t.If() | t.While():
                self.block(stmt.before)
                try:
                    self.condition(stmt.test)
                except Wrong:
                    pass
                if isinstance(stmt, t.While):
                    self.typed.loops = True
                    self.refuse_loop(stmt)
                    return self.block(stmt.body)
                self.block(stmt.then)
                self.block(stmt.other)
            case t.For():
                self.typed.loops = True
                self.set_local(stmt.var, self.source(stmt.over, stmt), stmt.line)
                self.block(stmt.body)
            case t.Return():
                self.give_back(stmt)
            case t.Do():
                self.type(stmt.call)
            case t.Wait():
                self.typed.waits = True
                self.impure(stmt, "waits")
                self.condition(stmt.condition)
            case t.Assert():
                self.typed.asserts = True
                self.condition(stmt.condition)
            case t.Atomic():
                before, self.in_step = self.in_step, True
                self.typed.groups = True
                self.impure(stmt, "has an atomic group")
                self.block(stmt.body)
                self.in_step = before

    def refuse_loop(self, stmt: t.While) -> None:
        if self.in_step or self.tree.kind in ("pure", "property"):
            what = "an atomic group" if self.tree.kind == "kernel" else f"a {self.tree.kind}"
            if self.tree.kind == "property":
                self.refuse(
                    stmt.line,
                    "property",
                    "a property has no `while`",
                    "Use any(...), all(...) or a pure function.",
                )
            else:
                self.refuse(
                    stmt.line, "loop-in-atomic", f"`while` in {what}", "for i in range(a, b): is unrolled."
                )

    def give_back(self, stmt: t.Return) -> None:
        if stmt.value is None:
            if self.typed.result is not VOID:
                self.refuse(stmt.line, "type", "a value is promised and none is returned", "return VALUE")
            return
        given = self.type(stmt.value)
        if self.tree.kind == "property":
            if not isinstance(stmt.value, t.Pair) and given != ir.BOOL:
                self.refuse(
                    stmt.line,
                    "truthiness",
                    f"a property is {shown(given)}, not true or false",
                    "Return a condition.",
                )
        elif isinstance(given, RecordType):
            self.refuse(
                stmt.line, "type", "a record cannot be returned", "The caller makes it and passes it."
            )
        elif self.typed.result is not VOID and not agree(self.typed.result, given):
            text = f"{shown(given)} is returned where {shown(self.typed.result)} is promised"
            self.refuse(stmt.line, "type", text, "Return a value of the promised type.")

    def assign(self, stmt: t.Assign) -> None:
        value = self.type(stmt.value)
        if isinstance(stmt.target, t.Local) and not isinstance(self.locals.get(stmt.target.name), PlaceType):
            return self.assign_local(stmt, stmt.target.name, value)
        target = self.place(stmt.target)
        if target.field is None or issubclass(target.field.struct, lang.Record):
            self.typed.changes_caller = True
        else:
            self.impure(stmt, f"writes {target.field.struct.__name__}.{target.field.name}")
            self.typed.writes.add(target.field)
        if target.field is not None and target.field.lock:
            raise self.wrong(stmt, "type", "a lock cannot be assigned to", "acquire(x.lock) in a primitive")
        if not agree(target.type, value):
            raise self.wrong(
                stmt,
                "type",
                f"{shown(value)} is assigned to {shown(target.type)}",
                "Both sides need one type.",
            )
        self.typed.types[id(stmt.target)] = target.type

    def assign_local(self, stmt: t.Assign, name: str, value: AnyType) -> None:
        if isinstance(value, (LockType, ArrayType)) or value is VOID:
            raise self.wrong(
                stmt, "type", f"{shown(value)} cannot be kept in a local", "Locals hold values and records."
            )
        if stmt.annotation is not None:
            wanted = self.declared(stmt.annotation)
            if name in self.fixed and self.locals[name] != wanted:
                raise self.wrong(stmt, "type", f"{name} gets a second type", "One local, one type.")
            self.fixed.add(name)
            self.locals[name] = wanted
        if isinstance(value, RecordType) and not isinstance(stmt.value, t.NewRecord):
            raise self.wrong(
                stmt, "type", "a record cannot have two names", "Pass it to a function, or copy its fields."
            )
        self.set_local(name, value, stmt.line)

    def set_local(self, name: str, value: AnyType, line: int) -> None:
        known = self.locals.get(name, UNKNOWN)
        if name in self.fixed:
            if not agree(known, value):
                text = f"{name} is {shown(known)} and cannot be {shown(value)}"
                self.refuse(line, "type", text, "Use another local.")
            return
        if isinstance(value, ir.Type) and isinstance(known, ir.Type):
            joined: AnyType | None = join(known, value)
        else:
            joined = value if known in (UNKNOWN, value) else None
        if joined is None:
            self.refuse(
                line, "type", f"{name} is {shown(known)} and cannot be {shown(value)}", "Use another local."
            )
        elif joined != known:
            self.locals[name] = joined
            self.growing[name] = line
