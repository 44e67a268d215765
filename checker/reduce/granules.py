"""What the steps of a program touch: granules of its shared variables, and accesses to them.

A *granule* is a set of elements of one shared variable: those that one lock instance guards,
else those of one struct instance.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..ir import program as ir


@dataclass(frozen=True)
class Access:
    """A block touches `granules`; `when`: only if this expression is true (None: always).

    watched: what is read by the properties that the write may make true again.
    """

    granules: int  # bit mask
    write: bool
    when: ir.Expr | None = None
    watched: int = 0


class Granules:
    """Numbers the granules of a program's shared variables."""

    def __init__(self, program: ir.Program):
        self.program = program
        self.names: list[str] = []
        self.of: dict[str, tuple[int, ...]] = {}
        for variable in program.variables:
            if variable.process is None:
                self.of[variable.name] = self._number(variable)

    def _number(self, variable: ir.Variable) -> tuple[int, ...]:
        size = variable.guard.same if variable.guard and variable.guard.same else max(variable.per, 1)
        if variable.guard and variable.guard.same is None:
            size = variable.count
        first = len(self.names)
        self.names += [f"{variable.name}/{k}" for k in range((variable.count + size - 1) // size)]
        return tuple(first + element // size for element in range(variable.count))

    def mask(self, name: str, elements: Iterable[int]) -> int:
        """The granules of these elements of a variable."""
        numbers = self.of[name]
        result = 0
        for element in elements:
            result |= 1 << numbers[element]
        return result

    def inside(self, name: str, index: ir.Expr, granule: int) -> ir.Expr:
        """Whether element `index` of the variable belongs to the granule."""
        elements = [k for k, g in enumerate(self.of[name]) if g == granule]
        if elements[0] == 0:  # an index outside the array reads element 0
            return ir.Binary("or", ir.Binary("<=", index, ir.Const(elements[-1])),
                             ir.Binary(">=", index, ir.Const(len(self.of[name]))))
        return ir.Binary("and", ir.Binary(">=", index, ir.Const(elements[0])),
                         ir.Binary("<=", index, ir.Const(elements[-1])))


def statements(body: tuple[ir.Stmt, ...]) -> Iterator[ir.Stmt]:
    """All statements, nested ones too."""
    for statement in body:
        yield statement
        if isinstance(statement, ir.If):
            yield from statements(statement.then)
            yield from statements(statement.other)


def constant_of(expr: ir.Expr, instance: int) -> int | None:
    """The value of an expression of constants and Instance, or None."""
    if isinstance(expr, ir.Const):
        return expr.value
    if isinstance(expr, ir.Instance):
        return instance
    if isinstance(expr, ir.Binary) and expr.op in ("+", "-", "*"):
        left, right = constant_of(expr.left, instance), constant_of(expr.right, instance)
        if left is not None and right is not None:
            return {"+": left + right, "-": left - right, "*": left * right}[expr.op]
    return None
