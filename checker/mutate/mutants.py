"""Every single drop of a step, and every swap of two adjacent ones, in the kernel functions of a model.

A step is here a statement that calls a kernel function or sets a field that others may see, or a whole
atomic group.  Assertions, ghosts, arithmetic and a thread's own records are none; a `return` cannot
be dropped, nor can a loop.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from types import FunctionType

from .. import lang
from ..base.errors import shown_path
from ..lang import Design, Edit, Record, Scenario, variant
from ..source.catalogue import Catalogue
from ..source.functions import definition, place
from ..source.variant import At, edited

STEPS = ("kernel", "primitive")  # kinds of functions whose call is a step, if they stand for a kernel function


@dataclass(frozen=True)
class Mutant:
    """One change of one function.

    place: module and name of the function, as one word.  change: "drop f(x)" or "swap f(x) / g(y)",
    with a number if the function has several alike.  edit: that does it; spans: the lines that its steps
    come from: of its statements, and of the atomic group around them.
    """

    place: str
    change: str
    edit: Edit
    spans: tuple[range, ...]

    def __str__(self) -> str:
        return f"{self.place.rpartition('.')[2]}: {self.change}"

    @property
    def lines(self) -> tuple[str, tuple[range, ...]]:
        """The file of its statements, as it is shown, and their lines."""
        return shown_path(place(self.edit.inside)[0]), self.spans

    @property
    def function_lines(self) -> tuple[str, tuple[range, ...]]:
        """The same of the whole function."""
        node = definition(self.edit.inside)
        return self.lines[0], (range(node.lineno, (node.end_lineno or node.lineno) + 1),)

    def design(self, base: Design | None) -> Design:
        """The mutant as a design: a variant of a baseline, or of one of its variants."""
        if base is None or base.of is None:
            return variant(f"Mutant of {self}", self.edit, of=base)
        return base + variant(f"Mutant of {self}", self.edit, of=base.of)


def mutants_of(catalogue: Catalogue) -> list[Mutant]:
    """All mutants of the kernel functions that the scenarios run, in the order of the model's files."""
    ran = {f for scenario in catalogue.scenarios.values() for f in functions_of(scenario)}
    kernel = [f for f in ran if getattr(f, "checker_kind", "") == "kernel" and f.__dict__["checker_source"]]
    ghosts = _ghosts(catalogue)
    ordered = sorted(kernel, key=lambda f: (f.__module__, f.__code__.co_firstlineno))
    return [mutant for function in ordered for mutant in _mutants(function, ghosts)]


@cache
def functions_of(scenario: Scenario) -> frozenset[FunctionType]:
    """The functions whose text the processes of a scenario run, calls of calls included."""
    edits = edited(None, baseline=scenario.of)
    overridden = {edit.inside for edit in (scenario.of.edits if scenario.of else ()) if edit.verb == "override"}
    found: set[FunctionType] = set()
    ahead = [function for process in scenario.processes for function in process.functions]
    while ahead:
        function = ahead.pop()
        if function not in found:
            found.add(function)
            calls = [n for n in ast.walk(edits.body(function)) if isinstance(n, ast.Call)]
            names = edits.globals(function)
            named = [names.get(c.func.id) for c in calls if isinstance(c.func, ast.Name)]
            ahead += [one for one in named if isinstance(one, FunctionType) and not one.__module__.startswith(lang.__name__)]
    return frozenset(found - overridden)


def in_groups(catalogue: Catalogue) -> frozenset[FunctionType]:
    """The functions that run as a part of atomic groups, or of primitives: no step comes from their lines."""
    ran = {f for scenario in catalogue.scenarios.values() for f in functions_of(scenario)}
    groups = [(f, node) for f in ran for node in ast.walk(definition(f)) if isinstance(node, ast.With)]
    ahead = [one for function, group in groups for one in _functions_called(function, group)]
    found: set[FunctionType] = set()
    while ahead:
        function = ahead.pop()
        if function not in found:
            found.add(function)
            ahead += _functions_called(function, definition(function))
    return frozenset(found)


def _functions_called(function: FunctionType, node: ast.AST) -> list[FunctionType]:
    names = (n.func.id for n in ast.walk(node) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name))
    called = (function.__globals__.get(name) for name in names)
    return [one for one in called if isinstance(one, FunctionType) and not one.__module__.startswith(lang.__name__)]


def _ghosts(catalogue: Catalogue) -> set[str]:
    """Names of fields that are ghosts wherever they occur."""
    by_name: dict[str, list[bool]] = {}
    for struct in catalogue.structs.values():
        for name, value in struct.fields.items():
            by_name.setdefault(name, []).append(bool(getattr(value, "ghost", False)))
    return {name for name, found in by_name.items() if all(found)}


def _mutants(function: FunctionType, ghosts: set[str]) -> Iterator[Mutant]:
    name = f"{function.__module__}.{function.__name__}"
    known: Counter[str] = Counter()

    groups = [node for node in ast.walk(definition(function)) if isinstance(node, ast.With)]

    def mutant(change: str, edit: Edit, *stmts: ast.stmt) -> Mutant:
        known[change] += 1
        number = f" #{known[change]}" if known[change] > 1 else ""
        spans = [range(stmt.lineno, (stmt.end_lineno or stmt.lineno) + 1) for stmt in stmts]
        around = [group.lineno for group in groups if any(stmt in ast.walk(group) for stmt in stmts)]
        return Mutant(name, change + number, edit, (*spans, *(range(line, line + 1) for line in around)))

    for block in _blocks(definition(function)):
        steps = [stmt for stmt in block if _is_step(stmt, function, ghosts)]
        for stmt in steps:
            if not isinstance(stmt, ast.Return | ast.While | ast.For):
                yield mutant(f"drop {_text(stmt)}", Edit("drop", function, _at(stmt)), stmt)
        for one, two in zip(steps, steps[1:]):
            if not isinstance(two, ast.Return) and ast.dump(one) != ast.dump(two):
                edit = Edit("swap", function, _at(one), _at(two))
                yield mutant(f"swap {_text(one)} / {_text(two)}", edit, one, two)


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """The lists of statements of a function, outer ones first."""
    for name in ("body", "orelse"):
        block = getattr(node, name, None)
        if isinstance(block, list) and block:
            yield block
            for stmt in block:
                yield from _blocks(stmt)


def _is_step(stmt: ast.stmt, function: FunctionType, ghosts: set[str]) -> bool:
    if isinstance(stmt, ast.With):
        return any(_is_step(inner, function, ghosts) for inner in stmt.body)
    targets = stmt.targets if isinstance(stmt, ast.Assign) else [getattr(stmt, "target", None)]
    for target in targets:
        while isinstance(target, ast.Subscript):
            target = target.value
        if isinstance(target, ast.Attribute):
            return target.attr not in ghosts and not _is_record(target.value, function)
    return any(_is_step_call(name, function) for name in _called(stmt))


def _is_record(expr: ast.expr, function: FunctionType) -> bool:
    """Is `expr` a record of the thread itself: a parameter of such a type, or made in the function?"""
    if not isinstance(expr, ast.Name):
        return False
    node = definition(function)
    types = [arg.annotation for arg in node.args.args if arg.arg == expr.id]
    for stmt in ast.walk(node):
        if isinstance(stmt, ast.Assign) and isinstance(stmt.value, ast.Call):
            types += [stmt.value.func for t in stmt.targets if isinstance(t, ast.Name) and t.id == expr.id]
    named = [function.__globals__.get(t.id) for t in types if isinstance(t, ast.Name)]
    return any(isinstance(one, type) and issubclass(one, Record) for one in named)


def _is_step_call(name: str, function: FunctionType) -> bool:
    called = function.__globals__.get(name)
    if getattr(called, "checker_kind", "") not in STEPS:
        return False
    return bool(called.__dict__["checker_source"])


def _called(stmt: ast.stmt) -> Iterator[str]:
    """Names that `stmt` itself calls, but for what it only asserts."""
    for child in ast.iter_child_nodes(stmt):
        if isinstance(child, ast.stmt):
            continue
        calls = [n for n in ast.walk(child) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
        if not any(call.func.id in ("warn_on", "bug_on") for call in calls):
            yield from (call.func.id for call in calls)


def _at(stmt: ast.stmt) -> At:
    return At(stmt.lineno, stmt.col_offset)


def _text(stmt: ast.stmt) -> str:
    """A statement on one line; of a compound one its head, of an atomic group its reason."""
    if isinstance(stmt, ast.With):
        call = stmt.items[0].context_expr
        reason = call.args[0] if isinstance(call, ast.Call) and call.args else call
        return f"[{reason.value if isinstance(reason, ast.Constant) else ast.unparse(reason)}]"
    if isinstance(stmt, ast.If | ast.While | ast.For):
        return ast.unparse(stmt).splitlines()[0].rstrip(":")
    if isinstance(stmt, ast.AnnAssign) and stmt.value is not None:
        return f"{ast.unparse(stmt.target)} = {ast.unparse(stmt.value)}"
    return ast.unparse(stmt)
