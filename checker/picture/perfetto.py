"""Traces for Perfetto (ui.perfetto.dev) and everything else that reads Chrome's trace event format.

Threads are tracks and calls nested slices; a step takes a millisecond, as the model knows no time.  Numbers that the steps
change (i_size and the like) are counters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..ir.program import OPS_LEFT, Variable
from ..trace.trace import Trace, place_of
from ..trace.values import Names
from .cells import DrawnRow
from .lines import Line, picture_of

STEP = 1000  # microseconds
PROCESS = 1


def to_perfetto(trace: Trace, rows: Sequence[DrawnRow] = ()) -> dict[str, Any]:
    """The trace as a JSON object; rows: the model's drawings, whose changes are told with the steps."""
    names, facts = Names(trace.program), trace.facts
    title = " ".join(filter(None, (facts.design, facts.scenario))) or trace.program.name
    events = [{"ph": "M", "pid": PROCESS, "name": "process_name", "args": {"name": title}}]
    for number, name in enumerate(names.actors, 1):
        events.append({"ph": "M", "pid": PROCESS, "tid": number, "name": "thread_name", "args": {"name": name}})
        events.append({"ph": "M", "pid": PROCESS, "tid": number, "name": "thread_sort_index", "args": {"sort_index": number}})
    events += [*_slices(trace, names, rows), *_counters(trace, names)]
    if trace.violation is not None:
        event = {"ph": "i", "s": "g", "pid": PROCESS, "tid": trace.actor(len(trace.steps) - 1).self if trace.steps else 1}
        told = {"property": trace.violation.property, "message": trace.violation.message}
        events.append(event | {"ts": len(trace.steps) * STEP, "name": f"violated: {trace.violation.property}", "args": told})
    return {"displayTimeUnit": "ms", "traceEvents": events}


def _slices(trace: Trace, names: Names, rows: Sequence[DrawnRow]) -> Iterator[dict[str, Any]]:
    """A slice for each call and step, from its first step to the end of the last one inside it."""
    picture = picture_of(trace, rows=rows, joined=0)
    lines = [line for line in picture.lines if line.column >= 0]
    for index, line in enumerate(lines):
        inside = _inside(line, lines[index + 1 :])
        last = max([line.step, *(one.step for one in inside)])
        event: dict[str, Any] = {"ph": "X", "pid": PROCESS, "tid": names.actors.index(picture.threads[line.column]) + 1}
        event |= {"ts": line.step * STEP, "dur": (last - line.step + 1) * STEP, "name": line.text, "cat": "call" if line.call else "step"}
        if not line.call:
            event["args"] = {"step": line.step + 1, "place": place_of(trace, line.step), "changes": "; ".join(line.changes)}
        yield event


def _inside(line: Line, following: Sequence[Line]) -> Iterator[Line]:
    """The lines of the same thread that stand inside this one."""
    for one in following:
        if one.column == line.column:
            if one.depth <= line.depth:
                return
            yield one


def _counters(trace: Trace, names: Names) -> Iterator[dict[str, Any]]:
    """The shared numbers that the trace changes, at the start and where they change."""
    for variable in trace.program.variables:
        for element in range(variable.count) if _is_number(variable) else ():
            slot = names.slots.at(variable.name, element)
            values = [state[slot] for state in trace.states]
            if len(set(values)) > 1:
                for moment, value in enumerate(values):
                    if not moment or value != values[moment - 1]:
                        yield {
                            "ph": "C", "pid": PROCESS, "ts": moment * STEP, "name": names.elements(variable, [element]),
                            "args": {"value": value},
                        }  # fmt: skip


def _is_number(variable: Variable) -> bool:
    return variable.process is None and not variable.ghost and variable.type.kind == "int" and variable.name != OPS_LEFT
