"""The verdict line: what was checked, and what was found."""

from __future__ import annotations

import textwrap
from typing import Any

from ..ir.program import ANY
from ..picture.report import paint

Result = Any  # of `result`, which says itself with these lines, so that it cannot be imported here

STOPPED = {
    "": "complete",
    "violation": "stopped at the violation",
    "time": "stopped by the time limit",
    "memory": "stopped by the memory limit",
    "disk": "stopped by a full disk",
    "interrupt": "stopped by the user",
}


def verdict_line(result: Result, colour: bool = False) -> str:
    """One line on what was checked and what was found; the same form for every verdict.

    holds     iomap  default  bound 4  17 properties  74 states, 95 transitions, depth 31, complete, no reduction, 0.8 s
    """
    return f"{_verdict(result, colour)}  {', '.join(_statistics(result))}"


def verdict_lines(result: Result, width: int, colour: bool = False) -> list[str]:
    """The same in two lines, or more, if one is longer than `width`: below the verdict stands what was searched."""
    if len(verdict_line(result)) <= width:
        return [verdict_line(result, colour)]
    below = " " * 10
    parts = _statistics(result)
    statistics = ", ".join(part if len(part) > 40 else part.replace(" ", "\xa0") for part in parts)  # not to be broken
    wrapped = textwrap.wrap(statistics, width, initial_indent=below, subsequent_indent=below)
    return [_verdict(result, colour), *(line.replace("\xa0", " ") for line in wrapped)]


def _verdict(result: Result, colour: bool) -> str:
    style = {"holds": "good", "violated": "bad"}.get(result.verdict, "doubt")
    checked = [p for p in result.properties if p.verdict != "not checked"]
    besides = [f"{count} {what}" for what in ("vacuous", "not checked") if (count := len(result.named(what)))]
    judged = f"{len(checked)} properties" + (f" ({', '.join(besides)})" if besides else "")
    what = result.violation.property if result.violation else judged
    bound = f"bound {result.bound}" if result.bound is not None else ""
    bound = "any number of operations" if result.bound == ANY else bound
    design = f"{result.design} ({result.change})" if result.change else result.design
    parts = [design, result.scenario, bound, what]
    return paint(f"{result.verdict:<8}", style, colour) + "  " + "  ".join(part for part in parts if part)


def _statistics(result: Result) -> list[str]:
    return [
        f"{result.states:,} states",
        *([f"{result.transitions:,} transitions", f"depth {result.depth}"] if result.engine != "symbolic" else ["symbolic"]),
        STOPPED[result.stopped_by],
        *(_reductions(result) or ["no reduction"]),
        *([f"also without reduction: {result.whole:,} states"] if result.whole is not None else []),
        _waited(result),
    ]


def _waited(result: Result) -> str:
    """The seconds that it took, and how many of them came before the search."""
    before = result.compile_seconds
    return f"{before + result.seconds:.1f} s" + (f" ({before:.1f} s compiling)" if before >= 0.5 else "")


def _reductions(result: Result) -> list[str]:
    """Those in force; and of each kind that was to be used, and is not at all, the first reason."""
    told = list(result.reductions)
    for kind in ("partial order", "symmetry"):
        why = [(name.removeprefix("symmetry of "), text) for name, text in result.off if name.startswith(kind)]
        if why and not any(name.startswith(kind) for name in result.reductions):
            first = why[0][1] if why[0][0] == kind else ": ".join(why[0])
            told.append(f"no {kind} ({first}" + (f"; {len(why) - 1} more)" if why[1:] else ")"))
    return told
