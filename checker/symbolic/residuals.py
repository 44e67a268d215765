"""Conditions on states, followed down a diagram: what is left of one when the components above a level are known.

What is left is an expression again, the *residual*; equal residuals are one.  So a property is judged on a diagram by
pairs of a node and a residual, of which there are few, and its footprint is never listed.

A residual is a map (`checker.symbolic.learning`) from the class of the component at its level to the next residual; FALSE
and TRUE are 0 and 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from ..ir.program import Const, Expr, Read
from .relations import Relations
from .specialise import Specialiser

FALSE, TRUE = 0, 1


class Residuals:
    """The residuals of a program's conditions, by number."""

    def __init__(self, relations: Relations) -> None:
        self.relations, self.components, self.maps = relations, relations.components, relations.maps
        self.steps = relations.steps
        self._numbers: dict[Expr, int] = {}
        self._identities: dict[int, int] = {}

    def of(self, expr: Expr) -> int:
        """The states in which `expr` is true."""
        return self._number(self.steps.specialised(expr))

    def chain(self, steps: Iterable[tuple[int, Callable[[int], int | None]]], end: int) -> int:
        """A condition on several components, one after the other.

        steps: levels, ascending, each with a function that says FALSE or TRUE of a value's number, or None to
        leave it to the next one; end: what holds if all do."""
        residual = end
        for level, decide in reversed(list(steps)):
            residual = self._map(level, self._identity(level), partial(_decided, decide, residual))
        return residual

    def _identity(self, level: int) -> int:
        if level not in self._identities:
            self._identities[level] = self.maps.new(lambda value: value)
        return self._identities[level]

    def _map(self, level: int, key: int, find: Callable[[int], int]) -> int:
        number, learnt = self.maps.new(find), self.relations.learnt
        learnt.rel_level[number], learnt.rel_key[number], learnt.rel_event[number] = level, key, -1
        return number

    def _number(self, expr: Expr) -> int:
        if isinstance(expr, Const):
            return TRUE if expr.value else FALSE
        number = self._numbers.get(expr)
        if number is None:
            number = self._numbers[expr] = self._branch(expr)
        return number

    def _branch(self, expr: Expr) -> int:
        """The residual of an expression that is not constant: it branches at the highest level that it reads."""
        places = sorted(self.components.place[slot] for slot in self.steps.slots_of(expr))
        level = places[0][0]
        positions = tuple(position for k, position in places if k == level)
        here = {self.components.levels[level].slots[position]: n for n, position in enumerate(positions)}
        view = self.relations.view(level, positions)
        tuples = self.relations.tuples(view)
        return self._map(level, view, lambda class_: self._number(self._with(expr, here, tuples[class_])))

    def _with(self, expr: Expr, here: dict[int, int], values: tuple[int, ...]) -> Expr:
        """`expr` with the values of the slots `here` put in."""

        def known(read: Read) -> int | None:
            slot = self.steps.slot(read)
            return values[here[slot]] if slot in here else self.components.constants.get(slot)

        return Specialiser(known).expr(expr)


def _decided(decide: Callable[[int], int | None], residual: int, value: int) -> int:
    decision = decide(value)
    return residual if decision is None else decision
