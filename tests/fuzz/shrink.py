"""Programs made smaller, as long as they show the same disagreement: a part of the syntax tree at a time is left out."""

from __future__ import annotations

import ast
import copy
import time
from collections.abc import Callable, Iterator

KEPT = ("Two", "h", "run")  # declarations that stay


def shrunk(text: str, still: Callable[[str], bool], seconds: float = 60) -> str:
    """A smaller text for which `still` is true; it is true for `text`."""
    end = time.monotonic() + seconds
    smaller = True
    while smaller:
        smaller = False
        for candidate in candidates(text):
            if time.monotonic() > end:
                return text
            if len(candidate) < len(text) and still(candidate):
                text, smaller = candidate, True
                break
    return text


def candidates(text: str) -> Iterator[str]:
    """`text` with one thing less, large things first."""
    count = len(list(_changes(ast.parse(text))))
    for number in range(count):
        tree = ast.parse(text)
        change = list(_changes(tree))[number]
        change()
        yield ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def _changes(tree: ast.Module) -> list[Callable[[], None]]:
    """What can be done to the tree, each a function that does it."""
    found: list[Callable[[], None]] = []
    for statement in tree.body:
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            found.append(lambda one=statement: tree.body.remove(one))
    for node in ast.walk(tree):
        found += _of_calls(node) + _of_bodies(node) + _of_expressions(node)
    return found


def _of_calls(node: ast.AST) -> list[Callable[[], None]]:
    """Processes of the scenario, operations of threads, options of declarations, parameters that are handed on."""
    if not isinstance(node, ast.Call):
        return []
    name = getattr(node.func, "id", "")
    if name in ("scenario", "thread", "process", "worker", "interrupt"):
        found = [lambda arg=arg: node.args.remove(arg) for arg in node.args[1:] if len(node.args) > 2]
        return found + [lambda word=word: node.keywords.remove(word) for word in node.keywords if word.arg != "per"]
    return []


def _of_bodies(node: ast.AST) -> list[Callable[[], None]]:
    """Statements left out, and blocks replaced by what is in them."""
    found: list[Callable[[], None]] = []
    for name in ("body", "orelse"):
        body = getattr(node, name, None)
        if not isinstance(body, list) or isinstance(node, ast.Module):
            continue
        for at, one in enumerate(body):
            if isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant):
                continue  # a docstring
            found.append(lambda body=body, one=one: _remove(body, one))
            if isinstance(one, (ast.If, ast.While)):
                found.append(lambda body=body, at=at, one=one: body.__setitem__(slice(at, at + 1), one.body))
            if isinstance(one, ast.If) and one.orelse:
                found.append(lambda body=body, at=at, one=one: body.__setitem__(slice(at, at + 1), one.orelse))
    return found


def _remove(body: list[ast.stmt], one: ast.stmt) -> None:
    body.remove(one)
    if not body:
        body.append(ast.Pass())


def _of_expressions(node: ast.AST) -> list[Callable[[], None]]:
    """An operand in place of an expression."""
    found: list[Callable[[], None]] = []
    for field, value in ast.iter_fields(node):
        for at, expr in enumerate(value if isinstance(value, list) else [value]):
            for smaller in _operands(expr):
                if isinstance(value, list):
                    found.append(lambda value=value, at=at, smaller=smaller: value.__setitem__(at, smaller))
                else:
                    found.append(lambda field=field, smaller=smaller: setattr(node, field, smaller))
    return found


def _operands(expr: object) -> list[ast.expr]:
    if isinstance(expr, ast.BoolOp):
        return [copy.deepcopy(value) for value in expr.values]
    if isinstance(expr, ast.UnaryOp) and isinstance(expr.op, ast.Not):
        return [copy.deepcopy(expr.operand)]
    if isinstance(expr, ast.IfExp):
        return [copy.deepcopy(expr.body), copy.deepcopy(expr.orelse)]
    if isinstance(expr, ast.Call) and getattr(expr.func, "id", "") == "implies":
        return [copy.deepcopy(expr.args[1])]
    return []
