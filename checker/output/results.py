"""Writing what was found: text for people, JSON and JUnit for programs, progress for the patient."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..base.errors import UsageError
from ..base.files import whole_file
from ..ir.program import ANY
from ..search.forecast import size
from ..verdict.result import HOLDS, INCOMPLETE, NOT_CHECKED, NOT_DUE, NOT_SEEN, VACUOUS, VIOLATED, Result

if TYPE_CHECKING:
    from ..picture.cells import DrawnRow
    from ..table.findings import Finding
    from ..trace.trace import Trace

ITF = ".itf.json"

# ------------------------------------------------------------------ for people


FEW = 3  # vacuous properties that are named without being asked for
MANY = 1_000_000  # states of the next bound from which on it is worth a line
KNOWN = Path("counterexamples")  # where what was found before is stored


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
    if stored := _stored(result):
        lines.append(f"stored: {stored}")
    if result.verdict == VIOLATED and result.violation and result.violation.trace is None:
        lines.append(f"{result.violation.property}: {result.violation.message}")
    return lines


def _stored(result: Result) -> Path | None:
    """The file with a counterexample to the same property, in the same scenario."""
    name = f"{result.design}--{result.violation.property}.txt" if result.violation else ""
    line = re.compile(rf"^scenario {result.scenario}$", re.MULTILINE)  # where the file says what it is of
    files = sorted(KNOWN.rglob(name)) if name else []
    return next((file for file in files if line.search(file.read_text(encoding="utf-8", errors="replace"))), None)


def on_a_kernel(design: str, scenario: str, property: str) -> str:
    """What became of a known finding on a real kernel, as a paragraph; "" if it was not tried, or is none."""
    from ..table.findings import known

    finding = known(design, scenario, property)
    return f"\n  real kernel: {finding.kernel}" if finding and finding.kernel else ""


def known_finding(result: Result) -> Finding | None:
    """The finding that a violation is, if it is a known one."""
    from ..table.findings import known

    return known(result.design, result.scenario, result.violation.property) if result.violation else None


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


def terminal() -> tuple[int, bool]:
    """Columns of text to write, and whether in colour.  COLUMNS tells how many, whatever the text is written to."""
    columns = shutil.get_terminal_size((80, 24)).columns
    if sys.stdout.isatty():
        return min(columns, 110), not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return (max(60, min(columns, 110)) if "COLUMNS" in os.environ else 80), False


def list_width() -> int:
    """Columns of a list: as many as the terminal has; elsewhere each row is one line."""
    return shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() else sys.maxsize


# ---------------------------------------------------------------------- files


def check_writable(*paths: str | None, save: str | None = None) -> None:
    """UsageError if one of the files cannot be written: better before a long search than after it.

    save: may also be a directory, or one to be made if it ends in a slash."""
    for path in (*paths, save):
        if path is None or path == "-":
            continue
        target = Path(path)
        if path != save and (target.is_dir() or path.endswith("/")):
            raise UsageError(f"{path} is a directory; name a file")
        folder = target if target.is_dir() or path.endswith("/") else target.parent
        while path.endswith("/") and not folder.exists():  # it will be made
            folder = folder.parent
        if not os.access(target if target.exists() else folder, os.W_OK):
            raise UsageError(f"{path} cannot be written")


def write_text(path: str, text: str) -> None:
    """Write a file whole or not at all; "-" is standard output.  OSError as from open()."""
    if path == "-":
        sys.stdout.write(text)
        return
    with whole_file(path) as target:
        target.write_text(text, encoding="utf-8")


def save_counterexample(result: Result, path: str) -> str | None:
    """Write the counterexample as a file that `replay` reads, or as an ITF trace if `path`
    ends in ".itf.json".  A directory gets a file named after design and property.

    Returns the path written, or None if there is no trace to be saved.
    """
    if result.violation is None or result.violation.trace is None:
        return None
    trace = result.violation.trace
    if path.endswith("/") or Path(path).is_dir():
        path = os.path.join(path, f"{result.design}--{result.violation.property}.txt")
    if path.endswith(ITF):
        from ..picture.itf import to_itf

        write_json(path, to_itf(trace))
    else:
        from ..trace.file import write

        write(path, trace, stored_picture(trace, result.drawings))
    return path


def write_json(path: str, value: Any) -> None:
    """Write `value` as JSON, whole or not at all; "-" is standard output."""
    write_text(path, json.dumps(value, indent=2) + "\n")


def junit_text(result: Result) -> str:
    """The result as JUnit XML: a test case for each property."""
    from junitparser import Failure, JUnitXml, Skipped, TestCase, TestSuite

    suite = TestSuite(f"{result.design}.{result.scenario}")
    for one in result.properties:
        case = TestCase(one.name, f"{result.design}.{result.scenario}")
        if one.verdict == VIOLATED and result.violation is not None:
            case.result = [Failure(result.violation.message, one.kind)]
            case.result[0].text = result.picture()
        elif one.verdict != HOLDS:
            case.result = [Skipped(one.verdict)]
        suite.add_testcase(case)
    suite.time = round(result.seconds, 3)
    xml = JUnitXml()
    xml.add_testsuite(suite)
    return xml.tostring().decode()


# ----------------------------------------------------------------------- lists


LEAST_COLUMNS = 32  # for the last column of a list; with fewer it goes below the others


def write_list(rows: list[dict[str, Any]], columns: list[str], json_file: str | None) -> None:
    """The `columns` of the rows under each other, or all of the rows as JSON.

    On a terminal the last column is wrapped; elsewhere each row is one line."""
    if json_file is not None:
        write_json(json_file, rows)
        return
    texts = [[str(row[c] or "") for c in columns] for row in rows]
    widths = [max((len(line[i]) for line in texts), default=0) for i in range(len(columns))]
    used = [i for i, width in enumerate(widths) if width]
    for line in texts:
        *first, last = [f"{line[i]:<{widths[i]}}" for i in used]
        click.echo("\n".join(_wrapped("  ".join(first), last.rstrip())))


def _wrapped(first: str, last: str) -> list[str]:
    """The lines of a row, whose last column is `last`."""
    if not sys.stdout.isatty():
        return [f"{first}  {last}".rstrip() if first else last]
    width = shutil.get_terminal_size((80, 24)).columns
    indent = len(first) + 2 if first else 0
    if width - indent >= LEAST_COLUMNS:
        return textwrap.wrap(last, width, initial_indent=f"{first}  " if first else "", subsequent_indent=" " * indent) or [first]
    return [re.sub("  +", "  ", first.rstrip()), *textwrap.wrap(last, width, initial_indent="      ", subsequent_indent="      ")]


def first_sentence(doc: str | None) -> str:
    """The first paragraph of a docstring, on one line."""
    return " ".join((doc or "").strip().split("\n\n")[0].split())


# -------------------------------------------------------------------- progress


@contextlib.contextmanager
def progress_shown(wanted: bool) -> Iterator[Callable[[Any], None] | None]:
    """A callable that shows a search under way on the terminal, or None if there is no terminal."""
    if not wanted or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    with Live(Text("compiling"), console=Console(stderr=True), transient=True, refresh_per_second=4) as live:
        yield lambda now, forecast=None: live.update(Text(_progress_text(now, forecast)))


@contextlib.contextmanager
def words_shown() -> Iterator[Callable[[str], None]]:
    """A callable that shows on the terminal, if there is one, what is being done."""
    if not sys.stderr.isatty():
        yield lambda text: None
        return
    from rich.console import Console

    with Console(stderr=True).status("") as status:
        yield status.update


def _progress_text(now: Any, forecast: Any = None) -> str:
    """How far a search is, and if that can be said what it will have cost at its end."""
    if now.symbolic:
        held = "" if now.operations is None else f"bound {now.operations} holds, {now.states:,} states; "
        return f"{held}{now.frontier:,} nodes, {size(now.bytes)}, {now.seconds:.0f} s"
    rate = now.states / now.seconds if now.seconds else 0
    disk = f" + {size(now.disk_bytes)} on disk" if now.disk_bytes else ""
    return (
        f"{now.states:,} states, {now.transitions:,} transitions, {rate:,.0f} states/s, "
        f"frontier {now.frontier:,}, depth {now.depth}, {size(now.bytes)}{disk}, {now.seconds:.0f} s"
    ) + (f"\nat the end: {forecast.text()}" if forecast else "")
