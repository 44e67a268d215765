"""Everything in a program that can be violated, numbered.

Among violations of equal depth the one with the lowest number is reported, in every
engine and with any number of threads: checks in the order of processes, labels and
statements, then transition invariants, invariants and crash properties, then deadlock,
then terminal properties.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .program import DEADLOCK, NOWHERE, Check, Expr, Fail, If, Instantiation, Pos, Program, Property, Stmt

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
    """Something that the search should see: `exprs` are the instantiations of a reachable
    property, or the premises of another one.  kind: where they are judged, as in `Site`."""

    kind: int
    name: str
    exprs: tuple[Expr, ...]


def witnesses(program: Program) -> list[Witness]:
    """What `Exploration.reached` may name, in the order of properties."""
    kinds = {"reachable": STATE, "invariant": STATE, "crash": STATE, "transition": TRANSITION, "terminal": REST}
    found = []
    for prop in program.properties:
        exprs = tuple(e for one in prop.instances if (e := _sought(prop, one)) is not None)
        if prop.kind in kinds and exprs:
            found.append(Witness(kinds[prop.kind], prop.name, exprs))
    return found


def _sought(prop: Property, one: Instantiation) -> Expr | None:
    return one.expr if prop.kind == "reachable" else one.premise


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
