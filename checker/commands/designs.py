"""The list of designs."""

from __future__ import annotations

import click

from .options import JSON, MODEL


@click.command()
@MODEL
@JSON
def designs(model: str | None, json_file: str | None) -> None:
    """List the designs: baselines and their variants."""
    from ..output.lists import first_sentence, write_list
    from ..source.catalogue import load

    catalogue = load(model)
    rows = [
        {
            "name": name,
            "of": catalogue.name_of(design.of) if design.of else None,
            "undoes": design.undoes,
            "doc": first_sentence(design.doc),
        }
        for name, design in catalogue.designs.items()
    ]
    for error in catalogue.left_out.values():
        click.echo(f"left out: {error}", err=True)
    write_list(rows, ["name", "of", "undoes", "doc"], json_file)
