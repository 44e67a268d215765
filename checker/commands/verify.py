"""The states of a result file, counted again."""

from __future__ import annotations

from typing import Any

import click

from .options import SELECTION


@click.command()
@click.argument("file")
@SELECTION
def verify(file: str, **choice: Any) -> int:
    """Count the states of a result FILE, written by `check --digest --json FILE`, again.

    The interpreter does it, which is slow: small results only.  What is not said is taken from the file.
    Exit status: 1 if the file says anything else.
    """
    from ..source.catalogue import load
    from ..verdict.api import prepare
    from ..verdict.recount import differences, read, selected

    result = read(file)
    catalogue = load(choice["model"] or result["model"])
    found = differences(result, prepare(**selected(result, choice, catalogue), catalogue=catalogue).program)
    click.echo("\n".join(found) or f"the same {result['states']:,} states")
    return int(bool(found))
