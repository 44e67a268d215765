"""Rows that hold, judged with more operations than the table does: what a greater bound finds is a finding."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..base.errors import CheckerError
from ..ir.program import ANY
from ..table.rows import Row
from ..verdict.result import HOLDS, INCOMPLETE, VIOLATED

if TYPE_CHECKING:
    from ..verdict.result import Result

ERROR = "error"


@dataclass(frozen=True)
class Deeper:
    """A row at a greater bound.  outcome: a verdict, or "error"; told: of what is violated or wrong; states, seconds: of the
    search; engine: that made it; covered: if it is not complete, the greatest bound that is."""

    row: Row
    bound: int
    outcome: str
    told: str = ""
    states: int = 0
    seconds: float = 0.0
    engine: str = ""
    covered: int | None = None

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "design": self.row.design, "scenario": self.row.scenario, "row_bound": self.row.bound, "bound": self.bound,
            "verdict": self.outcome, "told": self.told or None, "states": self.states, "seconds": round(self.seconds, 2),
            "engine": self.engine or None, "complete_up_to_bound": self.covered,
        }  # fmt: skip


def deeper(
    rows: Sequence[Row], more: int, seconds: float, memory: float | None, tell: Callable[[Deeper], None],
    save: str | None = None,
) -> list[Deeper]:
    """Judge the rows that hold for a number of operations with `more` of them, those with few states first.

    seconds, memory (GiB): limits for each.  tell: called with each that is done.  save: a directory for the
    counterexamples that are found, or None.  Rows without operations, or for any number of them, are left out, and so is what
    another row says already."""
    done: list[Deeper] = []
    for row in _chosen(rows):
        one = _judged(row, more, seconds, memory, save)
        if one is not None:
            done.append(one)
            tell(one)
    return done


def _chosen(rows: Sequence[Row]) -> list[Row]:
    """Of each design and scenario, with the same properties and settings, the row with the greatest bound."""
    largest: dict[tuple, Row] = {}
    for row in rows:
        if row.expected.verdict == HOLDS and row.bound != ANY:
            key = row.model, row.design, row.scenario, row.properties, row.settings
            before = largest.get(key)
            if before is None or (row.expected.states or 0) > (before.expected.states or 0):
                largest[key] = row
    return sorted(largest.values(), key=lambda row: row.expected.states or 0)


def _judged(row: Row, more: int, seconds: float, memory: float | None, save: str | None) -> Deeper | None:
    """None if the row has no operations."""
    from ..verdict.api import check, prepare
    from .measure import catalogue_of

    names: dict[str, Any] = {
        "design": row.design or None, "scenario": row.scenario, "properties": row.properties, "settings": dict(row.settings),
        "catalogue": catalogue_of(row.model),
    }  # fmt: skip
    started, bound = time.monotonic(), 0
    try:
        bound = row.bound if isinstance(row.bound, int) else prepare(**names).program.bound
        if bound is None:
            return None
        result = check(**names, bound=bound + more, time_limit=seconds, memory_limit=memory)
    except CheckerError as error:
        return Deeper(row, (bound or 0) + more, ERROR, str(error), seconds=time.monotonic() - started)
    if result.stopped_by == "interrupt":
        raise KeyboardInterrupt
    return _of_result(replace(row, bound=bound), bound + more, result, save)


def _of_result(row: Row, bound: int, result: Result, save: str | None) -> Deeper:
    from ..output.writing import save_counterexample

    told = ""
    if result.violation:
        path = save_counterexample(result, f"{save.rstrip('/')}/") if save else None
        told = f"{result.violation.property} at bound {result.bound}" + (f": {path}" if path else "")
    outcome = result.verdict if result.verdict in (HOLDS, VIOLATED) else INCOMPLETE
    return Deeper(row, bound, outcome, told, result.states, result.seconds, result.engine, result.covered)


def line(one: Deeper) -> str:
    """holds       f2fs_folios  f2fs_gc_moves  bound 6  2,319,254 states, symbolic, 4.0 s"""
    start = f"{one.outcome:<10}  {one.row.design}  {one.row.scenario}  bound {one.bound}"
    if one.outcome == ERROR:
        return f"{start}  {one.told}"
    what = f"  {one.told}" if one.told else f"  complete up to {one.covered}" if one.covered is not None else ""
    return f"{start}{what}  {one.states:,} states, {one.engine}, {one.seconds:.1f} s"


def summary(done: Sequence[Deeper], more: int, seconds: float) -> str:
    """In one line, how many of them are what."""
    count = {outcome: sum(one.outcome == outcome for one in done) for outcome in (HOLDS, VIOLATED, INCOMPLETE, ERROR)}
    return (
        f"{len(done)} rows at their bound + {more}: {count[HOLDS]} hold, {count[VIOLATED]} are violated, "
        f"{count[INCOMPLETE]} are not done within {seconds:g} s" + (f", {count[ERROR]} are in error" if count[ERROR] else "")
    )
