"""Two designs side by side: the steps of one, tried on the other, row by row."""

from __future__ import annotations

from typing import Any

from ..trace.trace import Trace, violations_at_end
from ..trace.transplant import Transplanted, transplanted
from ..verdict.replay import comparison
from .scene import Scene
from .walk import labels_of, walk

Row = list[int | None]  # index of a step of the first design, and of one of the second; None: it has none


def beside(trace: Trace, other: Scene, everything: bool = False) -> dict[str, Any]:
    """The walk of `trace` on the other scene, which has the same threads, and how its steps go with those of `trace`.

    everything: with all of the other design's blocks, not only those that the walk speaks of."""
    found = transplanted(trace, other.task.program)
    rows = aligned(found)
    labels = None if everything else labels_of(other, found.trace)
    data = {"walk": walk(other, found.trace), "rows": rows, "parts": _parts(found, rows), "why": _why(found, other)}
    return {"scene": other.as_json(labels)} | data


def aligned(found: Transplanted) -> list[Row]:
    """Each step of both, those that are the same in one row."""
    rows: list[Row] = []
    taken = 0
    for index in range(len(found.origin.steps)):
        for _ in [place for number, place in found.more if number == index]:
            rows.append([None, taken])
            taken += 1
        shared = index not in found.passed and taken < len(found.trace.steps) and index != found.stopped
        rows.append([index, taken if shared else None])
        taken += shared
    return rows


def _parts(found: Transplanted, rows: list[Row]) -> int | None:
    """The first row in which the designs do something else, or leave other values behind."""
    places = [number for number, row in enumerate(rows) if None in row]
    if found.effect is not None:
        places += [number for number, row in enumerate(rows) if row[0] == found.effect[0]]
    return min(places, default=None)


def _why(found: Transplanted, other: Scene) -> str:
    if found.trace.violation is not None or violations_at_end(found.trace):
        violation = found.trace.violation or violations_at_end(found.trace)[0]
        return f"{other.task.name} violates {violation.property} with these steps, too"
    wanted = found.origin.violation.property if found.origin.violation else ""
    return " ".join(comparison(found, wanted, other.task.name, 200).split())
