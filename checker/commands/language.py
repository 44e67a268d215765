"""The language on one page."""

from __future__ import annotations

import click


@click.command()
def language() -> None:
    """Print the page on the language that models are written in."""
    from ..base.files import ROOT

    click.echo((ROOT / "checker" / "LANGUAGE.md").read_text(encoding="utf-8"), nl=False)
