"""Designs as edits of functions, applied to the syntax tree and printed as a unified diff of the source.

An edit names what it changes by the function object that a statement calls; the name in
the statement is looked up in the globals of the function that is edited.  Each edit
must match exactly one statement.  The syntax tree serves the compiler and the lines
serve the reader; both are made from the same match.
"""

from __future__ import annotations

import ast
import copy
import difflib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType
from typing import Any

from ..base.errors import ModelError, Problem, shown_path
from ..lang import Design, Edit
from .functions import definition, first_line, lines_of, place


@dataclass(frozen=True)
class At:
    """An anchor that is no call: the statement that begins here.  For edits that a program makes."""

    line: int
    column: int

    def __str__(self) -> str:
        return f"line {self.line}"


Line = tuple[int, str]  # a line of text, and the line number that its statement has in the syntax tree
OVERRIDE = "Write the whole function anew with override()."


def edited(design: Design | None, name: str = "", baseline: Design | None = None) -> Edits:
    """The functions of a model with the edits of `design` applied (None: no edits).

    name: of the design, for messages.  baseline: of the scenario; its edits are applied as well,
    except where `design` edits the same statement or overrides the function.  Raises ModelError
    with all edits that match no statement, or several [stale-anchor], or overlap [overlap].
    """
    return Edits(_with_baseline(design, baseline), name)


def _with_baseline(design: Design | None, baseline: Design | None) -> Design | None:
    """`design` with the edits of `baseline` that it leaves as they are."""
    if design is None or baseline is None or design is baseline:
        return design or baseline
    overridden = {edit.inside for edit in design.edits if edit.verb == "override"}
    touched = {(edit.inside, edit.anchor, edit.nth) for edit in design.edits}
    kept = [e for e in baseline.edits if e.inside not in overridden and (e.inside, e.anchor, e.nth) not in touched]
    return Design(design.doc, (*kept, *design.edits), design.of, design.undoes, design.scenario, design.set)


class Edits:
    """The edited functions of one design."""

    def __init__(self, design: Design | None, name: str = "") -> None:
        self.name = name
        self._edited: dict[FunctionType, _Edited] = {}
        by_function: dict[FunctionType, list[Edit]] = {}
        problems: list[Problem] = []
        for edit in design.edits if design else ():
            unfit = [
                f for f in (edit.inside, edit.anchor, edit.new) if not isinstance(f, FunctionType | At | None)
            ]
            if unfit:
                text = f"{_text(edit)}: {unfit[0]!r} is not a function of the model"
                problems.append(
                    Problem("", 0, "stale-anchor", f"design {name}: {text}", "Name functions in edits.")
                )
            else:
                by_function.setdefault(edit.inside, []).append(edit)
        for function in sorted(by_function, key=lambda one: _overrides(one, by_function)):
            try:
                self._edited[function] = _Editor(function, by_function[function], name, self._edited).result()
            except ModelError as error:
                problems += error.problems
        if problems:
            raise ModelError(problems)

    def functions(self) -> list[FunctionType]:
        """The functions that are changed."""
        return list(self._edited)

    def body(self, function: FunctionType) -> ast.FunctionDef:
        """The syntax tree of `function`, edits applied; not to be changed by the caller."""
        found = self._edited.get(function)
        return found.tree if found else definition(function)

    def file(self, function: FunctionType) -> str:
        """The file to which the line numbers of body(function) belong."""
        found = self._edited.get(function)
        return found.file if found else place(function)[0]

    def text(self, function: FunctionType) -> list[Line]:
        """The lines of `function`, edits applied, with the line numbers of body(function)."""
        node = definition(function)
        file, start = place(function)[0], first_line(node)
        lines = list(enumerate(lines_of(file)[start - 1 : node.end_lineno], start))
        found = self._edited.get(function)
        return _applied(lines, start, found.changes) if found else lines

    def globals(self, function: FunctionType) -> dict[str, Any]:
        """The names that body(function) may use: those of its module, or of the module
        that it is overridden from, and the functions that edits bring in."""
        found = self._edited.get(function)
        if not found:
            return function.__globals__
        return {**found.origin.__globals__, **found.extra}

    def extra_globals(self, function: FunctionType) -> dict[str, Any]:
        """What globals(function) has beyond, or other than, the globals of `function`."""
        own = function.__globals__
        return {n: v for n, v in self.globals(function).items() if own.get(n, Edits) is not v}

    def diff(self) -> str:
        """All edits as one unified diff of the model files, with a/ and b/ paths; "" if none."""
        by_file: dict[str, list[FunctionType]] = {}
        for function in self._edited:
            by_file.setdefault(place(function)[0], []).append(function)
        return "".join(
            _file_diff(
                file,
                _diff_path(file, functions[0].__module__),
                [change for f in functions for change in self._edited[f].changes],
            )
            for file, functions in sorted(by_file.items())
        )


def _overrides(function: FunctionType, edits: dict[FunctionType, list[Edit]]) -> int:
    """How many edited functions stand behind `function`, each overriding the one before: they are edited first."""
    seen: list[FunctionType] = []
    while function in edits and function not in seen:
        seen.append(function)
        function = next((edit.new for edit in edits[function] if edit.verb == "override"), None)
    return len(seen)


@dataclass(frozen=True)
class _Change:
    """Lines first..behind-1 of a file become `new`.  rank: of two insertions at one place
    the lower comes first in the text; what follows a body comes before what precedes
    the next statement, and what is inside the body before what is behind it."""

    first: int
    behind: int
    new: list[Line]
    rank: tuple[int, int] = (0, 0)


@dataclass
class _Edited:
    """A function after its edits.

    file, origin: where the text and its names come from.  changes: to the lines of the
    file of the function that is edited.
    """

    tree: ast.FunctionDef
    file: str
    origin: FunctionType
    extra: dict[str, Any] = field(default_factory=dict)
    changes: list[_Change] = field(default_factory=list)


@dataclass(eq=False)
class _Match:
    """A statement that an edit has found: `block[index]`, with the calls of the anchor."""

    stmt: ast.stmt
    block: list[ast.stmt]
    calls: list[ast.Call]


class _Editor:
    """Applies the edits of one function to a copy of its syntax tree; others: functions that are edited already."""

    def __init__(
        self, function: FunctionType, edits: list[Edit], design: str, others: dict[FunctionType, _Edited]
    ) -> None:
        self.function, self.edits, self.design, self.others = function, edits, design, others
        self.file, _ = place(function)
        self.tree = copy.deepcopy(definition(function))
        self.lines = lines_of(self.file)
        self.out = _Edited(self.tree, self.file, function)
        self.claims: dict[tuple[int, str], Edit] = {}
        self.problems: list[Problem] = []

    def result(self) -> _Edited:
        """The edited function; ModelError if an edit does not fit."""
        for edit in self.edits:
            if edit.verb == "override" and len(self.edits) > 1:
                self._refuse(
                    edit,
                    "overlap",
                    "the function is overridden as a whole and edited as well",
                    "Make the other edits in the overriding function.",
                )
        found = [(edit, self._find(edit)) for edit in self.edits if not self.problems]
        if self.problems:
            raise ModelError(self.problems)
        for edit, matches in found:
            getattr(self, "_" + edit.verb)(edit, *matches)
        if self.problems:
            raise ModelError(self.problems)
        for block in _blocks(self.tree):
            self._fill(block)
        ast.fix_missing_locations(self.tree)
        return self.out

    # ------------------------------------------------------------- matching

    def _find(self, edit: Edit) -> list[_Match]:
        """The statements that `edit` is about: none for override, two for swap, else one."""
        if edit.verb == "override":
            return []
        choices = [[m] for m in self._calling(edit.anchor)]
        if edit.verb == "swap":
            others = self._calling(edit.new)
            choices = [
                [a, b] for [a] in choices for b in others if a.block is b.block and a.stmt is not b.stmt
            ]
        if not (len(choices) == 1 if edit.nth is None else 1 <= edit.nth <= len(choices)):
            self._refuse_count(edit, choices)
            return []
        chosen = choices[(edit.nth or 1) - 1]
        for match in chosen:
            self._claim(edit, match)
        return chosen

    def _calling(self, anchor: Any) -> list[_Match]:
        """The statements of the function that call `anchor` themselves, in order."""
        names = self.function.__globals__
        found = []
        if isinstance(anchor, At):
            here = [(stmt, block) for block in _blocks(self.tree) for stmt in block]
            return [_Match(s, b, []) for s, b in here if At(s.lineno, s.col_offset) == anchor]
        for block in _blocks(self.tree):
            for stmt in block:
                calls = [call for name, call in _own_calls(stmt) if names.get(name) is anchor]
                if calls:
                    found.append(_Match(stmt, block, calls))
        return sorted(found, key=lambda m: (m.stmt.lineno, m.stmt.col_offset))

    def _refuse_count(self, edit: Edit, choices: list[list[_Match]]) -> None:
        nodes = (node for stmt in self.tree.body for node in ast.walk(stmt))
        calls = sorted((c for c in nodes if isinstance(c, ast.Call)), key=lambda c: (c.lineno, c.col_offset))
        called = list(dict.fromkeys(c.func.id for c in calls if isinstance(c.func, ast.Name)))
        if choices:
            lines = ", ".join(str(m[0].stmt.lineno) for m in choices)
            remedy = f"It matches at lines {lines}: choose one with nth=1..{len(choices)}."
        elif edit.verb == "swap" and all(_name(f) in called for f in (edit.anchor, edit.new)):
            remedy = "Both are called, but not by two statements of one block of code. " + OVERRIDE
        elif _name(edit.anchor) in called and edit.verb != "swap":
            remedy = f"It calls another {_name(edit.anchor)}: import the one that its own module uses."
        else:
            near = difflib.get_close_matches(_name(edit.anchor), called, n=3, cutoff=0.6)
            remedy = (
                (f"Did you mean {' or '.join(near)}?\n" if near else "") + "It calls: " + ", ".join(called)
            )
        expected = f"expected {edit.nth} matches or more" if edit.nth else "expected exactly one match"
        self._refuse(edit, "stale-anchor", f"{expected}, found {len(choices)}", remedy)

    def _claim(self, edit: Edit, match: _Match) -> None:
        """Note what `edit` touches; refuse what another edit has touched."""
        part = edit.verb if edit.verb.startswith("insert") else "whole"
        mine = [(id(match.stmt), part)]
        if edit.verb in ("drop", "swap"):
            mine = [(id(inner), "whole") for inner in ast.walk(match.stmt) if isinstance(inner, ast.stmt)]
        for stmt, part in mine:
            parts = ("whole", part) if part != "whole" else ("whole", "insert_before", "insert_after")
            other = next((self.claims[stmt, p] for p in parts if (stmt, p) in self.claims), None)
            if other is not None and other is not edit:
                self._refuse(
                    edit, "overlap", f"{_text(other)} changes the same statement", OVERRIDE, match.stmt.lineno
                )
                return
        self.claims.update(dict.fromkeys(mine, edit))

    def _refuse(self, edit: Edit, rule: str, text: str, remedy: str, line: int = 0) -> None:
        what = f"design {self.design}: " if self.design else ""
        self.problems.append(
            Problem(self.file, line or self.tree.lineno, rule, f"{what}{_text(edit)}: {text}", remedy)
        )

    # ------------------------------------------------------------- the verbs

    def _drop(self, edit: Edit, match: _Match) -> None:
        whole = isinstance(edit.anchor, At)  # then it is meant
        if not whole and (getattr(match.stmt, "orelse", None) or isinstance(match.stmt, ast.With)):
            what = "`with`" if isinstance(match.stmt, ast.With) else "`if` with `else`"
            self._refuse(
                edit,
                "stale-anchor",
                f"the call is in the head of {what}, and all of that would go with it",
                OVERRIDE,
                match.stmt.lineno,
            )
            return
        match.block.remove(match.stmt)
        new = (
            []
            if match.block or self._is_elif(match.stmt)
            else [(match.stmt.lineno, self._indent(match.stmt) + "pass\n")]
        )
        self._change_stmt(match.stmt, new)

    def _swap(self, edit: Edit, one: _Match, two: _Match) -> None:
        block = one.block
        i, j = block.index(one.stmt), block.index(two.stmt)
        block[i], block[j] = block[j], block[i]
        self._change_stmt(one.stmt, self._text_of(two.stmt))
        self._change_stmt(two.stmt, self._text_of(one.stmt))

    def _replace(self, edit: Edit, match: _Match) -> None:
        for call in match.calls:
            func = call.func
            assert isinstance(func, ast.Name)
            row = func.lineno
            line = self.lines[row - 1].encode()
            text = line[: func.col_offset] + _name(edit.new).encode() + line[func.end_col_offset :]
            self._change(row, row + 1, [(row, text.decode())])
            func.id = self._import(edit.new)

    def _insert_before(self, edit: Edit, match: _Match) -> None:
        self._insert(edit, match, 0)

    def _insert_after(self, edit: Edit, match: _Match) -> None:
        self._insert(edit, match, 1)

    def _insert(self, edit: Edit, match: _Match, behind: int) -> None:
        stmt = match.stmt
        if self._is_elif(stmt) or (behind and isinstance(stmt, ast.Return)):
            where = "behind a return" if behind and isinstance(stmt, ast.Return) else "beside an `elif`"
            self._refuse(edit, "stale-anchor", f"nothing can be inserted {where}", OVERRIDE, stmt.lineno)
            return
        code = edit.new.__code__
        names = code.co_varnames[: code.co_argcount]
        known = self.function.__code__.co_varnames
        for name in names:
            if name not in known:
                self._refuse(
                    edit,
                    "unknown-name",
                    f"{self.function.__name__}() has no variable {name}",
                    f"The parameters of {_name(edit.new)} are bound to variables of the same names: "
                    + ", ".join(known)
                    + ".",
                    stmt.lineno,
                )
                return
        call = ast.Expr(
            ast.Call(
                ast.Name(self._import(edit.new), ast.Load()),
                [ast.Name(name, ast.Load()) for name in names],
                [],
            )
        )
        for node in ast.walk(call):
            ast.copy_location(node, stmt)
        match.block.insert(match.block.index(stmt) + behind, call)
        row = (stmt.end_lineno or stmt.lineno) + 1 if behind else stmt.lineno
        rank = (0, -stmt.col_offset) if behind else (1, 0)
        self._change(
            row, row, [(stmt.lineno, f"{self._indent(stmt)}{_name(edit.new)}({', '.join(names)})\n")], rank
        )

    def _override(self, edit: Edit) -> None:
        own, old = self.others.get(edit.new), self.tree
        new = own.tree if own else definition(edit.new)
        if len(new.args.args) != len(old.args.args):
            self._refuse(
                edit,
                "type",
                f"{_name(edit.new)} takes {len(new.args.args)} arguments, "
                f"{self.function.__name__} takes {len(old.args.args)}",
                "Give them the same parameters.",
            )
            return
        if (new.returns is None) != (old.returns is None):
            returns = [f"returns {ast.unparse(one)}" if one else "returns nothing" for one in (new.returns, old.returns)]
            text = f"{_name(edit.new)} {returns[0]}, {self.function.__name__} {returns[1]}"
            self._refuse(edit, "type", text, "Give them the same result.")
            return
        self.tree = self.out.tree = copy.deepcopy(new)
        self.tree.name = self.function.__name__
        self.out.origin, self.out.file = edit.new, place(edit.new)[0]
        text = list(enumerate(lines_of(self.out.file)[new.lineno - 1 : new.end_lineno], new.lineno))
        if own:
            text = _applied(text, new.lineno, own.changes)
            self.out.extra |= own.extra
        text[0] = (new.lineno, text[0][1].replace("def " + new.name, "def " + old.name, 1))
        self._change(old.lineno, (old.end_lineno or old.lineno) + 1, text)

    # --------------------------------------------------------------- helpers

    def _fill(self, block: list[ast.stmt]) -> None:
        """An emptied body still needs a statement; an emptied `else` does not."""
        if not block:
            block.append(ast.copy_location(ast.Pass(), self.tree))

    def _import(self, function: FunctionType) -> str:
        """The name by which the edited tree calls `function`: its own, unless it is taken."""
        name = _name(function)
        taken = self.function.__globals__.get(name, self.out.extra.get(name, function))
        if taken is not function:
            name = f"{function.__module__}.{name}"
        self.out.extra[name] = function
        return name

    def _is_elif(self, stmt: ast.stmt) -> bool:
        return self.lines[stmt.lineno - 1][stmt.col_offset :].startswith("elif")

    def _indent(self, stmt: ast.stmt) -> str:
        return " " * stmt.col_offset

    def _text_of(self, stmt: ast.stmt) -> list[Line]:
        return list(enumerate(self.lines[stmt.lineno - 1 : stmt.end_lineno], stmt.lineno))

    def _change_stmt(self, stmt: ast.stmt, new: list[Line]) -> None:
        self._change(stmt.lineno, (stmt.end_lineno or stmt.lineno) + 1, new)

    def _change(self, first: int, behind: int, new: list[Line], rank: tuple[int, int] = (0, 0)) -> None:
        self.out.changes.append(_Change(first, behind, new, rank))


def _blocks(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    """Every list of statements in `tree`; an absent `else` is none."""
    for node in ast.walk(tree):
        for name in ("body", "orelse"):
            block = getattr(node, name, None)
            if isinstance(block, list) and (block or name == "body"):
                yield block


def _own_calls(stmt: ast.stmt) -> Iterator[tuple[str, ast.Call]]:
    """The calls in `stmt` with the name called, without those in statements nested in it."""
    for child in ast.iter_child_nodes(stmt):
        if not isinstance(child, ast.stmt):
            for node in ast.walk(child):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    yield node.func.id, node


def _name(function: Any) -> str:
    return getattr(function, "__name__", str(function))


def _text(edit: Edit) -> str:
    """An edit as it was written: `drop(f, inside=g)`."""
    if edit.verb == "override":
        return f"override({_name(edit.inside)}, by={_name(edit.new)})"
    new = {"drop": "", "replace": f", by={_name(edit.new)}"}.get(edit.verb, f", {_name(edit.new)}")
    nth = f", nth={edit.nth}" if edit.nth else ""
    return f"{edit.verb}({_name(edit.anchor)}{new}, inside={_name(edit.inside)}{nth})"


def _applied(lines: list[Line], start: int, changes: list[_Change]) -> list[Line]:
    """`lines`, the first of which is line `start` of its file, after `changes`."""
    new = list(lines)
    for change in sorted(changes, key=lambda c: (c.first, c.behind, c.rank), reverse=True):
        new[change.first - start : change.behind - start] = change.new
    return new


def _file_diff(file: str, path: str, changes: list[_Change]) -> str:
    old = list(enumerate(lines_of(file), 1))
    before, after = (
        [text.rstrip("\n") + "\n" for _, text in lines] for lines in (old, _applied(old, 1, changes))
    )
    return "".join(difflib.unified_diff(before, after, "a/" + path, "b/" + path))


def _diff_path(file: str, module: str) -> str:
    """The path of `file` from the root of its package, else from the current directory."""
    tail = module.replace(".", "/") + ".py"
    if "." in module and Path(file).as_posix().endswith("/" + tail):
        return tail
    path = shown_path(file)
    return Path(path).name if Path(path).is_absolute() else Path(path).as_posix()
