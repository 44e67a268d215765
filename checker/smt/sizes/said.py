"""What is said about sizes beside a verdict: how far it holds for real files, or a counterexample in bytes."""

from __future__ import annotations

import os
import textwrap
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ...base.errors import ModelError, UsageError
from ...picture.cells import DrawnRow, rows_of
from ...picture.report import counterexample
from ...picture.short import short
from ...trace.trace import Trace
from ...verdict.api import Task, prepare
from ...verdict.replay import Replayed
from ...verdict.result import HOLDS, Result
from .classes import SizeClass, size_class
from .cutoff import kept_cutoff
from .of_trace import Lifted, lifted
from .real_sizes import Unmeasured, measure_of

SECONDS = 8  # that sizes may take, beside a verdict
SHOW_TRACEBACK = "CHECKER_TRACEBACK"  # as of the command line
SELECTION = ("model", "design", "scenario", "bound", "properties", "settings")


@dataclass(frozen=True)
class Said:
    """What is said of a result.  lines: about sizes; lifted: its counterexample in bytes; seconds: that z3 and what
    it was asked took."""

    result: Result
    task: Task | None
    lines: tuple[str, ...] = ()
    lifted: Lifted | None = None
    seconds: float = 0.0

    def remarks(self, width: int) -> list[str]:
        """The lines, as long as there is room."""
        return [
            part for line in self._timed() for part in textwrap.wrap(line, width, initial_indent="  ", subsequent_indent="    ")
        ]

    def picture(self, width: int, colour: bool, full: bool = False) -> str:
        """The counterexample in bytes, "" if there is none; full: with all steps."""
        if self.lifted is None or self.lifted.trace is None:
            return ""
        shown = picture_in_bytes if full else short_in_bytes
        return shown(self.task, self.lifted, self.result.violation.trace, width, colour)

    def _timed(self) -> tuple[str, ...]:
        """The lines, with the time that they took if there is any to speak of."""
        if not self.lines or self.seconds < 0.05:
            return self.lines
        return (*self.lines[:-1], f"{self.lines[-1]} ({self.seconds:.1f} s)")

    def as_json(self) -> dict[str, Any] | None:
        """The value of "sizes" in JSON."""
        if not self.lines:
            return None
        return {"said": list(self.lines), **(_lifted_as_json(self.lifted) if self.lifted else {})}


def said_of(
    result: Result, choice: Mapping[str, Any], block: int | None = None, order: int | None = None, no_z3: bool = False
) -> Said:
    """What is to be said of a result of `check(**choice)`.

    block, order: for a counterexample in bytes.  no_z3: nothing but that z3 was not asked.  Neither Ctrl-C nor an error of
    the checker in this takes away the result, which is there.  UsageError if there are no such blocks and folios in the scope.
    """
    started = time.perf_counter()
    try:
        said = _said_of(result, choice, block, order, no_z3)
        return replace(said, seconds=time.perf_counter() - started)
    except KeyboardInterrupt:
        return Said(result, None, ("sizes: not looked at to the end (Ctrl-C)",))
    except UsageError:
        raise
    except Exception as error:
        if os.environ.get(SHOW_TRACEBACK):
            raise
        what = f"{type(error).__name__}: {' '.join(str(error).split())}".rstrip(": ")
        return Said(result, None, (f"sizes: nothing is said, for an error of the checker ({what}; {SHOW_TRACEBACK}=1 shows where)",))


def _said_of(
    result: Result, choice: Mapping[str, Any], block: int | None, order: int | None, no_z3: bool
) -> Said:
    trace = result.violation.trace if result.violation else None
    asked = block is not None or order is not None
    judged = result.verdict == HOLDS or trace is not None
    if not judged and result.covered is None:
        return Said(result, None)
    if result.stopped_by == "interrupt":  # who does not wait for the verdict does not wait for this
        return Said(result, None, ("sizes: not looked at, as the search was stopped",))
    told = result.bound if judged else result.covered
    selection = {name: choice[name] for name in SELECTION if name in choice}
    task = prepare(**selection | {"bound": told})
    if measure_of(task) is None:
        if asked:
            raise UsageError("this model does not say what its sizes are in bytes")
        return Said(result, task)
    if no_z3:
        return Said(result, task, ("sizes: z3 was not asked (--no-z3)",))
    if trace is None:
        said = _of_all_sizes(task, result.states)
        smaller = f"bound {told}, " if told != result.bound else ""
        return Said(result, task, (smaller + said,) if said else ())
    found = lifted(task, trace, block, order, SECONDS)
    return Said(result, task, (sentence(found),), found)


def _of_all_sizes(task: Task, states: int) -> str:
    """How far a verdict that holds goes."""
    if task.program.any_number:
        return "sizes: in cells only: real sizes are followed through a given number of operations"
    try:
        return kept_cutoff(task, states).sentence()
    except (Unmeasured, ModelError) as reason:
        return f"sizes: in cells only: {' '.join(str(reason).split())}"


def sentence(found: Lifted) -> str:
    """One line on the sizes of a counterexample."""
    if found.artefact:
        return f"sizes: an artefact of the scope, and so an error of this model: {found.why}"
    if found.trace is None:
        return f"sizes: counted in cells; {found.why}"
    geometry = found.geometry
    values = ", ".join(f"{name} = {value}" for name, value in found.sizes.items())
    order = f"folios of order {geometry.order}"
    return f"sizes: in bytes, with blocks of {geometry.block} bytes and {order}" + (f"; {values}" if values else "")


def picture_in_bytes(task: Task, found: Lifted, trace: Trace, width: int, colour: bool) -> str:
    """The counterexample in bytes; its drawings show the bytes that are followed."""
    whole = replace(found.trace, facts=replace(trace.facts, settings=trace.facts.settings | found.sizes))
    text = counterexample(whole, rows_in_bytes(task, found), width, colour).rstrip()
    at = ", ".join(map(str, found.bytes))
    which = f"bytes {at}" if len(found.bytes) > 1 else f"byte {at}"
    return f"{text}\n\n  sizes are bytes; of each block of {found.geometry.block} bytes {which} can be seen"


def short_in_bytes(task: Task, found: Lifted, trace: Trace, width: int, colour: bool) -> str:
    """The same as a race in ten lines; the whole picture, if there is no such form of it."""
    lines = short(found.trace, rows_in_bytes(task, found), width)
    return "\n".join(lines) or picture_in_bytes(task, found, trace, width, colour)


def rows_in_bytes(task: Task, found: Lifted) -> tuple[DrawnRow, ...]:
    """The model's drawings of a program in bytes."""
    rows = []
    for row in rows_of(task.catalogue, found.trace.program):
        cells = len(found.bytes)
        offsets = tuple(i // cells * found.geometry.block + found.bytes[i % cells] for i in range(row.count))
        rows.append(replace(row, group=cells, offsets=offsets))
    return tuple(rows)


def _lifted_as_json(found: Lifted) -> dict[str, Any]:
    if found.trace is None:
        return {"artefact": found.artefact, "bytes": None}
    geometry = {"block_size": found.geometry.block, "folio_order": found.geometry.order}
    return {"artefact": False, "bytes": geometry | {"sizes": found.sizes}}


# -------------------------------------------------------------------- replaying


@dataclass(frozen=True)
class ReplayedInBytes:
    """A counterexample that was followed again, in bytes; of_sizes: the class of sizes, if asked for."""

    replayed: Replayed
    lifted: Lifted
    of_sizes: SizeClass | None

    def text(self, width: int = 80, colour: bool = False) -> str:
        """The picture, and for which sizes it is so."""
        if self.lifted.trace is None:
            parts = [self.replayed.text(width, colour)]
        else:
            trace = self.replayed.followed.trace
            parts = [picture_in_bytes(self.replayed.task, self.lifted, trace, width, colour)]
        lines = [sentence(self.lifted), *(self.of_sizes.lines() if self.of_sizes else [])]
        for line in lines:
            indent = "  " + " " * (len(line) - len(line.lstrip()))
            parts.append("\n".join(textwrap.wrap(line, width, initial_indent="  ", subsequent_indent=indent + "  ")))
        return "\n".join([parts[0], "", *parts[1:]])

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {"sizes": _lifted_as_json(self.lifted)}
        if self.of_sizes is not None:
            one = self.of_sizes
            found["class"] = {
                "alternatives": [list(a) for a in one.alternatives], "complete": one.whole, "why": one.why or None,
                "boundaries": [{"size": n, "which": w, "values": v} for n, w, v in one.boundaries],
            }  # fmt: skip
        return found


def replayed_in_bytes(
    outcome: Replayed, block: int | None, order: int | None, symbolic: bool, seconds: float = 60
) -> ReplayedInBytes:
    """A replayed counterexample in bytes; UsageError if it is none any more, or has no such blocks."""
    trace = outcome.followed.trace
    if trace.violation is None or outcome.violated != outcome.stored.property:
        raise UsageError(f"{outcome.stored.path} does not lead to its violation here, so there are no sizes to find")
    found = lifted(outcome.task, trace, block, order, seconds)
    of_sizes = size_class(outcome.task, trace, block, order, seconds) if symbolic and found.trace else None
    return ReplayedInBytes(outcome, found, of_sizes)
