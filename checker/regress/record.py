"""What `regress --other-way` has judged, in a file of TOML that is written with every row and can be gone on with.

    "iomap  append_flush  bound 4" = "as expected: holds, 7 states"        not judged again
    "iomap  full_bios  bound any" = "too large: stopped by the limit on time"         judged again by the next run
    "mutant model.mm.truncate.truncate_setsize: drop folio_unlock(folio)" = "as expected: killed by deadlock"
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from ..base import toml
from ..base.errors import UsageError, shown_path
from ..table.rows import Row
from .run import DIFFERS, FINDING, LARGE, OK, Compared
from .text import COUNTED

HEAD = "# Rows and mutants judged the other way: written by `python -m checker regress --other-way --record FILE`.\n"
DONE = COUNTED[OK], COUNTED[FINDING]


@dataclass
class OtherWayRecord:
    """A file and what it says, by row or mutant."""

    path: Path
    said: dict[str, str] = field(default_factory=dict)

    def lacks(self, key: str) -> bool:
        """Is it to be judged: for the first time, or again because it was too large or differed?"""
        return not self.said.get(key, "").startswith(DONE)

    def enter(self, one: Compared) -> None:
        """Write what a row has come to."""
        what = f"stopped by the limit on {one.found.stopped_by}" if one.status == LARGE else str(one.found.outcome)
        told = one.told if one.status != LARGE else ()
        self._say(key_of(one.row), "; ".join([f"{COUNTED[one.status]}: {what}", *told]))

    def enter_mutant(self, key: str, by: str, before: str) -> None:
        """Write which property kills a mutant, "" if none, that was killed by the property `before`."""
        another = f", where {before} was found first" if by != before else ""
        self._say(key, f"{COUNTED[OK]}: killed by {by}{another}" if by else f"{COUNTED[DIFFERS]}: survives, was killed by {before}")

    def _say(self, key: str, what: str) -> None:
        self.said[key] = what
        lines = [f"{json.dumps(name, ensure_ascii=False)} = {json.dumps(text, ensure_ascii=False)}" for name, text in self.said.items()]
        written = self.path.with_name(self.path.name + ".new")
        written.write_text("\n".join([HEAD, *lines, ""]), encoding="utf-8")
        written.replace(self.path)


def key_of(row: Row) -> str:
    """How a row is named in the file."""
    return f"{row.model}  {row}" if row.model else str(row)


def key_of_mutant(place: str, change: str) -> str:
    """How a mutant is named in the file."""
    return f"mutant {place}: {change}"


def opened(path: str) -> OtherWayRecord:
    """The record in this file, empty if there is none; UsageError if it says something else."""
    said = toml.read(Path(path))
    wrong = next((name for name, what in said.items() if not isinstance(what, str)), None)
    if wrong is not None:
        raise UsageError(f"{shown_path(Path(path))}: {wrong} is no row that was judged the other way; name another file")
    return OtherWayRecord(Path(path), said)
