"""The list of changes, from `changes.toml`."""

from __future__ import annotations

import textwrap
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from checker.base.errors import UsageError

FILE = Path(__file__).with_name("changes.toml")
BASE = "6.13"  # the kernel that the model is
LEAST = 40  # columns for what makes a change
TEXTS = ("6.12.95", "6.12.117", BASE, "6.18", "7.2", "7.3")  # that were read


@dataclass(frozen=True)
class Change:
    """What some kernels do otherwise.

    first: the version that has it first.  has: of `TEXTS`, those that have it.  design: makes it, undone: takes it away again; left: why
    there is neither.  read: "text" or "told"."""

    name: str
    system: str
    title: str
    first: str
    has: tuple[str, ...]
    read: str
    commit: str = ""
    design: str = ""
    undone: str = ""
    left: str = ""

    @property
    def made(self) -> str:
        """By what, in words."""
        if self.left:
            return f"not modelled: {self.left}"
        return f"design {self.design}" if self.design else f"taken away by design {self.undone}"

    def as_json(self) -> dict[str, Any]:
        """What programs read."""
        return {name: value or None for name, value in asdict(self).items()} | {"has": list(self.has)}

    def parts(self, version: str) -> bool:
        """Does this version differ from the model in it?"""
        return (version in self.has) != (BASE in self.has)


def load() -> list[Change]:
    """All of them, in the order of the file.  ValueError for an entry that is none."""
    found = []
    for name, entry in tomllib.loads(FILE.read_text("utf-8")).items():
        one = Change(name, **entry | {"has": tuple(entry["has"])})
        if sum(map(bool, (one.design, one.undone, one.left))) != 1 or not set(one.has) <= {*TEXTS} or one.read not in ("text", "told"):
            raise ValueError(f"{FILE.name}: {name} has to have one of design, undone and left, and texts among {', '.join(TEXTS)}")
        found.append(one)
    return found


def chosen(version: str | None = None) -> list[Change]:
    """Those in which a version differs from the model, or all.  UsageError if no text of it was read."""
    if version not in (None, *TEXTS):
        raise UsageError(f"there is no text of {version}; there are: {', '.join(TEXTS)}")
    return [one for one in load() if version is None or one.parts(version)]


def table(changes: list[Change], width: int) -> str:
    """The changes, with a column for each text; what makes them stands beside that, or below where there is no room."""
    first = max((len(one.name) for one in changes), default=0)
    lines = [" " * first + "".join(f"  {text}" for text in TEXTS)]
    for one in changes:
        marks = "".join(f"  {'y' if text in one.has else '-':<{len(text)}}" for text in TEXTS)
        head, indent = f"{one.name:<{first}}{marks}", first + len(lines[0][first:]) + 2
        if width - indent >= LEAST:
            lines += textwrap.wrap(one.made, width, initial_indent=f"{head}  ", subsequent_indent=" " * indent)
        else:
            lines += [head.rstrip(), *textwrap.wrap(one.made, width, initial_indent="      ", subsequent_indent="      ")]
    return "\n".join(lines)
