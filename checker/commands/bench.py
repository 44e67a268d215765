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
@JSON
def bench(
    models: tuple[str, ...], settings: tuple[str, ...], promela: tuple[str, ...], json_file: str | None, **wanted: Any
) -> int:
    """Measure speed, side by side with SPIN and TLC where they are installed.

    Exit status: 1 if the engines do not count the same states, or one fails; 3 if one takes too long.
    """
    from ..bench import measured, table
    from ..output import results as output

    output.check_writable(json_file)
    with output.words_shown() as tell:
        found = measured(models, settings, promela, tell=tell, **wanted)
    if json_file:
        output.write_json(json_file, found.as_json())
    if json_file != "-":
        click.echo(table.text(found, sys.stdout.isatty(), output.terminal()[0]))
    return found.exit_status
