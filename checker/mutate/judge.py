"""Is a mutant noticed?  Checks of rows of the table, one after the other, until one is violated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from ..base.disk_cache import passing
from ..base.errors import ModelError
from ..base.limits import GIB
from ..ir.program import ALWAYS_ON, ANY
from ..lang import Baseline, Edit
from ..table import findings
from ..table.rows import Row
from ..verdict.result import HOLDS, VIOLATED
from .coverage import Survey, survey
from .mutants import Mutant, functions_of, mutants_of
from .probe import never
from .same import hash_of, plain, settled

if TYPE_CHECKING:
    from ..ir.program import Program
    from ..source.catalogue import Catalogue
    from ..verdict.api import Task

MOST_STATES = 1_500_000  # rows with more are not used
TIMES_MORE = 4  # states that a mutant may have, as a multiple of what the row has
LEAST = 100_000  # and at least so many
SECONDS = 30
LIVENESS_STATES = 3_000  # of a row, up to which leads_to properties are judged
KILLED, SURVIVED, REFUSED = "killed", "survived", "refused"  # what a trial, and a mutant, may come to
SAME, COMMUTES = "same program", "the two commute"  # what a trial may come to
ABSENT = "absent"  # the same: constants keep the statement out of the row's program
EQUIVALENT = "equivalent"  # what a mutant may come to: in every row it does the same as the model
OVERLAP = "overlap"  # the rule that refuses a mutant of a statement that the row's design edits itself
NAME = "mutant"


@dataclass(frozen=True)
class Fate:
    """What became of a mutant.

    verdict: KILLED by property `by` in a row; SURVIVED `rows` of them, of those that take its step;
    EQUIVALENT because of `by`; or REFUSED by rule `by` of the language.
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
class Trial:
    """A mutant in one row: KILLED or REFUSED `by` something, SURVIVED, SAME, COMMUTES or ABSENT."""

    verdict: str
    by: str = ""


@dataclass(frozen=True)
class MutantJob:
    """A mutant, by its names, and the rows to be tried in this order, at most `most` by a search (0: all).
    by: with reductions, by this property."""

    place: str
    change: str
    model: str
    rows: tuple[Row, ...]
    memory: float
    most: int = 0
    by: str = ""


def holding(rows: list[Row]) -> list[Row]:
    """The rows that hold, with all properties and the scenario's own constants, for a number of operations: with few
    of them a mutant is killed sooner."""
    holds = [row for row in rows if row.expected.verdict == HOLDS and row.bound != ANY]
    return [row for row in holds if not row.properties and not row.settings]


def rows_for(rows: list[Row], catalogue: Catalogue) -> list[Row]:
    """The rows in which mutants are tried: of a baseline or of repairs of one, where everything is judged and
    holds; for each scenario the largest that is small enough."""
    repairs = {part for finding in findings.load().values() for part in finding.repair.split("+")}

    def fits(design: str) -> bool:
        return isinstance(catalogue.designs.get(design), Baseline) or set(design.split("+")) <= repairs

    largest: dict[tuple, Row] = {}
    for row in sorted(holding(rows), key=lambda row: row.expected.states or 0):
        if fits(row.design) and (row.expected.states or 0) <= MOST_STATES:
            largest[row.model, row.design, row.scenario] = row
    return list(largest.values())


def running(mutant: Mutant, rows: list[Row], catalogue: Catalogue) -> list[Row]:
    """The rows whose scenario runs the function that the mutant changes."""
    function = mutant.edit.inside
    return [row for row in rows if function in functions_of(catalogue.scenario(row.scenario))]


def surveyed(row: Row) -> Survey:
    """What a row runs."""
    return survey(_prepared(row, _catalogue(row.model), None).program)


def judge(job: MutantJob) -> list[Trial]:
    """Try a mutant in rows, up to the first that kills it or refuses it."""
    catalogue, mutant = _catalogue(job.model), _mutants(job.model)[job.place, job.change]
    found: list[Trial] = []
    searched = 0
    for row in job.rows:
        with passing():
            trial = _tried(row, catalogue, mutant, job.memory, job.by)
        found.append(trial)
        searched += trial.verdict == SURVIVED
        if trial.verdict == KILLED or trial.verdict == REFUSED and trial.by != OVERLAP or searched == job.most:
            break
    return found


def fate(trials: list[tuple[Row, Trial]]) -> Fate:
    """What becomes of a mutant that was tried in these rows."""
    for row, trial in trials:
        if trial.verdict == KILLED:
            return Fate(KILLED, trial.by, row.design, row.scenario, row.bound)
    rules = [trial.by for _, trial in trials if trial.verdict == REFUSED]
    verdicts = [trial.verdict for _, trial in trials if trial.verdict not in (REFUSED, ABSENT)]
    if rules and (set(rules) != {OVERLAP} or not verdicts):
        return Fate(REFUSED, next((rule for rule in rules if rule != OVERLAP), OVERLAP))
    if verdicts and SURVIVED not in verdicts:
        return Fate(EQUIVALENT, COMMUTES if COMMUTES in verdicts else SAME)
    return Fate(SURVIVED, rows=verdicts.count(SURVIVED))


def _tried(row: Row, catalogue: Catalogue, mutant: Mutant, memory: float, wanted: str = "") -> Trial:
    try:
        task = _prepared(row, catalogue, mutant)
    except ModelError as error:
        return Trial(REFUSED, error.problems[0].rule)
    if hash_of(plain(task.program)) == _hash(row, plain):
        return Trial(SAME if _has(row, catalogue, mutant) else ABSENT)
    if mutant.edit.verb == "swap" and hash_of(settled(task.program)) == _hash(row, settled):
        return Trial(COMMUTES)
    by = _violated(task, row, memory, wanted)
    if wanted not in ("", by, *ALWAYS_ON) and by:  # with reductions another one may come first; what is always on may do so again
        by = _violated(_prepared(replace(row, properties=(wanted,)), catalogue, mutant), row, memory, wanted)
    return Trial(KILLED, by) if by else Trial(SURVIVED)


def _has(row: Row, catalogue: Catalogue, mutant: Mutant) -> bool:
    """Has the row's program the place that the mutant changes?  Another step, put there, would tell."""
    edit = Edit("insert_before", mutant.edit.inside, mutant.edit.anchor, never)
    try:
        probed = _prepared(row, catalogue, replace(mutant, edit=edit))
    except ModelError:
        return True
    return hash_of(plain(probed.program)) != _hash(row, plain)


def _violated(task: Task, row: Row, memory: float, wanted: str = "") -> str:
    """The property that is violated, or "".  wanted: search with reductions; that this one is never true, symmetry alone can tell."""
    from ..search.explore import explore
    from ..trace.temporal import check_leads_to
    from ..verdict.judge import judged

    states = max(TIMES_MORE * (row.expected.states or 0), LEAST)
    reduced = bool(wanted) and not any(one.name == wanted and one.kind == "reachable" for one in task.program.properties)
    how = {"memory_limit": int(memory * GIB), "time_limit": SECONDS, "reduced": reduced, "symmetric": bool(wanted)}
    found = explore(task.program, states=states, **how)
    if found.stopped_by == "interrupt":  # Ctrl-C is meant for the whole run
        raise KeyboardInterrupt
    verdict, _, violation = judged(task.program, found, task.shows)
    if verdict == VIOLATED:
        return violation.property if violation else ""
    if verdict == HOLDS and found.states <= LIVENESS_STATES:
        for property in task.program.properties:
            if property.kind == "leads_to" and check_leads_to(task.program, property).verdict == VIOLATED:
                return property.name
    return ""


@cache
def _catalogue(model: str) -> Catalogue:
    from ..source.catalogue import load

    return load(model or None)


@cache
def _mutants(model: str) -> dict[tuple[str, str], Mutant]:
    return {(mutant.place, mutant.change): mutant for mutant in mutants_of(_catalogue(model))}


@cache
def _hash(row: Row, text: Callable[[Program], str]) -> str:
    """The hash of the text of the row's program without a mutant."""
    return hash_of(text(_prepared(row, _catalogue(row.model), None).program))


def _prepared(row: Row, catalogue: Catalogue, mutant: Mutant | None) -> Task:
    from ..verdict.api import prepare

    name = row.design
    if mutant is not None:
        name, changed = NAME, mutant.design(catalogue.design(row.design))
        catalogue = replace(catalogue, designs={**catalogue.designs, NAME: changed})
    return prepare(None, name, row.scenario, row.bound, row.properties, dict(row.settings), catalogue)
