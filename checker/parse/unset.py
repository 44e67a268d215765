"""Locals that are read where they may have no value: rule "unset"."""

from __future__ import annotations

from . import tree as t

Names = frozenset[str]


NOT_REACHED = ""  # is "assigned" where control never comes


def unset_reads(function: t.Function) -> list[tuple[str, int]]:
    """Local and line of every read of `function` that some path reaches without an assignment."""
    finder = _Finder(frozenset(function.assigned) | {NOT_REACHED})
    finder.block(function.body, frozenset(p.name for p in function.params))
    return sorted(finder.found, key=lambda one: one[1])


def falls_off(function: t.Function) -> bool:
    """Is there a path to the end of `function` without a `return`?"""
    finder = _Finder(frozenset(function.assigned) | {NOT_REACHED})
    return NOT_REACHED not in finder.block(function.body, frozenset())


class _Finder:
    """Walks a body with the set of names that are assigned on every path; `all` stands
    for a place that is not reached."""

    def __init__(self, all: Names) -> None:
        self.all, self.found = all, set()
        self.breaks: list[Names] = []

    def block(self, body: list[t.Stmt], known: Names) -> Names:
        for stmt in body:
            known = self.statement(stmt, known)
        return known

    def statement(self, stmt: t.Stmt, known: Names) -> Names:
        match stmt:
            case t.Assign():
                self.read(stmt.value, known)
                if isinstance(stmt.target, t.Local):
                    return known | {stmt.target.name}
                self.read(stmt.target, known)
            case t.If():
                known = self.block(stmt.before, known)
                self.read(stmt.test, known)
                return self.block(stmt.then, known) & self.block(stmt.other, known)
            case t.While() | t.For():
                return self.loop(stmt, known)
            case t.Break():
                self.breaks[-1:] = [self.breaks[-1] & known] if self.breaks else []
                return self.all
            case t.Continue():
                return self.all
            case t.Atomic():
                return self.block(stmt.body, known)
            case _:
                for expression in t.parts(stmt)[0]:
                    self.read(expression, known)
                return self.all if isinstance(stmt, t.Return) else known
        return known

    def loop(self, stmt: t.While | t.For, known: Names) -> Names:
        self.breaks.append(self.all)
        if isinstance(stmt, t.While):
            known = self.block(stmt.before, known)
            self.read(stmt.test, known)
            self.block(stmt.body, known)
            forever = isinstance(stmt.test, t.Global) and stmt.test.value is True
            return (self.all if forever else known) & self.breaks.pop()
        for bound in t.parts(stmt)[0]:
            self.read(bound, known)
        self.block(stmt.body, known | {stmt.var})
        return known & self.breaks.pop()

    def read(self, node: t.Node, known: Names) -> None:
        match node:
            case t.Local():
                if node.name in self.all and node.name not in known:
                    self.found.add((node.name, node.line))
            case t.Quantifier():
                self.generator(node.over, known)
            case t.Choose():
                for value in node.values:
                    self.read(value, known)
                if node.over:
                    self.generator(node.over, known)
            case _:
                for child in t.children(node):
                    self.read(child, known)

    def generator(self, over: t.Generator, known: Names) -> None:
        if isinstance(over.source, t.Span):
            self.read(over.source.lo, known)
            self.read(over.source.hi, known)
        for part in (over.condition, over.value):
            if part is not None:
                self.read(part, known | {over.var})
