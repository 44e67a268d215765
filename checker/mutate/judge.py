"""Is a mutant noticed?  Checks of small rows of the table, one after the other, until one is violated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from ..errors import ModelError
from ..lang import Baseline
from ..limits import GIB
from ..regress import findings
from ..regress.table import Row
from ..result import HOLDS, VIOLATED
from .mutants import Mutant, functions_of, mutants_of

if TYPE_CHECKING:
    from ..api import Task
    from ..catalogue import Catalogue

MOST_STATES = 60_000  # rows with more are not used
TIMES_MORE = 8  # states that a mutant may have, as a multiple of what the row has
LEAST = 20_000  # and at least so many
KILLED, SURVIVED, REFUSED = "killed", "survived", "refused"
NAME = "mutant"


@dataclass(frozen=True)
class Fate:
    """What became of a mutant.

    verdict: KILLED by property `by` in a row; SURVIVED `rows` of them, or REFUSED by rule `by` of the language.
    """

    verdict: str
    by: str = ""
    design: str = ""
    scenario: str = ""
    bound: int | None = None
    rows: int = 0

    @property
    def row(self) -> tuple[str, str, int | None]:
        """Which row has killed it."""
        return self.design, self.scenario, self.bound


@dataclass(frozen=True)
class Job:
    """A mutant, by its names, and the rows to be tried in this order."""

    place: str
    change: str
    model: str
    rows: tuple[Row, ...]
    memory: float


def rows_for(rows: list[Row], catalogue: Catalogue) -> list[Row]:
    """The rows in which mutants are tried: of a baseline or of what repairs one, where everything is judged
    and holds; of each scenario the largest that is small enough."""
    repairs = {finding.repair for finding in findings.load().values()}
    largest: dict[tuple, Row] = {}
    for row in sorted(rows, key=lambda row: row.expected.states or 0):
        fitting = isinstance(catalogue.designs.get(row.design), Baseline) or row.design in repairs
        if fitting and not row.properties and row.expected.verdict == HOLDS:
            if (row.expected.states or 0) <= MOST_STATES:
                largest[row.model, row.scenario, row.settings] = row
    return list(largest.values())


def running(mutant: Mutant, rows: list[Row], catalogue: Catalogue) -> list[Row]:
    """The rows whose scenario runs the function that the mutant changes."""
    function = mutant.edit.inside
    return [row for row in rows if function in functions_of(catalogue.scenario(row.scenario))]


def judge(job: Job) -> Fate:
    """Try a mutant."""
    catalogue = _catalogue(job.model)
    mutant = _mutants(job.model)[job.place, job.change]
    tried, rule = 0, ""
    for row in job.rows:
        try:
            task = _prepared(row, catalogue, mutant)
        except ModelError as error:
            rule = rule or error.problems[0].rule
            continue
        if replace(task.program, name="") != replace(_task(row).program, name=""):
            tried += 1
            if by := _violated(task, row, job.memory):
                return Fate(KILLED, by, row.design, row.scenario, row.bound)
    return Fate(REFUSED, rule) if rule and not tried else Fate(SURVIVED, rows=tried)


def _violated(task: Task, row: Row, memory: float) -> str:
    """The property that is violated, or ""."""
    from ..explore import explore
    from ..result import judged

    states = max(TIMES_MORE * (row.expected.states or 0), LEAST)
    found = explore(task.program, memory_limit=int(memory * GIB), states=states, time_limit=30)
    verdict, _, violation = judged(task.program, found, task.shows)
    return violation.property if verdict == VIOLATED and violation else ""


@cache
def _catalogue(model: str) -> Catalogue:
    from ..catalogue import load

    return load(model or None)


@cache
def _mutants(model: str) -> dict[tuple[str, str], Mutant]:
    return {(mutant.place, mutant.change): mutant for mutant in mutants_of(_catalogue(model))}


@cache
def _task(row: Row) -> Task:
    """The row as it is, without a mutant."""
    return _prepared(row, _catalogue(row.model), None)


def _prepared(row: Row, catalogue: Catalogue, mutant: Mutant | None) -> Task:
    from ..api import prepare

    name = row.design
    if mutant is not None:
        name, changed = NAME, mutant.design(catalogue.designs[row.design])
        catalogue = replace(catalogue, designs={**catalogue.designs, NAME: changed})
    return prepare(None, name, row.scenario, row.bound, row.properties, dict(row.settings), catalogue)
