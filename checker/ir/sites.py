"""Everything in a program that can be violated, numbered.

Among violations of equal depth the one with the lowest number is reported, in every
engine and with any number of threads: checks in the order of processes, labels and
statements, then transition invariants, invariants and crash properties, then deadlock,
then terminal properties.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from .program import (
    DEADLOCK, NOWHERE, Binary, Check, Const, Expr, Fail, If, Instantiation, Ite, Pos, Program, Property, Read, Stmt, Unary,
)  # fmt: skip

STEP, TRANSITION, STATE, REST = range(4)  # what is violated: a step, its two states, a state, a state without steps


@dataclass(frozen=True)
class Site:
    """One thing that can be violated.

    kind: STEP (no successor), TRANSITION, STATE or REST.  expr: what must be true, None for
    checks (their statements say it) and for deadlock.
    """

    kind: int
    property: str
    message: str
    binding: tuple[tuple[str, str], ...] = ()
    pos: Pos = NOWHERE
    expr: Expr | None = None


class Sites:
    """The sites of `program` in their order, and how to find the number of one."""

    def __init__(self, program: Program) -> None:
        self.all: list[Site] = []
        self._number: dict[tuple, int] = {}
        for check in _checks(program):
            self._add(Site(STEP, check.name, check.message, (), check.pos))
        for kind, names in ((TRANSITION, ("transition",)), (STATE, ("invariant", "crash"))):
            self._add_properties(program, kind, names)
        self._add(Site(REST, DEADLOCK, "Nothing can move, and not everything is at rest."))
        self._add_properties(program, REST, ("terminal",))

    def number(self, kind: int, name: str, message: str, binding: tuple = (), pos: Pos = NOWHERE) -> int:
        """Number of a site; the message of a deadlock does not matter."""
        return self._number[kind, name, "" if name == DEADLOCK else message, binding, pos]

    def of_kind(self, kind: int) -> list[tuple[int, Site]]:
        return [(number, site) for number, site in enumerate(self.all) if site.kind == kind]

    def _add(self, site: Site) -> None:
        key = site.kind, site.property, "" if site.property == DEADLOCK else site.message, site.binding, site.pos
        if key not in self._number:
            self._number[key] = len(self.all)
            self.all.append(site)

    def _add_properties(self, program: Program, kind: int, names: tuple[str, ...]) -> None:
        for prop in program.properties:
            for one in prop.instances if prop.kind in names else ():
                self._add(Site(kind, prop.name, prop.doc, one.binding, prop.pos, one.expr))


@dataclass(frozen=True)
class Witness:
    """Something that the search should see: some instantiations of a reachable property, or where those of
    another one say something.  kind: where that is judged, as in `Site`.  exprs: with the number of the
    instantiation that each is of, GROUP at most."""

    kind: int
    name: str
    exprs: tuple[tuple[int, Expr], ...]


GROUP = 64  # instantiations that are looked for together
SOUGHT = {
    "reachable": STATE, "invariant": STATE, "crash": STATE, "leads_to": STATE, "transition": TRANSITION, "terminal": REST,
}  # fmt: skip


def witnesses(program: Program) -> list[Witness]:
    """What `Exploration.exercised` may name, in the order of properties."""
    found = []
    for prop in program.properties:
        exprs = [(number, e) for number, one in enumerate(prop.instances) if (e := sought(prop, one)) is not None]
        for first in range(0, len(exprs), GROUP):
            found.append(Witness(SOUGHT[prop.kind], prop.name, tuple(exprs[first : first + GROUP])))
    return found


def sought(prop: Property, one: Instantiation) -> Expr | None:
    """What shows that an instantiation says something here; None if it does everywhere.

    A reachable property says itself, `leads_to` where it begins, a terminal one where nothing can move.  Of a
    transition invariant without a premise something must change that it compares with what it was."""
    if prop.kind in ("reachable", "leads_to"):
        return one.expr
    if one.premise is None and prop.kind == "terminal":
        return Const(1)
    if one.premise is None and prop.kind == "transition":
        return _changes(one.expr)
    return one.premise


def _changes(expr: Expr) -> Expr | None:
    """Does one of the variables change that `expr` reads as they were?  None if there is none."""
    changed: Expr | None = None
    for read in dict.fromkeys(_old_reads(expr)):
        differs = Binary("!=", read, replace(read, old=False))
        changed = differs if changed is None else Binary("or", changed, differs)
    return changed


def _old_reads(expr: Expr) -> Iterator[Read]:
    match expr:
        case Read():
            yield from _old_reads(expr.index)
            if expr.old:
                yield expr
        case Unary():
            yield from _old_reads(expr.operand)
        case Binary():
            yield from (*_old_reads(expr.left), *_old_reads(expr.right))
        case Ite():
            yield from (*_old_reads(expr.cond), *_old_reads(expr.then), *_old_reads(expr.other))


def _checks(program: Program) -> Iterator[Check | Fail]:
    for process in program.processes:
        for block in process.blocks:
            yield from _checks_in(block.body)


def _checks_in(body: tuple[Stmt, ...]) -> Iterator[Check | Fail]:
    for statement in body:
        if isinstance(statement, (Check, Fail)):
            yield statement
        elif isinstance(statement, If):
            yield from _checks_in(statement.then)
            yield from _checks_in(statement.other)
