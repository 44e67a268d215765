"""A scenario as the text of another model checker."""

from __future__ import annotations

from typing import Any

import click

from .options import SELECTION


@click.command()
@click.argument("file")
@click.option("--to", required=True, type=click.Choice(["promela", "tla"]), help="For SPIN, or for TLC.")
@SELECTION
def export(file: str, to: str, **choice: Any) -> None:
    """Write the scenario to FILE for another model checker; - is standard output.

    Names and steps are the model's own, so that the other checker counts the same states. What
    it has to be told is said at the beginning of the text; for TLC it is in a .cfg beside FILE.
    """
    from ..export import files
    from ..output.writing import write_text
    from ..verdict.api import prepare

    for path, text in files(prepare(**choice).program, to, file).items():
        write_text(path, text)
