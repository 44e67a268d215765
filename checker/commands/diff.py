"""A design as a patch of the model."""

from __future__ import annotations

import click

from .options import MODEL


@click.command()
@click.argument("design")
@MODEL
def diff(design: str, model: str | None) -> None:
    """Show DESIGN as a unified diff of the model."""
    from ..source.catalogue import load
    from ..source.variant import edited

    catalogue = load(model)
    click.echo(edited(catalogue.design(design), design).diff(), nl=False)
