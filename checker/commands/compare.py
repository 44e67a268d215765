"""Two designs side by side."""

from __future__ import annotations

from typing import Any

import click

from .options import JSON, MODEL, OperationBound, limits


@click.command()
@click.argument("first")
@click.argument("second")
@MODEL
@click.option("--scenario", "scenarios", multiple=True, metavar="S", help="In this scenario only; repeatable.")
@click.option("--bound", type=OperationBound(), metavar="N|any", help="Operations; by default the scenario's.")
@limits(120)
@JSON
def compare(
    first: str, second: str, model: str | None, scenarios: tuple[str, ...], bound: int | None, json_file: str | None,
    time_limit: float, **limits: Any,
) -> int:  # fmt: skip
    """Check two designs in every scenario that both have, side by side; each is told as it ends.

    Exit status: 1 if a scenario tells them apart, else 0.
    """
    from ..output.progress import words_shown
    from ..output.terminal import terminal
    from ..output.writing import check_writable, write_json
    from ..source.catalogue import load
    from ..verdict import compare as comparing

    check_writable(json_file)
    catalogue = load(model)
    options = {"time_limit": time_limit or None, **limits}
    wide, colour = comparing.widths(comparing.chosen(catalogue, first, second, scenarios)), terminal()[1]
    say = click.echo if json_file != "-" else lambda text: None
    say(comparing.heading(first, second, wide))
    with words_shown() as tell:
        done = lambda pair: say(comparing.lines(pair, wide, colour))  # noqa: E731
        pairs = comparing.compared(catalogue, first, second, scenarios, bound, tell, done, **options)
    if json_file:
        write_json(json_file, comparing.as_json(first, second, pairs))
    say("\n" + comparing.summary(pairs))
    return int(any(pair.differs for pair in pairs))
