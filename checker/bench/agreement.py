"""The same number twice: distinct states as our engine counts them without reduction, and as TLC does.

`agreement.toml` beside this file says which models and scenarios, and what both have counted:

    tlc = "2026.04.29"                     the version of TLC
    [[row]]
    scenario = "append_flush"              or model = "tests/models/peterson.py", from the project's root
    bound = 1                              where it is not the scenario's own; design = "..." and settings = {...} too
    states = 466                           ours
    tlc_states = 466

TLC stops at a violation, so rows are of programs that hold.  A row that has no counts yet is counted and entered by
`python -m checker bench --agreement --tlc JAR --update`.
"""

from __future__ import annotations

import json
import re
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..verdict.api import Task, prepare
from ..base.errors import UsageError
from ..search.explore import explore
from .cases import PROJECT
from .process import run
from .sample import Failure
from .tlc import Tlc, check_jar

FILE = Path(__file__).with_name("agreement.toml")
HEAD = "# Distinct states, counted twice: written by `python -m checker bench --agreement --tlc JAR --update`.\n"
VERSION = re.compile(r"\bVersion (\d\S+)")


@dataclass(frozen=True)
class Counts:
    """One row.

    chosen: which model, scenario, design, bound and settings, as `checker.check` takes them.  states, tlc_states: None if
    not counted.  failure: why not.
    """

    chosen: dict[str, Any]
    states: int | None = None
    tlc_states: int | None = None
    failure: str = ""

    @property
    def name(self) -> str:
        names = [Path(self.chosen["model"]).stem] if "model" in self.chosen else []
        what = " ".join([*names, *([self.chosen["scenario"]] if "scenario" in self.chosen else [])])
        settings = [f"{name}={value}" for name, value in self.chosen.get("settings", {}).items()]
        bound = [f"bound {self.chosen['bound']}"] if "bound" in self.chosen else []
        return " ".join([*([self.chosen["design"]] if "design" in self.chosen else []), what, *settings, *bound])

    def task(self) -> Task:
        """Raises UsageError if the model is not there."""
        model = self.chosen.get("model")
        if model and not (PROJECT / model).is_file():
            raise UsageError(f"bench --agreement: {model} is not beside the checker (it comes with the project's tests)")
        return prepare(**self.chosen | ({"model": PROJECT / model} if model else {}))


@dataclass(frozen=True)
class Agreement:
    """All rows.  tlc: the version of TLC that has counted."""

    tlc: str
    rows: tuple[Counts, ...]

    def as_toml(self) -> str:
        parts = [HEAD, f"tlc = {json.dumps(self.tlc)}\n"]
        for row in self.rows:
            counts = {"states": row.states, "tlc_states": row.tlc_states}
            items = row.chosen | {name: value for name, value in counts.items() if value is not None}
            parts.append("\n[[row]]\n" + "".join(f"{name} = {_value(value)}\n" for name, value in items.items()))
        return "".join(parts)


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_value(one)}" for name, one in value.items()) + " }"
    return json.dumps(value)


def kept(file: Path = FILE) -> Agreement:
    """What the file says."""
    found = tomllib.loads(file.read_text(encoding="utf-8"))
    rows = (Counts(row, row.pop("states", None), row.pop("tlc_states", None)) for row in found["row"])
    return Agreement(found.get("tlc", ""), tuple(rows))


def counted(
    rows: Iterable[Counts], jar: str | None, timeout: float, tell: Callable[[str], None] = lambda text: None
) -> Agreement:
    """The rows, counted again: by our engine, and by TLC if there is a jar.

    timeout: seconds for one search.  UsageError if the jar or a model is not there.
    """
    if jar:
        check_jar(jar)
    found = []
    for row in rows:
        tell(row.name)
        found.append(_counted(row, jar, timeout))
    return Agreement(tlc_version(jar) if jar else "", tuple(found))


def _counted(row: Counts, jar: str | None, timeout: float) -> Counts:
    program = row.task().program
    ours = explore(program, stop=False, time_limit=timeout)
    again = replace(row, states=ours.states, tlc_states=None)
    if not ours.complete or ours.violations:
        why = f"violated: {', '.join(sorted(ours.violations))}" if ours.violations else "not counted to the end"
        return replace(again, failure=why)
    if not jar:
        return again
    with tempfile.TemporaryDirectory() as folder:
        try:
            return replace(again, tlc_states=Tlc(jar, program, Path(folder) / "tlc", timeout).run().states)
        except Failure as failure:
            return replace(again, failure=str(failure))


def tlc_version(jar: str) -> str:
    """The version that TLC's help names."""
    ran = run(["java", "-cp", str(Path(jar).resolve()), "tlc2.TLC", "-help"], Path.cwd(), 60)
    version = VERSION.search(ran.output)
    return version[1] if version else "unknown"


def differences(before: Agreement, now: Agreement) -> list[str]:
    """What is wrong: both counts of a row are not one, or not the kept ones; or one of them failed."""
    found = []
    for old, row in zip(before.rows, now.rows, strict=True):
        if row.failure:
            found.append(f"{row.name}: {row.failure}")
        elif row.tlc_states not in (None, row.states):
            found.append(f"{row.name}: {row.states:,} states, TLC has {row.tlc_states:,}")
        elif old.states not in (None, row.states):
            found.append(f"{row.name}: {row.states:,} states, the table has {old.states:,}")
    return found


def text(now: Agreement, wrong: Sequence[str]) -> str:
    """The rows in columns, and what is wrong."""
    width = max(len(row.name) for row in now.rows)

    def number(count: int | None) -> str:
        return "-" if count is None else f"{count:,}"

    lines = [f"{'':{width}}  {'states':>12}  {f'TLC {now.tlc}' if now.tlc else 'TLC':>14}"]
    lines += [f"{row.name:{width}}  {number(row.states):>12}  {number(row.tlc_states):>14}" for row in now.rows]
    same = sum(row.states == row.tlc_states for row in now.rows)
    end = f"{same} of {len(now.rows)} counted alike by both" if now.tlc else f"{len(now.rows)} counted; TLC was not asked (--tlc JAR)"
    return "\n".join([*lines, "", *wrong, end])
