"""All rows of the table, in several processes, and what differs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..base.limits import GIB, default_memory_limit
from ..base.processes import cores, in_processes
from ..ir.program import ANY
from ..table.rows import MEASURED, Outcome, Row, differences, rewrite
from ..verdict.result import VIOLATED
from .measure import MeasuredRow, RowJob, measure

OK, FINDING, DIFFERS, NEW, LARGE = "ok", "finding", "differs", "new", "large"
LIMITS = "time", "memory", "disk"


@dataclass(frozen=True)
class Compared:
    """A row, what was found, and what differs in words."""

    row: Row
    found: MeasuredRow
    told: tuple[str, ...]
    large: bool = False

    @property
    def status(self) -> str:
        """OK; FINDING: as expected, which is not as it should be; DIFFERS; NEW: nothing was expected; LARGE: the other
        way of searching was ended by a limit."""
        if self.large:
            return LARGE
        if self.told:
            return DIFFERS if self.row.expected.verdict or self.found.error else NEW
        return FINDING if self.row.finding else OK

    @property
    def another_verdict(self) -> bool:
        """Was another verdict expected, or another property to be violated?"""
        expected, found = self.row.expected, self.found.outcome
        return bool(expected.verdict) and (expected.verdict, expected.property) != (found.verdict, found.property)


@dataclass(frozen=True)
class Regression:
    """All rows, in the order of the table.  seconds: that they took.

    mutants: how many that were killed once have been tried again; survivors: those that survive now.
    """

    rows: tuple[Compared, ...]
    seconds: float
    processes: int
    mutants: int = 0
    survivors: tuple[str, ...] = ()

    def having(self, *statuses: str) -> list[Compared]:
        """The rows of these statuses."""
        return [one for one in self.rows if one.status in statuses]

    def exit_status(self, strict: bool = False) -> int:
        """1 if anything differs; strict: or is as expected and not as it should be, a known finding; else 3 if a row was
        too large for the other way."""
        wrong = self.having(DIFFERS, NEW) or self.survivors
        if wrong or (self.having(FINDING) and strict):
            return 1
        return 3 if self.having(LARGE) else 0


def regressed(
    rows: Sequence[Row],
    processes: int | None = None,
    time_limit: float | None = None,
    memory_limit: float | None = None,
    progress: Callable[[Compared, int], None] | None = None,
    other_way: bool = False,
    smallest_first: bool = False,
) -> Regression:
    """Check every row, the largest first, or else the smallest, if the run is to be stopped before its end.

    memory_limit: GiB, of all processes together.  progress: called with every row that is done.
    other_way: with the reductions from the first state on where the table's states are those without, and the other
    way about; then verdicts and properties are compared, and no numbers.
    """
    started = time.monotonic()
    processes = min(processes or cores(), len(rows)) or 1
    memory = (memory_limit or default_memory_limit() / GIB) / processes
    order = sorted(range(len(rows)), key=lambda n: rows[n].expected.states or 1 << 62, reverse=not smallest_first)
    jobs = [_job(rows[n], time_limit, memory, other_way) for n in order]
    done: dict[int, Compared] = {}
    for number, found in in_processes(measure, jobs, processes):
        one = (compared_verdict if other_way else compared)(rows[order[number]], found)
        done[order[number]] = one
        if progress:
            progress(one, len(done))
    return Regression(tuple(done[n] for n in range(len(rows))), time.monotonic() - started, processes)


def _job(row: Row, time_limit: float | None, memory: float, other_way: bool) -> RowJob:
    if other_way:
        unseen = row.expected.verdict == VIOLATED and row.expected.steps is None  # that nothing happens, symmetry alone can tell
        return RowJob(row, time_limit, memory, not row.reduced and (("symmetry",) if unseen else True), at_once=True)
    return RowJob(row, time_limit, memory, row.reduced or not row.expected.verdict)


def compared_verdict(row: Row, found: MeasuredRow) -> Compared:
    """`row` against what the other way of searching has found: by which steps, and among how many states, may differ."""
    expected = row.expected
    outcome = replace(found.outcome, steps=expected.steps, states=expected.states)
    one = compared(row, replace(found, outcome=outcome))
    large = found.stopped_by in LIMITS and not found.error
    return replace(one, found=found, large=large)


def compared(row: Row, found: MeasuredRow) -> Compared:
    """`row` against what was found."""
    if found.error:
        return Compared(row, found, (found.error,))
    expected, outcome = row.expected, found.outcome
    if outcome.verdict == VIOLATED and not found.shortest:  # then its length and the states say nothing
        outcome = replace(outcome, steps=expected.steps, states=expected.states)
    if not expected.verdict:
        return Compared(row, found, (f"found {outcome}",))
    told = differences(expected, outcome)
    if found.stopped_by in LIMITS:
        told = [f"verdict: expected {expected.verdict}, found no more than the limit on {found.stopped_by} allows"]
    if row.finding and outcome.verdict != VIOLATED:
        told.append(f"the finding {row.finding} is gone")
    return Compared(row, found, tuple(told))


# ------------------------------------------------------------------- updating


def update(rows: Iterable[Compared], verdicts: bool = False) -> list[Compared]:
    """Write what was found into the table, for the rows that differ and could be checked to their end.

    verdicts: also where another verdict, or another property, was expected.  Returns the rows written.
    """
    changed = [
        one for one in rows
        if one.told and one.found.outcome.verdict in ("holds", VIOLATED) and (verdicts or not one.another_verdict)
    ]  # fmt: skip
    by_file: dict[str, dict[int, dict[str, Any]]] = {}
    for one in changed:
        by_file.setdefault(one.row.file, {})[one.row.number] = _values(one)
    for file, values in by_file.items():
        rewrite(file, values)
    return changed


def _values(one: Compared) -> dict[str, Any]:
    found: Outcome = one.found.outcome
    bound = ANY if one.row.bound == ANY else one.found.bound  # a violation is told with as few operations as it takes
    values = {"bound": bound} | {name: getattr(found, name) or None for name in MEASURED}
    values |= {"reduced": one.found.reduced or None}
    return values if one.found.shortest or found.verdict != VIOLATED else values | {"steps": None}
