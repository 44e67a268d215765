"""What is said of a result, for people: the verdict line, remarks below it, and the counterexample."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..base.files import ROOT
from ..ir.program import ANY
from ..search.forecast import size
from ..verdict.result import HOLDS, INCOMPLETE, NOT_CHECKED, NOT_DUE, NOT_SEEN, VACUOUS, VIOLATED, Result
from .terminal import terminal

if TYPE_CHECKING:
    from ..picture.cells import DrawnRow
    from ..table.findings import Finding
    from ..table.rows import Row
    from ..trace.trace import Trace

FEW = 3  # vacuous properties that are named without being asked for
MANY = 1_000_000  # states of the next bound from which on it is worth a line
KNOWN = ROOT / "counterexamples"  # where what was found before is stored


def remarks(result: Result, width: int = 80, verbose: bool = False) -> list[str]:
    """Lines below the verdict: what it does not say, and what stopped it; verbose: at length."""
    return [
        line
        for said in _remarks(result, verbose)
        for line in textwrap.wrap(
            said, width, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False, break_long_words=False
        )
    ]


def _vacuous(result: Result, verbose: bool) -> list[str]:
    """What the properties that hold do not say.  verbose: with the names of many, and the values of parameters."""
    vacuous, idle = result.named(VACUOUS), [one for one in result.properties if one.idle] if verbose else []
    lines = []
    if vacuous and (verbose or len(vacuous) <= FEW):
        lines.append(f"not exercised: {', '.join(vacuous)} (what they speak of never happens here)")
    elif vacuous:
        lines.append(f"{len(vacuous)} properties are not exercised: what they speak of never happens here (--verbose names them)")
    return lines + [f"{one.name} says nothing here for {'; '.join(one.idle)}" for one in idle]


def _remarks(result: Result, verbose: bool = False) -> list[str]:
    lines = []
    if not_due := len(result.named(NOT_DUE)):
        lines.append(f"{not_due} witness{'es' * (not_due > 1)} not due at this bound")
    if result.disk_bytes:
        lines.append(f"{size(result.disk_bytes)} of states went to files, for want of memory")
    if result.stopped_because:
        lines.append(f"{result.stopped_because}")
    if result.verdict == INCOMPLETE:
        whole = max(0, len(result.levels) - 2)
        if result.stopped_by and not result.reductions and result.engine != "symbolic":  # else a level is no number of steps
            lines.append(f"every interleaving of up to {whole} steps was explored, and violates nothing")
        if result.covered:
            lines.append(f"bound {result.covered} was searched to its end: it holds")
    if result.closed:
        lines.append("any number of operations: no further one leads to a state that was not seen")
    if result.asked == ANY:
        lines.append(f"with fewer than {result.bound} operations nothing is violated")
    elif result.asked:
        lines.append(f"bound {result.bound} was searched before bound {result.asked}, which was asked for")
    if result.verdict == VIOLATED and not result.shortest and result.violation and result.violation.trace:
        lines.append("the counterexample may not be a shortest one: the search without reduction took too long")
    if result.forecast:
        lines.append(f"all of it: {result.forecast.text()}")
    if result.next_bound and (result.next_bound.states >= MANY or result.next_bound.beyond):
        lines.append(f"bound {result.next_bound.bound}: {result.next_bound.text()}")
    lines += _vacuous(result, verbose)
    if unseen := result.named(NOT_SEEN):
        lines.append(f"not seen: {', '.join(unseen)} (with reduction not everything is; --no-reduction tells)")
    if result.verdict in (HOLDS, INCOMPLETE) and not result.stopped_by and (unchecked := result.named(NOT_CHECKED)):
        why = "decided for a given number of operations" if result.bound == ANY else "in so many states"
        lines.append(f"not checked: {', '.join(unchecked)} (liveness, {why})")
    if finding := known_finding(result):
        lines.append(f"known finding: {finding.name}; {finding.repair} repairs it")
        lines += [f"real kernel: {finding.kernel}"] if finding.kernel else []
    elif row := _finding_without_the_change(result):
        lines.append(f"{row.design} violates it here without this change, too (known finding: {row.finding})")
    if stored := _stored(result):
        lines.append(f"stored: {stored}")
    if result.verdict == VIOLATED and result.violation and result.violation.trace is None:
        lines.append(f"{result.violation.property}: {result.violation.message}")
    return lines


def _stored(result: Result) -> Path | None:
    """The file with a counterexample to the same property, in the same scenario, as `replay` takes its name."""
    name = f"{result.design}--{result.violation.property}.txt" if result.violation else ""
    line = re.compile(rf"^scenario {result.scenario}$", re.MULTILINE)  # where the file says what it is of
    files = sorted(KNOWN.rglob(name)) if name else []
    fitting = (file for file in files if line.search(file.read_text(encoding="utf-8", errors="replace")))
    return next((file.relative_to(KNOWN.parent) for file in fitting), None)


def on_a_kernel(design: str, scenario: str, property: str) -> str:
    """What became of a known finding on a real kernel, as a paragraph; "" if it was not tried, or is none."""
    from ..table.findings import known

    finding = known(design, scenario, property)
    return f"\n  real kernel: {finding.kernel}" if finding and finding.kernel else ""


def known_finding(result: Result) -> Finding | None:
    """The finding that a violation is, if it is a known one."""
    from ..table.findings import known

    return known(result.design, result.scenario, result.violation.property) if result.violation else None


def _finding_without_the_change(result: Result) -> Row | None:
    """The row of the scenario's own baseline that is expected to violate the same property, and is a finding."""
    from ..table.findings import found_in

    if result.violation is None or result.model:
        return None
    row = found_in(result.scenario, result.violation.property)
    enough = row is not None and (result.bound == ANY or row.bound is None or row.bound != ANY and row.bound <= (result.bound or 0))
    return row if row is not None and enough and dict(row.settings) == result.settings else None


def report(
    result: Result, quiet: bool = False, more: Sequence[str] = (), picture: str = "", verbose: bool = False,
    full: bool = False,
) -> str:  # fmt: skip
    """All that is said of a result: the verdict line, remarks, and the counterexample as a race in ten lines.

    more: further remarks.  picture: of the counterexample, if it is not the result's own.  verbose: all names.
    full: every step, and in words which order of them matters."""
    from ..verdict.line import verdict_line, verdict_lines

    width, colour = terminal()
    if quiet:
        finding = known_finding(result)
        return verdict_line(result, colour) + (f", known finding: {finding.name}" if finding else "")
    short = "" if full else picture or result.short(width)
    whole = "" if short else picture or result.picture(width, colour)
    told = ["", short, "", "  --full shows every step"] if short else []
    told += ["", whole, *order_lines(result, width)] if whole else []
    return "\n".join([*verdict_lines(result, width, colour), *remarks(result, width, verbose), *more, *told])


def order_lines(result: Result, width: int = 80) -> list[str]:
    """What is said below a counterexample of the order of its steps, after an empty line; [] if nothing."""
    trace = result.violation.trace if result.violation else None
    return _order_lines(trace, width) if trace else []


def _order_lines(trace: Trace, width: int = 80) -> list[str]:
    from ..trace.order import sentences

    told = sentences(trace, width)
    return ["", *told] if told else []


def stored_picture(trace: Trace, drawings: Sequence[DrawnRow]) -> str:
    """A counterexample as its file shows it: the picture, and which order of its steps matters."""
    from ..picture.report import counterexample

    return "\n".join([counterexample(trace, drawings).rstrip(), *_order_lines(trace)])
