"""The table of expected verdicts, as tests look at it."""

from __future__ import annotations

from functools import cache

from checker.table.rows import Row, load


@cache
def rows() -> dict[str, list[Row]]:
    """The rows of the table by design."""
    found: dict[str, list[Row]] = {}
    for row in load():
        found.setdefault(row.design, []).append(row)
    return found
