"""Speed, side by side with other model checkers."""

from __future__ import annotations

import sys
from typing import Any

import click

from .options import JSON


@click.command()
@click.option(
    "--model", "models", multiple=True, metavar="NAME|FILE.py", help="This model only; repeatable."
)
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="The value of a constant; repeatable.")
@click.option("--runs", type=click.IntRange(1), default=5, show_default=True, metavar="N", help="Rounds.")
@click.option("--threads", type=click.IntRange(1), metavar="N", help="As well as with 1; by default all.")
@click.option(
    "--promela", multiple=True, metavar="MODEL=FILE[,NAME=VALUE]", help="Another text for SPIN; repeatable."
)
@click.option("--tlc", metavar="JAR", help="Measure TLC as well (tla2tools.jar).")
@click.option(
    "--timeout", type=click.FloatRange(0, min_open=True), default=600, show_default=True, metavar="S",
    help="Seconds for one run.",
)  # fmt: skip
@click.option("--growth", is_flag=True, help="More and more states, until each engine takes longer than --timeout; symbolic, too.")
@click.option("--plot", metavar="FILE.svg", help="With --growth: draw the curves (needs Matplotlib).")
@click.option("--agreement", is_flag=True, help="Count the distinct states of many models, TLC as well with --tlc, and nothing else.")
@click.option("--update", is_flag=True, help="With --agreement and --tlc: enter the counts into the table.")
@JSON
def bench(
    models: tuple[str, ...], settings: tuple[str, ...], promela: tuple[str, ...], json_file: str | None,
    growth: bool, plot: str | None, agreement: bool, update: bool, **wanted: Any,
) -> int:  # fmt: skip
    """Measure speed, side by side with SPIN and TLC where they are installed.

    Exit status: 1 if the engines do not count the same states, or one fails; 3 if one takes too long.
    """
    from ..bench import measured, table
    from ..output.progress import words_shown
    from ..output.terminal import terminal
    from ..output.writing import check_writable, write_json

    if agreement:
        if models or settings or promela or json_file:
            raise click.UsageError("--agreement counts the models of its table, as text")
        return _agreement(wanted["tlc"], wanted["timeout"], update)
    if update:
        raise click.UsageError("--update is of --agreement")
    if growth:
        if settings or promela:
            raise click.UsageError("--growth has sizes and texts of its own")
        return _growth(models, wanted["timeout"], wanted["tlc"], json_file, plot)
    if plot:
        raise click.UsageError("--plot is of --growth")
    check_writable(json_file)
    with words_shown() as tell:
        found = measured(models, settings, promela, tell=tell, **wanted)
    if json_file:
        write_json(json_file, found.as_json())
    if json_file != "-":
        click.echo(table.text(found, sys.stdout.isatty(), terminal()[0]))
    return found.exit_status


def _growth(models: tuple[str, ...], timeout: float, tlc: str | None, json_file: str | None, plot: str | None) -> int:
    """Measure curves of growth, and write them."""
    from ..bench import growth
    from ..output.progress import words_shown
    from ..output.writing import check_writable, write_json

    check_writable(json_file, plot)
    if tlc:
        from ..bench.tlc import check_jar

        check_jar(tlc)
    if plot:
        from ..bench.plot import draw, needed

        needed(plot)
    with words_shown() as tell:
        points = growth.measured(models, timeout, tlc, tell)
    if json_file:
        write_json(json_file, [point.as_json() for point in points])
    if json_file != "-":
        click.echo(growth.text(points))
    if plot:
        draw(points, plot)
    return 0


def _agreement(tlc: str | None, timeout: float, update: bool) -> int:
    """Count the rows of the table of `checker.bench.agreement` again; 1 if the counts differ."""
    from ..bench import agreement
    from ..output.progress import words_shown
    from ..output.writing import write_text

    if update and not tlc:
        raise click.UsageError("--update enters what TLC counts as well: name its jar, --tlc JAR")
    before = agreement.kept()
    with words_shown() as tell:
        now = agreement.counted(before.rows, tlc, timeout, tell)
    wrong = agreement.differences(before, now)
    click.echo(agreement.text(now, wrong))
    if update and not any(row.failure or row.states != row.tlc_states for row in now.rows):
        write_text(str(agreement.FILE), now.as_toml())
        return 0
    return 1 if wrong else 0
