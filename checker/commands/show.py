"""A function with its steps numbered."""

from __future__ import annotations

import click

from ..base.errors import UsageError
from .options import DESIGN, MODEL


@click.command()
@click.argument("function", required=False)
@MODEL
@DESIGN
@click.option("--atomic", is_flag=True, help="List all atomic groups and their reasons instead.")
def show(function: str | None, model: str | None, design: str | None, atomic: bool) -> None:
    """Show FUNCTION with its steps numbered in the margin."""
    from ..output import listing
    from ..source.catalogue import load

    if (function is None) == (not atomic):
        raise UsageError("show: name a function, or write --atomic")
    catalogue = load(model)
    for line in (
        listing.atomic_groups(catalogue) if atomic else listing.with_steps(catalogue, str(function), design)
    ):
        click.echo(line)
