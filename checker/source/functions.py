"""From a function object to its text: syntax tree with the file's own line numbers."""

from __future__ import annotations

import ast
import linecache
from functools import cache
from types import FunctionType

from ..base.errors import ModelError, Problem


def definition(function: FunctionType) -> ast.FunctionDef:
    """The syntax tree of `function`; its line numbers are those of the file.

    The tree is shared by all callers: copy it before changing it.
    Raises ModelError if the function has no source, or is no plain `def` without closure.
    """
    file, line = place(function)
    if function.__code__.co_freevars:
        names = ", ".join(function.__code__.co_freevars)
        raise ModelError(
            _problem(file, line, f"{function.__name__}() uses names of an enclosing function: {names}")
        )
    for node in _definitions("".join(lines_of(file)), file).get(function.__code__.co_name, ()):
        if first_line(node) == function.__code__.co_firstlineno:
            return node
    raise ModelError(_problem(file, line, f"the source of {function.__name__}() is not to be found"))


def place(function: FunctionType) -> tuple[str, int]:
    """File and line of the `def` of `function` (of its first decorator, if it has one)."""
    return function.__code__.co_filename, function.__code__.co_firstlineno


def first_line(node: ast.FunctionDef) -> int:
    """The first line that belongs to a function: its decorator's, or that of `def`."""
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def lines_of(file: str) -> list[str]:
    """The lines of a source file, with their line ends; [] if it cannot be read."""
    linecache.checkcache(file)
    return linecache.getlines(file)


def _problem(file: str, line: int, text: str) -> Problem:
    return Problem(file, line, "syntax", text, "Write it as a `def` at the top level of the model's module.")


@cache
def _definitions(text: str, file: str) -> dict[str, list[ast.FunctionDef]]:
    """All functions of a file by name (the text is part of the key: files change)."""
    found: dict[str, list[ast.FunctionDef]] = {}
    for node in ast.walk(ast.parse(text, file)):
        if isinstance(node, ast.FunctionDef):
            found.setdefault(node.name, []).append(node)
    return found
