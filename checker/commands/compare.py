"""Two designs side by side."""

from __future__ import annotations

from typing import Any

import click

from .options import JSON, LIMITS, MODEL, OperationBound


@click.command()
@click.argument("first")
@click.argument("second")
@MODEL
@click.option("--scenario", "scenarios", multiple=True, metavar="S", help="In this scenario only; repeatable.")
@click.option("--bound", type=OperationBound(), metavar="N|any", help="Operations; by default the scenario's.")
@LIMITS
@JSON
def compare(
    first: str, second: str, model: str | None, scenarios: tuple[str, ...], bound: int | None, json_file: str | None,
    time_limit: float, **limits: Any,
) -> int:  # fmt: skip
    """Check two designs in every scenario that both have, side by side; each is told as it ends.

    Exit status: 1 if a scenario tells them apart, else 0.
    """
    from ..output import results as output
    from ..source.catalogue import load
    from ..verdict import compare as comparing

    output.check_writable(json_file)
    catalogue = load(model)
    options = {"time_limit": time_limit or None, **limits}
    wide, colour = comparing.widths(comparing.chosen(catalogue, first, second, scenarios)), output.terminal()[1]
    say = click.echo if json_file != "-" else lambda text: None
    say(comparing.heading(first, second, wide))
    with output.words_shown() as tell:
        done = lambda pair: say(comparing.lines(pair, wide, colour))  # noqa: E731
        pairs = comparing.compared(catalogue, first, second, scenarios, bound, tell, done, **options)
    if json_file:
        output.write_json(json_file, comparing.as_json(first, second, pairs))
    say("\n" + comparing.summary(pairs))
    return int(any(pair.differs for pair in pairs))
