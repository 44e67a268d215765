"""Findings: where the model of the kernel as it is violates a property."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from ..base import toml
from ..base.errors import UsageError, shown_path
from . import rows as table

FILE = "findings.toml"


@dataclass(frozen=True)
class Finding:
    """A violation that kernel developers should look at.

    versions: of the kernel that were read.  order: of steps that causes it.  repair: name of a
    design with which the property holds.  known: to whom, and since when.  kernel: what became of it on a real
    kernel; "" if nobody has tried.
    """

    name: str
    versions: str
    order: str
    known: str
    repair: str
    kernel: str = ""


def load(path: Path | None = None) -> dict[str, Finding]:
    """The findings in `path`, by default those beside the properties; {} if there is no such file."""
    path = path or table.own(FILE)
    needed = {one.name for one in fields(Finding)} - {"name", "kernel"}
    found = {}
    for name, entry in toml.read(path).items():
        if not isinstance(entry, dict) or set(entry) - {"kernel"} != needed or not all(map(str.strip, map(str, entry.values()))):
            raise UsageError(f"{shown_path(path)}: {name}: a finding has {', '.join(sorted(needed))}, and kernel if it was tried on one")
        found[name] = Finding(name, **{key: " ".join(str(value).split()) for key, value in entry.items()})
    return found


def known(design: str, scenario: str, property: str) -> Finding | None:
    """The finding that a violation of a property is, if the table of verdicts says so."""
    row = found_in(scenario, property)
    return load().get(row.finding) if row is not None and row.design == design else None


def found_in(scenario: str, property: str) -> table.Row | None:
    """The row with a finding that is a violation of a property in this scenario; None if there is no such row."""
    rows = (row for row in table.load() if row.finding)
    return next((row for row in rows if (row.scenario, row.expected.property) == (scenario, property)), None)
