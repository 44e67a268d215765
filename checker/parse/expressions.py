"""Python source -> syntax tree: expressions and the names in them."""

from __future__ import annotations

import ast
import builtins
from types import FunctionType, ModuleType
from typing import Any

from .. import lang
from . import tree as t

PLAIN = {"min": min, "max": max, "any": any, "all": all, "sum": sum, "range": range, "bool": bool, "int": int}
LOCK_WORDS = {
    "acquire", "try_acquire", "release", "held", "is_locked", "hand_over",
    "acquire_shared", "try_acquire_shared", "release_shared", "held_shared",
}  # fmt: skip
OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.FloorDiv: "//", ast.Mod: "%"}
COMPARISONS = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Is: "==", ast.IsNot: "!=",
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip
STATEMENTS_ONLY = ("wait_until", "warn_on", "bug_on", "atomic")


class Refused(Exception):
    """Something that is not in the language, at `node` (None: at the statement)."""

    def __init__(self, rule: str, text: str, remedy: str, node: ast.AST | None = None) -> None:
        super().__init__(text)
        self.rule, self.text, self.remedy, self.node = rule, text, remedy, node


class ExpressionParser:
    """Parses the expressions of one function.

    names: those of its module; locals: its parameters and whatever it assigns to.
    bindings: where `:=` leaves its assignment; None where there may be none.
    """

    def __init__(self, names: dict[str, Any], locals: set[str], is_property: bool) -> None:
        self.names, self.locals, self.is_property = names, locals, is_property
        self.bindings: list[t.Assign] | None = None
        self.inner: list[str] = []  # variables of generators around

    def parse(self, node: ast.expr) -> t.Node:
        """The tree of `node`; raises Refused."""
        method = getattr(self, "_" + type(node).__name__.lower(), None)
        if method is None:
            raise Refused(
                "syntax",
                f"`{ast.unparse(node)}` is not in the language",
                "LANGUAGE.md lists the expressions.",
            )
        return method(node)

    # names

    def declared(self, node: ast.expr) -> Any:
        """The declared thing that a name, or a name in a module, stands for."""
        if isinstance(node, ast.Name):
            if node.id in self.names:
                return self.names[node.id]
            if node.id in PLAIN:
                return PLAIN[node.id]
            if hasattr(builtins, node.id):
                remedy = "A model is explored, not run: LANGUAGE.md lists its words; --full shows the values of a run."
                raise Refused("unknown-name", f"{node.id} is Python's, and no word of the language", remedy)
            raise Refused(
                "unknown-name", f"{node.id} is not declared", "Declare or import it at the top of the module."
            )
        if isinstance(node, ast.Attribute):
            base = self.declared(node.value)
            if isinstance(base, ModuleType) and hasattr(base, node.attr):
                return getattr(base, node.attr)
        remedy = "Declare it at the top of the module, and use its name here."
        raise Refused("syntax", f"`{ast.unparse(node)}` is not a declared name", remedy)

    def word(self, node: ast.expr) -> str:
        """The word of the language that is called, or ""."""
        if isinstance(node, ast.Name) and node.id not in self.locals and node.id not in self.inner:
            value = self.names.get(node.id)
            if getattr(value, "checker_kind", "") == "word":
                return value.__name__
            if node.id in PLAIN and (value is None or value is PLAIN[node.id]):
                return node.id
        elif isinstance(node, ast.Attribute):
            try:
                value = self.declared(node)
            except Refused:
                return ""
            return value.__name__ if getattr(value, "checker_kind", "") == "word" else ""
        return ""

    def _name(self, node: ast.Name) -> t.Node:
        if node.id in self.inner or node.id in self.locals:
            return t.Local(node.lineno, node.id)
        return self._global(node, self.declared(node))

    def _global(self, node: ast.expr, value: Any) -> t.Node:
        fits = isinstance(value, (int, lang.Const, lang.EnumValue, lang.Instance)) or value is None
        if fits or (isinstance(value, type) and issubclass(value, lang.Struct)):
            return t.Global(node.lineno, ast.unparse(node), value)
        if self.is_property:
            remedy = "A property speaks of fields and ghosts; if one is missing, declare a ghost."
            raise Refused("property", f"a property cannot name {ast.unparse(node)}", remedy)
        remedy = "Values are constants, enumeration values and instances."
        if isinstance(value, type):
            remedy = f"Shared state is declared as class {value.__name__}(Struct)."
        raise Refused("type", f"{ast.unparse(node)} is not a value", remedy)

    def _constant(self, node: ast.Constant) -> t.Node:
        if node.value is None or isinstance(node.value, (bool, int)):
            return t.Global(node.lineno, repr(node.value), node.value)
        if self.is_property:
            remedy = "Locations have no names; say it with a field, a lock or a ghost."
            raise Refused("property", "a property speaks of fields, never of locations", remedy)
        raise Refused(
            "syntax",
            f"{node.value!r} is not a value of the language",
            "Values are integers, True, False and None.",
        )

    def _attribute(self, node: ast.Attribute) -> t.Node:
        root: ast.expr = node
        while isinstance(root, ast.Attribute):
            root = root.value
        if isinstance(root, ast.Name) and root.id not in self.locals and root.id not in self.inner:
            value = self.declared(root)
            if isinstance(value, ModuleType):
                return self._global(node, self.declared(node))
            if self.is_property and isinstance(value, (FunctionType, lang.Process, lang.Scenario)):
                remedy = "Say it with a field, a lock or a ghost."
                raise Refused(
                    "property", f"a property cannot name {ast.unparse(node)}, a local or a location", remedy
                )
        return t.Attr(node.lineno, self.parse(node.value), node.attr)

    def _subscript(self, node: ast.Subscript) -> t.Node:
        if isinstance(node.slice, (ast.Slice, ast.Tuple)):
            raise Refused("syntax", "there are no slices", "Write a loop, or any(...) and all(...).")
        return t.Item(node.lineno, self.parse(node.value), self.parse(node.slice))

    # operators

    def _unaryop(self, node: ast.UnaryOp) -> t.Node:
        operand = self.parse(node.operand)
        if isinstance(node.op, ast.Not):
            return t.Unary(node.lineno, "not", operand)
        if isinstance(node.op, ast.USub):
            return t.Unary(node.lineno, "-", operand)
        raise Refused(
            "syntax",
            f"`{ast.unparse(node)}` is not in the language",
            "The unary operators are `not` and `-`.",
        )

    def _binop(self, node: ast.BinOp) -> t.Node:
        op = OPERATORS.get(type(node.op))
        if op is None:
            raise Refused(
                "syntax", f"`{ast.unparse(node)}` is not in the language", "The operators are + - * // %."
            )
        return t.Binary(node.lineno, op, self.parse(node.left), self.parse(node.right))

    def _boolop(self, node: ast.BoolOp) -> t.Node:
        op = "and" if isinstance(node.op, ast.And) else "or"
        return t.Logic(node.lineno, op, [self.parse(value) for value in node.values])

    def _compare(self, node: ast.Compare) -> t.Node:
        operands = [node.left, *node.comparators]
        pairs = [self._pair(node, op, a, b) for op, a, b in zip(node.ops, operands, operands[1:])]
        return pairs[0] if len(pairs) == 1 else t.Logic(node.lineno, "and", pairs)

    def _pair(self, node: ast.Compare, op: ast.cmpop, left: ast.expr, right: ast.expr) -> t.Node:
        if isinstance(op, (ast.In, ast.NotIn)):
            if not isinstance(right, (ast.Tuple, ast.List)) or not right.elts:
                raise Refused("syntax", "`in` takes the values one by one", "x in (A, B)")
            values = [t.Binary(node.lineno, "==", self.parse(left), self.parse(one)) for one in right.elts]
            found = values[0] if len(values) == 1 else t.Logic(node.lineno, "or", values)
            return found if isinstance(op, ast.In) else t.Unary(node.lineno, "not", found)
        return t.Binary(node.lineno, COMPARISONS[type(op)], self.parse(left), self.parse(right))

    def _ifexp(self, node: ast.IfExp) -> t.Node:
        return t.Cond(node.lineno, self.parse(node.test), self.parse(node.body), self.parse(node.orelse))

    def _namedexpr(self, node: ast.NamedExpr) -> t.Node:
        if self.bindings is None:
            raise Refused(
                "syntax", ":= stands in the condition of `if` and `while` only", "Assign in a statement."
            )
        target = t.Local(node.lineno, node.target.id)
        source = ast.copy_location(ast.Assign([node.target], node.value), node)
        self.bindings.append(t.Assign(node.lineno, source, target, self.parse(node.value)))
        return target

    def _tuple(self, node: ast.Tuple) -> t.Node:
        if self.is_property and len(node.elts) == 2:
            return t.Pair(node.lineno, self.parse(node.elts[0]), self.parse(node.elts[1]))
        raise Refused("syntax", "there are no tuples", "Use several locals, or a Record.")

    # calls

    def _call(self, node: ast.Call) -> t.Node:
        word = self.word(node.func)
        if node.keywords or any(isinstance(a, ast.Starred) for a in node.args):
            raise Refused("syntax", "arguments are given by position", f"{ast.unparse(node.func)}(a, b)")
        if word:
            return self._word_call(node, word)
        if isinstance(node.func, ast.Name) and node.func.id in self.locals:
            raise Refused(
                "syntax", f"{node.func.id} is a local, not a function", "Functions are called by their names."
            )
        if not isinstance(node.func, (ast.Name, ast.Attribute)):
            raise Refused(
                "syntax", "functions are called by their names", "No lambdas, no tables of functions."
            )
        function = self.declared(node.func)
        if isinstance(function, type) and issubclass(function, lang.Record):
            if node.args:
                raise Refused(
                    "syntax", "a record starts with the values of its declaration", f"{function.__name__}()"
                )
            return t.NewRecord(node.lineno, function)
        if not isinstance(function, FunctionType) or getattr(function, "checker_kind", "kernel") == "word":
            raise Refused(
                "syntax", f"{ast.unparse(node.func)} is not a function of the model", "Declare it with def."
            )
        kind = getattr(function, "checker_kind", "kernel")
        if self.is_property and kind not in ("pure", "property"):
            remedy = "A property reads fields, ghosts and pure functions."
            raise Refused(
                "property", f"a property cannot call {function.__name__}(), which may be a step", remedy
            )
        if not self.is_property and kind == "property":
            raise Refused(
                "property", f"{function.__name__}() is a property", "Model code does not look at properties."
            )
        return t.Call(node.lineno, function, [self.parse(arg) for arg in node.args])

    def _word_call(self, node: ast.Call, word: str) -> t.Node:
        line, args = node.lineno, node.args
        if self.is_property and word in (*STATEMENTS_ONLY, "choose", *LOCK_WORDS - {"is_locked"}):
            raise Refused(
                "property", f"a property cannot say {word}()", "It judges one state, and nobody runs it."
            )
        if word in STATEMENTS_ONLY:
            raise Refused("syntax", f"{word}() has no value", "It is a statement of its own.")
        if word in ("any", "all", "sum"):
            return t.Quantifier(line, word, self._generator(node, word))
        if word == "choose":
            return self._choose(node)
        if word in ("bool", "int", "range", "each"):
            raise Refused(
                "syntax", f"{word}(...) is not a value", "range() and each() stand in loops and generators."
            )
        if word in ("min", "max"):
            self._count(node, word, 2, None)
            values = [self.parse(arg) for arg in args]
            result = values[0]
            for value in values[1:]:
                result = t.Binary(line, word, result, value)
            return result
        if word == "implies":
            self._count(node, word, 2, 2)
            return t.Logic(line, "implies", [self.parse(arg) for arg in args])
        self._count(node, word, 1, 1)
        operand = self.parse(args[0])
        if word == "number":
            return t.Number(line, operand)
        if word == "old":
            if not self.is_property:
                raise Refused(
                    "syntax", "old() belongs to transition invariants", "Keep the value in a local."
                )
            return t.Old(line, operand)
        return t.LockOp(line, word, operand)

    def _count(self, node: ast.Call, word: str, least: int, most: int | None) -> None:
        if len(node.args) < least or (most is not None and len(node.args) > most):
            wanted = f"{least}" if least == most else f"at least {least}"
            raise Refused(
                "syntax", f"{word}() takes {wanted} argument{'s' if least > 1 else ''}", "See LANGUAGE.md."
            )

    def _choose(self, node: ast.Call) -> t.Node:
        if len(node.args) == 1:
            only = node.args[0]
            if isinstance(only, ast.GeneratorExp):
                return t.Choose(node.lineno, [], self._generator(node, "choose"))
            if isinstance(only, ast.Call) and self.word(only.func) in ("range", "each"):
                return t.Choose(node.lineno, [], t.Generator("", self.source(only), None, None))
        if not node.args:
            raise Refused(
                "syntax",
                "choose() from nothing",
                "choose(a, b), choose(range(a, b)), choose(x for x in each(S) if c)",
            )
        return t.Choose(node.lineno, [self.parse(arg) for arg in node.args], None)

    def source(self, node: ast.expr) -> t.Each | t.Span:
        """What a loop or a generator runs over."""
        word = self.word(node.func) if isinstance(node, ast.Call) else ""
        if word == "range" and not node.keywords:
            bounds = [self.parse(arg) for arg in node.args]
            if len(bounds) == 1:
                bounds.insert(0, t.Global(node.lineno, "0", 0))
            if len(bounds) == 2:
                return t.Span(*bounds)
        if word == "each" and len(node.args) == 1:
            struct = self.declared(node.args[0])
            if isinstance(struct, type) and issubclass(struct, lang.Struct):
                return t.Each(struct)
        raise Refused(
            "syntax", "a loop runs over range(a, b) or each(S)", "for i in range(a, b): or for f in each(S):"
        )

    def _generator(self, node: ast.Call, word: str) -> t.Generator:
        only = node.args[0] if len(node.args) == 1 else None
        if not isinstance(only, ast.GeneratorExp) or len(only.generators) != 1:
            raise Refused("syntax", f"{word}() takes one generator", f"{word}(e for x in each(S) if c)")
        clause = only.generators[0]
        if not isinstance(clause.target, ast.Name):
            raise Refused("syntax", "a generator has one variable", f"{word}(e for x in each(S) if c)")
        over = self.source(clause.iter)
        self.inner.append(clause.target.id)
        try:
            conditions = [self.parse(condition) for condition in clause.ifs]
            value = self.parse(only.elt)
        finally:
            self.inner.pop()
        condition = None if not conditions else conditions[0]
        if len(conditions) > 1:
            condition = t.Logic(node.lineno, "and", conditions)
        plain = isinstance(value, t.Local) and value.name == clause.target.id
        return t.Generator(clause.target.id, over, condition, None if plain and word == "choose" else value)
