"""Lists: of designs, scenarios, properties."""

from __future__ import annotations

import re
import textwrap
from typing import Any

import click

from .terminal import list_width
from .writing import write_json

LEAST_COLUMNS = 32  # for the last column of a list; with fewer it goes below the others


def write_list(rows: list[dict[str, Any]], columns: list[str], json_file: str | None) -> None:
    """The `columns` of the rows under each other, or all of the rows as JSON.

    The last column is wrapped; programs read JSON."""
    if json_file is not None:
        write_json(json_file, rows)
        return
    texts = [[str(row[c] or "") for c in columns] for row in rows]
    widths = [max((len(line[i]) for line in texts), default=0) for i in range(len(columns))]
    used = [i for i, width in enumerate(widths) if width]
    for line in texts:
        *first, last = [f"{line[i]:<{widths[i]}}" for i in used]
        click.echo("\n".join(_wrapped("  ".join(first), last.rstrip())))


def _wrapped(first: str, last: str) -> list[str]:
    """The lines of a row, whose last column is `last`."""
    width = list_width()
    indent = len(first) + 2 if first else 0
    if width - indent >= LEAST_COLUMNS:
        return textwrap.wrap(last, width, initial_indent=f"{first}  " if first else "", subsequent_indent=" " * indent) or [first]
    return [re.sub("  +", "  ", first.rstrip()), *textwrap.wrap(last, width, initial_indent="      ", subsequent_indent="      ")]


def first_sentence(doc: str | None) -> str:
    """The first paragraph of a docstring, on one line."""
    return " ".join((doc or "").strip().split("\n\n")[0].split())
