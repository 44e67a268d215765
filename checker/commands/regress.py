"""`python -m checker regress`."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

import click

from ..base.errors import UsageError
from ..ir.program import ANY
from .options import JSON, options

QUICK_MUTANTS = 4  # that are tried again in the quick form

CHOICE = options(
    click.option("--table", "tables", multiple=True, metavar="FILE|DIR", help="Another table; repeatable."),
    click.option("--design", "designs", multiple=True, metavar="D", help="Rows of this design only; repeatable."),
    click.option("--scenario", "scenarios", multiple=True, metavar="S", help="Rows of this scenario only; repeatable."),
    click.option("--bound", type=click.IntRange(0), metavar="N", help="Rows up to this bound only."),
    click.option("--quick", is_flag=True, help="The rows marked as quick only."),
)
RUNNING = options(
    click.option("--processes", type=click.IntRange(1), metavar="N", help="At a time; by default one for each core."),
    click.option(
        "--time-limit", type=click.FloatRange(0, min_open=True), default=300, show_default=True, metavar="S",
        help="Seconds for one row.",
    ),
    click.option(
        "--memory-limit", type=click.FloatRange(0, min_open=True), metavar="G", help="GiB, of all processes together.",
    ),
)  # fmt: skip


@click.command()
@CHOICE
@RUNNING
@click.option(
    "--mutants/--no-mutants", default=True, show_default=True,
    help="With the whole table: do properties still kill the mutants that they have killed?",
)
@click.option(
    "--other-way", is_flag=True,
    help="Judge each row, and each mutant, with the reductions from the first state on, and without them where the table's "
    "states are those with reduction; compares verdicts and properties, not numbers.",
)
@click.option(
    "--record", metavar="FILE",
    help="With --other-way: keep there what each row and mutant came to; the smallest come first, and what is there as expected is "
    "not judged again.",
)
@click.option("--mutants-alone", is_flag=True, help="With --other-way: the mutants, and no rows.")
@click.option("--deeper", type=click.IntRange(1), metavar="N", help="Judge the rows that hold with N operations more, and nothing else.")
@click.option("--save", metavar="DIR/", help="With --deeper: write counterexamples there.")
@click.option("--strict", is_flag=True, help="A known finding is a reason for exit status 1, too.")
@click.option("--accept-findings", is_flag=True, hidden=True, help="As it is without --strict.")
@click.option("--update", is_flag=True, help="Enter steps and states that were found, and rows not measured yet, into the table.")
@click.option("--update-verdicts", is_flag=True, help="Enter changed verdicts and properties as well: each is told.")
@JSON
@click.option("--junit", metavar="FILE", help="Write a test case for each row as JUnit XML.")
@click.option("--sarif", "sarif_file", metavar="FILE", help="Write what is wrong as SARIF 2.1.0.")
def regress(
    update: bool, update_verdicts: bool, strict: bool, accept_findings: bool,
    json_file: str | None, junit: str | None, sarif_file: str | None,
    tables: tuple[str, ...], mutants: bool, other_way: bool, record: str | None, mutants_alone: bool, deeper: int | None,
    save: str | None, **choice: Any,
) -> int:  # fmt: skip
    """Check every design against the table of expected verdicts.

    A row is told as soon as it is checked, the largest ones first.
    Exit status: 0 if all is as expected, known findings too; 1 if anything differs; 3 if a row is too large for --other-way.
    """
    from ..output.writing import check_writable
    from ..regress import record as records, run, text
    from ..table import rows as table

    if (record or mutants_alone) and not other_way:
        raise UsageError("--record and --mutants-alone are of --other-way")
    if other_way and (update or update_verdicts):
        raise UsageError("--other-way compares with the table and measures nothing for it: leave --update out")
    check_writable(json_file, junit, sarif_file, record)
    limits = {name: choice.pop(name) for name in ("processes", "time_limit", "memory_limit")}
    rows = _chosen(table.load(tables), **choice)
    kept = records.opened(record) if record else None
    rows = [row for row in rows if not mutants_alone and (kept is None or kept.lacks(records.key_of(row)))]
    if deeper:
        return _deeper(rows, deeper, limits["time_limit"], limits["memory_limit"], json_file, save)
    if save:
        raise click.UsageError("--save is of --deeper")
    whole = not (tables or choice["designs"] or choice["scenarios"] or choice["bound"] is not None)
    if mutants_alone and not whole:
        raise UsageError("mutants belong to the whole table: leave out what chooses rows")
    quiet = "-" in (json_file, junit, sarif_file)
    with _told(rows, quiet, kept) as progress:
        found = run.regressed(rows, progress=progress, other_way=other_way, smallest_first=bool(kept), **limits)
    if whole and mutants:
        found = _with_mutants(found, choice["quick"], limits["processes"], limits["memory_limit"], other_way, kept)
    if not quiet:
        click.echo(text.end(found))
    _write_files(found, json_file, junit, sarif_file, strict)
    if update or update_verdicts:
        changed = run.update(found.rows, update_verdicts)
        click.echo(text.updated(found, changed), err=quiet)
        return int(len(changed) < len(found.having(run.DIFFERS, run.NEW)))
    return found.exit_status(strict and not accept_findings)


def _deeper(
    rows: list[Any], more: int, seconds: float, memory: float | None, json_file: str | None, save: str | None
) -> int:
    """Judge rows with more operations; 1 if one is violated or cannot be judged."""
    from ..output.writing import check_writable, write_json
    from ..regress import deeper

    check_writable(save=save)
    tell = lambda one: None if json_file == "-" else click.echo(deeper.line(one))  # noqa: E731
    done = deeper.deeper(rows, more, seconds, memory, tell, save)
    if json_file:
        write_json(json_file, [one.as_json() for one in done])
    if json_file != "-":
        click.echo(deeper.summary(done, more, seconds))
    return int(any(one.outcome in (deeper.VIOLATED, deeper.ERROR) for one in done))


def _with_mutants(
    found: Any, quick: bool, processes: int | None, memory_limit: float | None, other_way: bool, kept: Any = None
) -> Any:
    """The run with what has become of mutants that were killed once; quick: of a few of them; kept: of those not yet in this record."""
    from dataclasses import replace

    from ..mutate import store
    from ..mutate.run import resurrected
    from ..output.progress import words_shown
    from ..regress.record import key_of_mutant
    from ..source.catalogue import load
    from ..table.rows import load as load_table

    before = store.fates(store.path_of(None, store.MUTANTS))
    if kept:
        before = {key: fate for key, fate in before.items() if kept.lacks(key_of_mutant(*key))}

    def enter(key: tuple[str, str], trial: Any) -> None:
        if kept and trial.verdict != store.REFUSED:
            kept.enter_mutant(key_of_mutant(*key), trial.by if trial.verdict == store.KILLED else "", before[key].by)

    with words_shown() as tell:
        progress = lambda what, done, of: tell(f"{done} of {of}: {what}")  # noqa: E731
        tried, lost = resurrected(
            load(), load_table(), before, QUICK_MUTANTS if quick else None, processes, memory_limit, progress, other_way, enter
        )
    return replace(found, mutants=tried, survivors=tuple(f"{place.rpartition('.')[2]}: {change}" for place, change in lost))


def _write_files(
    found: Any, json_file: str | None, junit: str | None, sarif_file: str | None, strict: bool
) -> None:
    from ..output.writing import write_json, write_text
    from ..regress.junit import junit_text
    from ..regress.sarif import sarif
    from ..table.findings import load

    if json_file:
        write_json(json_file, _as_json(found))
    if junit:
        write_text(junit, junit_text(found, strict))
    if sarif_file:
        write_json(sarif_file, sarif(found, load()))


def _chosen(
    rows: list[Any], designs: tuple[str, ...], scenarios: tuple[str, ...], bound: int | None, quick: bool
) -> list[Any]:
    """The rows asked for; UsageError if there are none."""
    kept = [
        row
        for row in rows
        if (not designs or row.design in designs)
        and (not scenarios or row.scenario in scenarios)
        and (bound is None or row.bound != ANY and (row.bound or 0) <= bound)
        and (row.quick or not quick)
    ]
    if not kept:
        raise UsageError("no row of the table is like that" if rows else "there is no table of expected verdicts")
    return kept


@contextlib.contextmanager
def _told(rows: list[Any], quiet: bool, kept: Any = None) -> Iterator[Callable[[Any, int], None]]:
    """A callable that tells each row that is done, and enters it into a record; if it is left early, the sum of those is told."""
    from ..output.terminal import terminal
    from ..regress import text

    wide, colour = text.widths(rows), terminal()[1]
    ended: list[Any] = []
    with _progress(len(rows)) as show:

        def tell(one: Any, done: int) -> None:
            ended.append(one)
            if kept:
                kept.enter(one)
            if not quiet:
                click.echo(text.lines_of(one, wide, colour))
            show(one, done)

        try:
            yield tell
        except BaseException:
            if ended and not quiet:
                click.echo(text.stopped(ended, len(rows)))
            raise


@contextlib.contextmanager
def _progress(count: int) -> Iterator[Callable[[Any, int], None]]:
    """A callable that shows on the terminal, if there is one, how many rows are done."""
    if not sys.stderr.isatty():
        yield lambda one, done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    above = sys.stdout.isatty()  # what is printed meanwhile appears above the bar
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=above) as bar:
        task = bar.add_task("", total=count)
        yield lambda one, done: bar.update(task, completed=done, description=str(one.row))


def _as_json(found: Any) -> dict[str, Any]:
    """The object that `regress --json` writes."""
    from dataclasses import asdict

    return {
        "seconds": round(found.seconds, 3),
        "processes": found.processes,
        "mutants_tried": found.mutants,
        "mutants_that_survive": list(found.survivors),
        "rows": [
            {
                "design": one.row.design,
                "scenario": one.row.scenario,
                "bound": one.found.bound,
                "status": one.status,
                "finding": one.row.finding or None,
                "expected": asdict(one.row.expected),
                "found": asdict(one.found.outcome),
                "differences": list(one.told),
                "reduced": one.found.reduced,
                "seconds": round(one.found.seconds, 3),
            }
            for one in found.rows
        ],
    }
