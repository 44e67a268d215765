"""What the steps of a program touch: granules of its shared variables, and accesses to them.

A *granule* is a set of elements of one shared variable: those that one lock instance guards,
else those of one struct instance; of locks each element is one.  A lock has a second granule for each
element, which is read by who waits for it, and written by who writes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from checker import ir


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
    """Numbers the granules of a program's shared variables.

    of: the granule of each element of a variable.  awaited: the second one of each element of a lock.
    """

    def __init__(self, program: ir.Program):
        self.program = program
        self.names: list[str] = []
        self.of: dict[str, tuple[int, ...]] = {}
        self.awaited: dict[str, tuple[int, ...]] = {}
        for variable in program.variables:
            if variable.process is None:
                self.of[variable.name] = self._number(variable.name, variable.count, _size(variable))
                if variable.lock == "mutex":
                    self.awaited[variable.name] = self._number(f"{variable.name} awaited", variable.count, 1)

    def _number(self, name: str, count: int, size: int) -> tuple[int, ...]:
        first = len(self.names)
        self.names += [f"{name}/{k}" for k in range((count + size - 1) // size)]
        return tuple(first + element // size for element in range(count))

    def mask(self, name: str, elements: Iterable[int]) -> int:
        """The granules of these elements of a variable."""
        return _mask(self.of[name], elements)

    def mask_of_waits(self, name: str, elements: Iterable[int]) -> int:
        """What who waits for these elements of a lock reads; nothing if the variable is none."""
        return _mask(self.awaited[name], elements) if name in self.awaited else 0

    def element(self, name: str, index: int) -> int:
        """The element that is read at a constant index: one outside of the array reads element 0."""
        return index if 0 <= index < len(self.of[name]) else 0

    def elements(self, name: str, granule: int) -> list[int]:
        """The elements of the variable that belong to a granule."""
        return [element for element, number in enumerate(self.of[name]) if number == granule]

    def inside(self, name: str, index: ir.Expr, granule: int) -> ir.Expr:
        """Whether element `index` of the variable belongs to the granule."""
        elements = self.elements(name, granule)
        if elements[0] == 0:  # an index outside the array reads element 0
            return ir.Binary("or", ir.Binary("<=", index, ir.Const(elements[-1])),
                             ir.Binary(">=", index, ir.Const(len(self.of[name]))))  # fmt: skip
        return ir.Binary("and", ir.Binary(">=", index, ir.Const(elements[0])),
                         ir.Binary("<=", index, ir.Const(elements[-1])))  # fmt: skip


def _size(variable: ir.Variable) -> int:
    """Elements in a granule of the variable."""
    if variable.lock == "mutex":
        return 1
    if variable.guard:
        return variable.guard.same or variable.count
    return max(variable.per, 1)


def _mask(numbers: tuple[int, ...], elements: Iterable[int]) -> int:
    result = 0
    for element in elements:
        result |= 1 << numbers[element]
    return result


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
