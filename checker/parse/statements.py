"""Python source -> syntax tree: statements, functions, and who may be called what.

Whatever is not in the language is refused here with the rule "syntax"; a name that is
neither a parameter nor a local nor declared in the module, with "unknown-name".
Expressions are in `checker.parse.expressions`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from types import FunctionType
from typing import Any

from .. import lang
from ..base.errors import ModelError, Problem
from . import tree as t
from .expressions import ExpressionParser, Refused
from .unset import unset_reads

NOT_HERE = {
    ast.Try: "there are no exceptions; return an error value",
    ast.With: 'the only `with` is `with atomic("reason"):`',
    ast.Assert: "say bug_on(...) or warn_on(...)",
    ast.Global: "shared state is declared as a field of a Struct",
    ast.Nonlocal: "shared state is declared as a field of a Struct",
    ast.Delete: "locals that are not used any more take no space in states anyway",
    ast.FunctionDef: "functions are declared at the top level of the module",
    ast.ClassDef: "structs are declared at the top level of the module",
    ast.Import: "imports stand at the top of the module",
    ast.ImportFrom: "imports stand at the top of the module",
    ast.Raise: "there are no exceptions; return an error value",
    ast.Match: "write if/elif/else",
}


def parse_function(
    function: FunctionType, node: ast.FunctionDef, file: str, names: dict[str, Any]
) -> t.Function:
    """The tree of `function`, whose (perhaps edited) source is `node` in `file`, and in
    which `names` are the names of its module.

    Raises ModelError with everything in it that is not in the language.
    """
    return _FunctionParser(function, node, file, names).parse()


class _FunctionParser:
    """Parses one function; collects what is wrong with it."""

    def __init__(
        self, function: FunctionType, node: ast.FunctionDef, file: str, names: dict[str, Any]
    ) -> None:
        self.function, self.node, self.file = function, node, file
        self.kind = getattr(function, "checker_kind", "kernel")
        self.problems: list[Problem] = []
        self.assigned: dict[str, int] = {}
        self.loop_vars: list[str] = []
        self._find_locals()
        self.expressions = ExpressionParser(names, set(self.assigned), self.kind == "property")

    def parse(self) -> t.Function:
        body = list(self.node.body)
        doc = ast.get_docstring(self.node) or ""
        if doc:
            body = body[1:]
        else:
            self._refuse(
                self.node, "syntax", f"{self.node.name}() has no docstring", "One sentence says what it does."
            )
        params = [p for p in map(self._param, self.node.args.args) if p is not None]
        self._check_signature()
        result = self._annotation(self.node.returns) if self.node.returns is not None else None
        returns = any(isinstance(n, ast.Return) and n.value is not None for n in ast.walk(self.node))
        if returns and result is None and self.kind != "property" and not _is_none(self.node.returns):
            text = f"{self.node.name}() returns a value but does not say of which type"
            self._refuse(self.node, "no-type", text, f"def {self.node.name}(...) -> TYPE:")
        statements = self._block(body)
        done = t.Function(
            self.node.name, self.kind, self.file, self.node.lineno, doc, params, result, returns, statements,
            self.assigned,
        )  # fmt: skip
        if not self.problems:
            for name, line in unset_reads(done):
                text = f"{name} may have no value yet when it is read here"
                self._problem(line, "unset", text, "Assign to it on every path before.")
        if self.problems:
            raise ModelError(self.problems)
        return done

    # names

    def _find_locals(self) -> None:
        arguments = self.node.args
        for arg in arguments.args + arguments.posonlyargs + arguments.kwonlyargs:
            self.assigned[arg.arg] = 0
        inner = {
            id(n) for g in ast.walk(self.node) if isinstance(g, ast.comprehension) for n in ast.walk(g.target)
        }
        for node in ast.walk(self.node):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and id(node) not in inner:
                self.assigned[node.id] = self.assigned.get(node.id, 0) + 1

    def _param(self, arg: ast.arg) -> t.Param | None:
        if arg.annotation is None:
            text = f"parameter {arg.arg} has no type"
            self._refuse(arg, "no-type", text, f"{self.node.name}({arg.arg}: TYPE)")
            return None
        return t.Param(arg.arg, self._annotation(arg.annotation), arg.lineno)

    def _check_signature(self) -> None:
        arguments = self.node.args
        odd = (
            arguments.posonlyargs
            or arguments.kwonlyargs
            or arguments.vararg
            or arguments.kwarg
            or arguments.defaults
        )
        if odd:
            self._refuse(
                self.node,
                "syntax",
                "parameters are plain names with a type",
                "No defaults, no *, no keywords.",
            )

    def _annotation(self, node: ast.expr | None) -> Any:
        if node is None or _is_none(node):
            return None
        try:
            value = self.expressions.declared(node)
        except Refused as refused:
            self._refuse(node, refused.rule, refused.text, refused.remedy)
            return None
        if value is int:
            self._refuse(node, "unbounded", "int has no bounds", "Name a Range: Size = Range(0, 8).")
        elif not (
            value in (bool, lang.Place, lang.Bool)
            or isinstance(value, (lang.Range, lang.Enum, lang.Ref))
            or _is_struct(value)
        ):
            remedy = "A type is a Range, bool, an enumeration, a Struct, a Record, or Place for a parameter."
            self._refuse(node, "type", f"{ast.unparse(node)} is not a type", remedy)
        return value

    # statements

    def _block(self, body: list[ast.stmt]) -> list[t.Stmt]:
        found: list[t.Stmt] = []
        for stmt in body:
            try:
                found += self._statement(stmt)
            except Refused as refused:
                self._refuse(refused.node or stmt, refused.rule, refused.text, refused.remedy)
        return found

    def _statement(self, stmt: ast.stmt) -> list[t.Stmt]:
        method: Callable[[Any], list[t.Stmt]] | None = getattr(self, "_" + type(stmt).__name__.lower(), None)
        if method is None:
            name = type(stmt).__name__.lower()
            remedy = NOT_HERE.get(type(stmt), "LANGUAGE.md lists the statements.")
            raise Refused(
                "syntax",
                f"`{name}` is not in the language",
                remedy[0].upper() + remedy[1:] + ("" if remedy[-1] in ".:" else "."),
            )
        return method(stmt)

    def _assign(self, stmt: ast.Assign) -> list[t.Stmt]:
        if len(stmt.targets) != 1 or isinstance(stmt.targets[0], (ast.Tuple, ast.List)):
            raise Refused("syntax", "one assignment, one target", "Write one statement for each.")
        return [t.Assign(stmt.lineno, stmt, self._target(stmt.targets[0]), self._value(stmt.value))]

    def _annassign(self, stmt: ast.AnnAssign) -> list[t.Stmt]:
        if stmt.value is None or not isinstance(stmt.target, ast.Name):
            raise Refused("syntax", "a type stands where a local gets its value", "x: Type = value")
        target, annotation = self._target(stmt.target), self._annotation(stmt.annotation)
        return [t.Assign(stmt.lineno, stmt, target, self._value(stmt.value), annotation)]

    def _augassign(self, stmt: ast.AugAssign) -> list[t.Stmt]:
        if not isinstance(stmt.op, (ast.Add, ast.Sub)):
            raise Refused("syntax", "only += and -= are in the language", "Write x = x ... out in full.")
        target = self._target(stmt.target)
        value = t.Binary(
            stmt.lineno, "+" if isinstance(stmt.op, ast.Add) else "-", target, self._value(stmt.value)
        )
        return [t.Assign(stmt.lineno, stmt, target, value)]

    def _target(self, node: ast.expr) -> t.Node:
        if isinstance(node, ast.Name):
            declared = self.expressions.names.get(node.id)
            if isinstance(declared, (lang.Const, lang.EnumValue, lang.Instance)):
                remedy = "Give the local another name."
                raise Refused(
                    "constant", f"{node.id} is declared in the module and cannot be assigned to", remedy
                )
            if node.id in self.loop_vars:
                raise Refused(
                    "constant",
                    f"{node.id} is the variable of a `for` and cannot be assigned to",
                    "Use while.",
                )
            return t.Local(node.lineno, node.id)
        if isinstance(node, (ast.Attribute, ast.Subscript)):
            target = self.expressions.parse(node)
            if isinstance(target, (t.Attr, t.Item)):
                return target
        raise Refused(
            "constant", f"{ast.unparse(node)} cannot be assigned to", "Assign to a local or to a field."
        )

    def _value(self, node: ast.expr) -> t.Node:
        return self.expressions.parse(node)

    def _expr(self, stmt: ast.Expr) -> list[t.Stmt]:
        call = stmt.value
        if isinstance(call, ast.Constant) and isinstance(call.value, str):
            return []
        if not isinstance(call, ast.Call):
            raise Refused("syntax", "an expression alone does nothing", "Only a call can be a statement.")
        word = self.expressions.word(call.func)
        if word in ("wait_until", "warn_on", "bug_on"):
            if len(call.args) != 1 or call.keywords:
                raise Refused("syntax", f"{word}() takes one condition", f"{word}(condition)")
            condition = self._value(call.args[0])
            if word == "wait_until":
                return [t.Wait(stmt.lineno, stmt, condition)]
            return [t.Assert(stmt.lineno, stmt, word, condition)]
        value = self._value(call)
        if not isinstance(value, (t.Call, t.LockOp)):
            raise Refused(
                "syntax", f"{ast.unparse(call)} has no effect", "Assign its value, or leave it out."
            )
        return [t.Do(stmt.lineno, stmt, value)]

    def _test(self, node: ast.expr) -> tuple[list[t.Assign], t.Node]:
        """The test of an `if` or `while`, and the assignments made by := in it."""
        self.expressions.bindings = before = []
        test = self._value(node)
        self.expressions.bindings = None
        if len(before) > 1:
            raise Refused("syntax", "one := in a condition", "Assign in statements of their own.")
        return before, test

    def _if(self, stmt: ast.If) -> list[t.Stmt]:
        before, test = self._test(stmt.test)
        return [t.If(stmt.lineno, stmt, before, test, self._block(stmt.body), self._block(stmt.orelse))]

    def _while(self, stmt: ast.While) -> list[t.Stmt]:
        if stmt.orelse:
            raise Refused("syntax", "`else` of a loop is not in the language", "Write it behind the loop.")
        before, test = self._test(stmt.test)
        return [t.While(stmt.lineno, stmt, before, test, self._block(stmt.body))]

    def _for(self, stmt: ast.For) -> list[t.Stmt]:
        if stmt.orelse:
            raise Refused("syntax", "`else` of a loop is not in the language", "Write it behind the loop.")
        if not isinstance(stmt.target, ast.Name):
            raise Refused("syntax", "a loop has one variable", "for i in range(a, b): or for f in each(S):")
        self._target(stmt.target)
        over = self.expressions.source(stmt.iter)
        self.loop_vars.append(stmt.target.id)
        body = self._block(stmt.body)
        self.loop_vars.pop()
        return [t.For(stmt.lineno, stmt, stmt.target.id, over, body)]

    def _break(self, stmt: ast.Break) -> list[t.Stmt]:
        return [t.Break(stmt.lineno, stmt)]

    def _continue(self, stmt: ast.Continue) -> list[t.Stmt]:
        return [t.Continue(stmt.lineno, stmt)]

    def _pass(self, stmt: ast.Pass) -> list[t.Stmt]:
        return [t.Pass(stmt.lineno, stmt)]

    def _return(self, stmt: ast.Return) -> list[t.Stmt]:
        none = stmt.value is None or (_is_none(stmt.value) and self.node.returns is None)
        return [t.Return(stmt.lineno, stmt, None if none else self._value(stmt.value))]

    def _with(self, stmt: ast.With) -> list[t.Stmt]:
        item = stmt.items[0]
        call = item.context_expr
        if (
            len(stmt.items) != 1
            or item.optional_vars
            or not isinstance(call, ast.Call)
            or self.expressions.word(call.func) != "atomic"
        ):
            raise Refused("syntax", "`with` is for atomic groups alone", 'with atomic("reason"):')
        reason = call.args[0] if len(call.args) == 1 else None
        if (
            not isinstance(reason, ast.Constant)
            or not isinstance(reason.value, str)
            or not reason.value.strip()
        ):
            raise Refused(
                "syntax", "an atomic group says why nothing comes between", 'with atomic("reason"):'
            )
        return [t.Atomic(stmt.lineno, stmt, reason.value, self._block(stmt.body))]

    def _refuse(self, node: ast.AST, rule: str, text: str, remedy: str) -> None:
        self._problem(getattr(node, "lineno", self.node.lineno), rule, text, remedy)

    def _problem(self, line: int, rule: str, text: str, remedy: str) -> None:
        self.problems.append(Problem(self.file, line, rule, f"in {self.node.name}(): {text}", remedy))


def _is_none(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_struct(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, (lang.Struct, lang.Record))
