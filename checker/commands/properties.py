"""The list of properties."""

from __future__ import annotations

import click

from .options import JSON, MODEL


@click.command()
@MODEL
@JSON
def properties(model: str | None, json_file: str | None) -> None:
    """List the properties, and what each says."""
    from ..output.lists import first_sentence, write_list
    from ..source.catalogue import load

    rows = [
        {
            "name": name,
            "kind": function.__dict__["checker_property"][0],
            "doc": first_sentence(function.__doc__),
        }
        for name, function in load(model).properties.items()
    ]
    write_list(rows, ["name", "kind", "doc"], json_file)
