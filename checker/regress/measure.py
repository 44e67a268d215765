"""One row of the table, checked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from ..base.errors import CheckerError, NotFinished
from ..base.limits import GIB
from ..ir.program import ALWAYS_ON
from ..table.rows import Outcome, Row
from ..verdict.result import INCOMPLETE

if TYPE_CHECKING:
    from ..source.catalogue import Catalogue
    from ..trace.trace import Trace
    from ..verdict.result import Result


@dataclass(frozen=True)
class Spot:
    """A step of a counterexample: who, what it is called, and the statements that led there, as
    (function, file, line), outermost first."""

    who: str
    call: str
    frames: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True)
class MeasuredRow:
    """What became of a row.

    scenario, bound: as checked.  error: what kept it from being checked.  stopped_by: the limit that
    ended an incomplete search.  message, picture, spots: of the violation.
    """

    outcome: Outcome
    scenario: str = ""
    bound: int | None = None
    reduced: bool = False
    shortest: bool = True
    seconds: float = 0.0
    stopped_by: str = ""
    error: str = ""
    message: str = ""
    picture: str = ""
    spots: tuple[Spot, ...] = ()


@dataclass(frozen=True)
class RowJob:
    """A row to be checked.  seconds, memory (GiB): limits; reduced: by which reductions, or whether by any; at_once: with the
    reductions from the first state on, and what is violated is looked for by its name, then behind what is violated before it, if
    something else came first."""

    row: Row
    seconds: float | None
    memory: float
    reduced: bool | tuple[str, ...]
    at_once: bool = False


def measure(job: RowJob) -> MeasuredRow:
    """Check a row; what is wrong with its names or its model is a result, too."""
    row = job.row
    try:
        found = _measured(_checked(job, row.properties))
        wanted = row.expected.property
        if job.at_once and found.outcome.property and wanted not in ("", found.outcome.property, *ALWAYS_ON):
            found = _measured(_checked(job, (wanted,)))
        if job.at_once and found.outcome.property and wanted not in ("", found.outcome.property) and _violated_too(job, wanted):
            found = replace(found, outcome=replace(found.outcome, property=wanted))
    except NotFinished:  # the time was over before anything was explored
        return MeasuredRow(Outcome(INCOMPLETE), row.scenario, row.bound, stopped_by="time")
    except CheckerError as error:
        return MeasuredRow(Outcome("error"), row.scenario, row.bound, error=str(error))
    return found


def _violated_too(job: RowJob, property: str) -> bool:
    """Is `property` violated, where one that is always on comes first, in a search that goes on behind it?"""
    from ..search.explore import explore
    from ..verdict.api import prepare

    row = job.row
    task = prepare(None, row.design or None, row.scenario, row.bound, row.properties, dict(row.settings), catalogue_of(row.model))
    how = {"reduced": job.reduced is True, "symmetric": bool(job.reduced), "time_limit": job.seconds, "memory_limit": int(job.memory * GIB)}
    return property in explore(task.program, stop=False, **how).violations


def _checked(job: RowJob, properties: tuple[str, ...]) -> Result:
    from ..verdict.api import check

    row = job.row
    result = check(
        design=row.design or None,
        scenario=row.scenario,
        bound=row.bound,
        properties=properties,
        settings=dict(row.settings),
        engine=row.engine or "native",
        reduction=job.reduced,
        time_limit=job.seconds,
        memory_limit=job.memory,
        catalogue=catalogue_of(row.model),
        at_once=job.at_once,
    )
    if result.stopped_by == "interrupt":  # Ctrl-C is meant for the whole run
        raise KeyboardInterrupt
    return result


@cache
def catalogue_of(model: str) -> Catalogue:
    """The catalogue of a row's model, loaded once."""
    from ..source.catalogue import load

    return load(model or None)


def _measured(result: Result) -> MeasuredRow:
    trace = result.violation.trace if result.violation else None
    property = result.violation.property if result.violation else ""
    states = None if result.verdict == INCOMPLETE else result.states
    outcome = Outcome(result.verdict, property, len(trace.steps) if trace else None, states)
    return MeasuredRow(
        outcome,
        result.scenario,
        result.bound,
        bool(result.reductions),
        result.shortest,
        result.compile_seconds + result.seconds,
        result.stopped_by,
        message=result.violation.message if result.violation else "",
        picture=result.picture(),
        spots=spots_of(trace) if trace else (),
    )


def spots_of(trace: Trace) -> tuple[Spot, ...]:
    """Where each step of `trace` is in the text of the model."""
    from ..ir.slots import instance_name

    processes, found = trace.program.processes, []
    for index, step in enumerate(trace.steps):
        process: Any = processes[step.process]
        frames = process.blocks[step.label].frames
        spot = tuple((frame.function, frame.pos.file, frame.pos.line) for frame in frames)
        found.append(Spot(instance_name(process, step.instance), trace.call(index), spot))
    return tuple(found)
