"""Pure functions of a model, computed as C computes them.

What stands in the model is read with C's rules: operands are converted to their common
type, results wrap, and an assignment, an argument or a result converts to the declared
type.  Wherever the machine's result differs from the exact one, that is noted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType
from typing import Any, NamedTuple

from ... import lang
from ...base.errors import ModelError, Problem
from ...parse import tree as t
from .words import INT, CType, Integers, common, literal, types

COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")


class Word(NamedTuple):
    """A machine integer: its value, and the type that C gives it; type None: a condition."""

    value: Any
    type: CType | None


@dataclass(frozen=True)
class Inexact:
    """A place where the machine's value may not be the exact one.

    happens: the condition under which it is not.  text: what is computed there.  exact: the
    value that does not fit.
    """

    happens: Any
    text: str
    exact: Any
    type: CType
    file: str
    line: int


class Functions:
    """Computes functions on a machine with given values of constants.

    arithmetic: on Python integers or on z3's terms.  parse: from a function to its tree.
    inexact: collects what need not fit.  used: the values of constants that were needed.
    """

    def __init__(
        self, arithmetic: Integers, parse: Callable[[FunctionType], t.Function], long: int, given: dict[Any, int]
    ) -> None:
        self.arithmetic, self.parse, self.given = arithmetic, parse, given
        self.types = types(long)
        self.path: Any = arithmetic.truth(True)
        self.inexact: list[Inexact] = []
        self.used: dict[str, int] = {}

    # types and constants

    def type_of(self, declared: Any, function: t.Function, line: int) -> CType | None:
        """The C type of an annotation; None for bool."""
        if declared in (bool, lang.Bool):
            return None
        if isinstance(declared, lang.Range) and declared.c in self.types:
            return self.types[declared.c]
        text = f"in {function.name}(): this type has no machine integer"
        remedy = "Declare it with one: loff_t = Range(0, FILE_SIZE, c=\"s64\")."
        raise ModelError(Problem(function.file, line, "machine", text, remedy))

    def constant(self, value: Any) -> int:
        """A constant expression in this geometry."""
        if not isinstance(value, lang.Const):
            return int(value)
        if value in self.given:
            return self.given[value]
        if isinstance(value, lang.Constant):
            return value.default
        return lang.Const(value.op, tuple(self.constant(arg) for arg in value.args)).value({})

    def _global(self, node: t.Global, function: t.Function) -> Word:
        if isinstance(node.value, bool):
            return Word(self.arithmetic.truth(node.value), None)
        if not isinstance(node.value, (int, lang.Const)):
            raise self._refused(function, node)
        number = self.constant(node.value)
        declared = getattr(node.value, "c", "")
        if isinstance(node.value, lang.Const):
            self.used[node.name] = number
        return Word(self.arithmetic.number(number), self.types[declared] if declared else literal(number))

    # functions

    def call(self, declared: FunctionType, arguments: list[Word]) -> Word:
        """The result of a function, or of a theorem."""
        function = self.parse(declared)
        names = {}
        for param, word in zip(function.params, arguments, strict=True):
            wanted = self.type_of(param.annotation, function, param.line)
            names[param.name] = self.converted(word, wanted, f"{param.name} of {function.name}()", function, param)
        result = self._run(list(function.body), names, function)
        if result is None:
            raise ModelError(Problem(function.file, function.line, "machine", f"{function.name}() has no result"))
        return result

    def _run(self, items: list[t.Stmt], names: dict[str, Word], function: t.Function) -> Word | None:
        for position, item in enumerate(items):
            rest = items[position + 1 :]
            if isinstance(item, t.Return) and item.value is not None:
                wanted = self.type_of(function.result, function, item.line)
                word = self.value(item.value, names, function)
                return self.converted(word, wanted, f"the result of {function.name}()", function, item)
            if isinstance(item, t.Assign) and isinstance(item.target, t.Local):
                word = self.value(item.value, names, function)
                if item.annotation is not None:
                    wanted = self.type_of(item.annotation, function, item.line)
                    word = self.converted(word, wanted, item.target.name, function, item)
                elif item.target.name in names:
                    word = self.converted(word, names[item.target.name].type, item.target.name, function, item)
                names[item.target.name] = word
            elif isinstance(item, t.If) and not item.before:
                test = self.value(item.test, names, function).value
                then = self._under(test, lambda: self._run(item.then + rest, dict(names), function))
                other = self._under(
                    self.arithmetic.no(test), lambda: self._run(item.other + rest, dict(names), function)
                )
                return self._either(test, then, other)
            elif not isinstance(item, t.Pass):
                raise self._refused(function, item)
        return None

    def _under(self, condition: Any, run: Callable[[], Word | None]) -> Word | None:
        """What `run` gives where `condition` is true; None if it never is."""
        if self.arithmetic.known(condition) is False:
            return None
        before, self.path = self.path, self.arithmetic.all(self.path, condition)
        try:
            return run()
        finally:
            self.path = before

    def _either(self, test: Any, then: Word | None, other: Word | None) -> Word | None:
        if then is None or other is None:
            return then or other
        return Word(self.arithmetic.ite(test, then.value, other.value), then.type)

    # expressions

    def value(self, node: t.Node, names: dict[str, Word], function: t.Function) -> Word:
        """The value of an expression."""
        match node:
            case t.Global():
                return self._global(node, function)
            case t.Local():
                return names[node.name]
            case t.Unary(op="not"):
                return Word(self.arithmetic.no(self.value(node.operand, names, function).value), None)
            case t.Unary():
                zero = Word(self.arithmetic.number(0), INT)
                return self._computed("-", zero, self.value(node.operand, names, function), node, function)
            case t.Binary():
                left, right = (self.value(one, names, function) for one in (node.left, node.right))
                return self._binary(node, left, right, function)
            case t.Logic():
                return self._logic(node, names, function)
            case t.Cond():
                test = self.value(node.test, names, function).value
                then = self._under(test, lambda: self.value(node.then, names, function))
                other = self._under(self.arithmetic.no(test), lambda: self.value(node.other, names, function))
                return self._joined(test, then, other, node, function)
            case t.Call():
                return self.call(node.function, [self.value(arg, names, function) for arg in node.args])
        raise self._refused(function, node)

    def _logic(self, node: t.Logic, names: dict[str, Word], function: t.Function) -> Word:
        a = self.arithmetic
        first, *rest = node.operands
        value = self.value(first, names, function).value
        for operand in rest:
            goes_on = a.no(value) if node.op == "or" else value
            word = self._under(goes_on, lambda: self.value(operand, names, function))  # noqa: B023
            if node.op == "and":
                value = a.truth(False) if word is None else a.all(value, word.value)
            elif node.op == "or":
                value = a.truth(True) if word is None else a.any(value, word.value)
            else:
                value = a.truth(True) if word is None else a.any(a.no(value), word.value)
        return Word(value, None)

    def _binary(self, node: t.Binary, left: Word, right: Word, function: t.Function) -> Word:
        a, op = self.arithmetic, node.op
        if op in COMPARISONS:
            if left.type is None:
                same = a.any(a.all(left.value, right.value), a.all(a.no(left.value), a.no(right.value)))
                return Word(same if op == "==" else a.no(same), None)
            left, right = self._alike(left, right, node, function)
            return Word(a.compare(op, left.value, right.value), None)
        if op in ("//", "%", "*") and (shift := self._shift(node.right)) is not None:
            if op == "//":
                return Word(a.divided(left.value, shift), left.type)
            if op == "%":
                left, right = self._alike(left, right, node, function)
                return Word(a.masked(left.value, shift), left.type)
            return self._computed("*", left, Word(right.value, left.type), node, function)
        left, right = self._alike(left, right, node, function)
        if op in ("min", "max"):
            first = a.compare("<=" if op == "min" else ">=", left.value, right.value)
            return Word(a.ite(first, left.value, right.value), left.type)
        if op in ("+", "-"):
            return self._computed(op, left, right, node, function)
        raise self._refused(function, node)

    def _shift(self, node: t.Node) -> int | None:
        """n, if an expression is the constant 2^n, which the kernel shifts or masks by."""
        if not isinstance(node, t.Global) or not isinstance(node.value, (int, lang.Const)):
            return None
        number = self.constant(node.value)
        return number.bit_length() - 1 if number > 0 and number & (number - 1) == 0 else None

    def _alike(self, left: Word, right: Word, node: t.Node, function: t.Function) -> tuple[Word, Word]:
        wanted = common(left.type, right.type)
        text = f"an operand of `{t.text(node)}`"
        return (
            self.converted(left, wanted, text, function, node),
            self.converted(right, wanted, text, function, node),
        )

    def _joined(self, test: Any, then: Word | None, other: Word | None, node: t.Node, function: t.Function) -> Word:
        if then is None or other is None:
            return then or other
        if then.type is not None:
            then, other = self._alike(then, other, node, function)
        return Word(self.arithmetic.ite(test, then.value, other.value), then.type)

    def _computed(self, op: str, left: Word, right: Word, node: t.Node, function: t.Function) -> Word:
        exact = self.arithmetic.arithmetic(op, left.value, right.value)
        return self.converted(Word(exact, None), common(left.type, right.type), f"`{t.text(node)}`", function, node)

    def converted(self, word: Word, wanted: CType | None, text: str, function: t.Function, node: Any) -> Word:
        """A value converted to a type, and a note of where that changes it."""
        if wanted is None or word.type == wanted:
            return word
        fits = word.type is not None and wanted.lo <= word.type.lo and word.type.hi <= wanted.hi
        if fits:
            return Word(word.value, wanted)
        value = self.arithmetic.wrapped(word.value, wanted)
        changed = self.arithmetic.all(self.path, self.arithmetic.compare("!=", value, word.value))
        if self.arithmetic.known(changed) is not False:
            self.inexact.append(Inexact(changed, text, word.value, wanted, function.file, node.line))
        return Word(value, wanted)

    def _refused(self, function: t.Function, node: Any) -> ModelError:
        text = f"in {function.name}(): this cannot be read as machine arithmetic"
        remedy = "+ - min max, * // % by a power of two, comparisons, if, and pure functions."
        return ModelError(Problem(function.file, node.line, "machine", text, remedy))
