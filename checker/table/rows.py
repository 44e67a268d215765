"""Rows of expected verdicts, in files of TOML: `properties/verdicts/*.toml`, or those named.

    [[row]]
    design = "no_io_size_clamp"
    scenario = "append_flush"
    bound = 4                             or "any": any number of operations
    verdict = "violated"                  measured: holds or violated
    property = "recorded_size_is_backed"  measured: what is violated
    steps = 45                            measured: of a shortest counterexample
    states = 12087                        measured: distinct states, without reduction unless `reduced`
    engine = "symbolic"                   states are kept in sets, because there are too many for a list
    quick = true                          also part of `regress --quick`

What is measured may be left out: `regress --update` enters it.
"""

from __future__ import annotations

import importlib.util
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from ..base.errors import UsageError, shown_path
from ..ir.program import ANY
from ..verdict.result import HOLDS, VIOLATED

PACKAGE, FOLDER = "properties", "verdicts"  # where the table is that comes with the model
SCALAR = re.compile(r'\s*\w+\s*=\s*("[^"]*"|\w+)\s*(#.*)?$')  # a line that gives a value, all of it
HEADER = re.compile(r"\s*\[\[\s*row\s*\]\]")


@dataclass(frozen=True)
class Outcome:
    """What a check of a row says; as expected, None and "" are what nobody has measured yet.

    steps: of a shortest counterexample, None if there is no trace.  states: distinct ones
    that the search had found when it ended.
    """

    verdict: str = ""
    property: str = ""
    steps: int | None = None
    states: int | None = None

    def __str__(self) -> str:
        steps = f" in {self.steps} steps" if self.steps is not None else ""
        what = f" {self.property}{steps}" if self.property else ""
        return f"{self.verdict}{what}, {self.states or 0:,} states"


@dataclass(frozen=True)
class Row:
    """What to check, and what is expected of it.

    properties, settings, model: as in `checker.check`; () for all of the scenario's.
    reduced: `states` counts those of the search with reductions, because there are too many
    without.  engine: "symbolic" where there are too many for a list, "" for one.  finding: name of the finding that the violation of a baseline is.
    file, line: where the row begins; number: which of its file it is.
    """

    design: str
    scenario: str
    bound: int | str | None
    expected: Outcome
    properties: tuple[str, ...] = ()
    settings: tuple[tuple[str, int], ...] = ()
    reduced: bool = False
    engine: str = ""
    finding: str = ""
    quick: bool = False
    model: str = ""
    file: str = ""
    line: int = 0
    number: int = 0

    def __str__(self) -> str:
        parts = [self.design, self.scenario, f"bound {self.bound}" if self.bound is not None else ""]
        parts += [f"{name}={value}" for name, value in self.settings]
        return "  ".join(part for part in [*parts, ", ".join(self.properties)] if part)

    @property
    def key(self) -> tuple:
        """What no two rows may have in common."""
        return self.model, self.design, self.scenario, self.bound, self.properties, self.settings


TYPES = {  # of the keys that a row may have
    "design": str, "scenario": str, "bound": int, "properties": list, "set": dict, "reduced": bool, "engine": str,
    "finding": str, "quick": bool, "verdict": str, "property": str, "steps": int, "states": int,
}  # fmt: skip
MEASURED = tuple(one.name for one in fields(Outcome))


# -------------------------------------------------------------------- reading


def load(paths: Sequence[str] = ()) -> list[Row]:
    """The rows of these files and folders; of none, those that come with the model.

    Raises UsageError with file and line for what is not right, [] if there is no table.
    """
    rows = [row for path in _files(paths) for row in read(path)]
    known: dict[tuple, Row] = {}
    for row in rows:
        first = known.setdefault(row.key, row)
        if first is not row:
            raise _wrong(row.file, row.line, f"this row is the one at {shown_path(first.file)}:{first.line} again")
    return rows


def _files(paths: Sequence[str]) -> list[Path]:
    found: list[Path] = []
    for path in [Path(p) for p in paths] or ([own(FOLDER)] if own(FOLDER).is_dir() else []):
        if not path.exists():
            raise UsageError(f"there is no table {path}")
        found += sorted(path.glob("*.toml")) if path.is_dir() else [path]
    return found


def own(name: str) -> Path:
    """The file or folder of this name beside the properties, whether it is there or not."""
    spec = importlib.util.find_spec(PACKAGE)
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0] if places else PACKAGE) / name


def read(path: Path) -> list[Row]:
    """The rows of one file; UsageError for what is not right in it."""
    text = _text(path)
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{shown_path(path)}: {error}") from None
    if strange := set(content) - {"row", "model"}:
        raise UsageError(f"{shown_path(path)}: there is nothing but [[row]] and `model` in a table, not {strange.pop()}")
    model = str((path.parent / content["model"]).resolve()) if "model" in content else ""
    lines = [number for number, line in enumerate(text.splitlines(), 1) if HEADER.match(line)]
    entries = content.get("row", [])
    if not isinstance(entries, list) or len(lines) != len(entries):
        raise UsageError(f"{shown_path(path)}: write every row as [[row]] on a line of its own")
    return [
        replace(_row(entry, str(path), line), model=model, number=number)
        for number, (entry, line) in enumerate(zip(entries, lines, strict=True))
    ]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{shown_path(path)}: {getattr(error, 'strerror', None) or 'this is not a text file'}") from None


def _row(entry: dict[str, Any], file: str, line: int) -> Row:
    for key, value in entry.items():
        if key not in TYPES:
            raise _wrong(file, line, f"a row has no {key!r}; it has: {', '.join(TYPES)}")
        if (key, value) == ("bound", ANY):
            continue
        if not isinstance(value, TYPES[key]) or (TYPES[key] is int and (isinstance(value, bool) or value < 0)):
            raise _wrong(file, line, f"{key} = {value!r} is not of the right kind")
    for key in ("design", "scenario"):
        if key not in entry:
            raise _wrong(file, line, f"the row has no {key!r}")
    if entry.get("engine", "") not in ("", "symbolic"):
        raise _wrong(file, line, f"engine is 'symbolic', or left out, not {entry['engine']!r}")
    expected = Outcome(**{key: entry[key] for key in MEASURED if key in entry})
    if expected.verdict not in ("", HOLDS, VIOLATED):
        raise _wrong(file, line, f"a verdict is {HOLDS!r} or {VIOLATED!r}, not {expected.verdict!r}")
    if (expected.verdict == VIOLATED) != bool(expected.property):
        raise _wrong(file, line, "a row has a property if and only if its verdict is violated")
    return Row(
        entry["design"], entry["scenario"], entry.get("bound"), expected, tuple(entry.get("properties", ())),
        tuple(sorted(entry.get("set", {}).items())), entry.get("reduced", False), entry.get("engine", ""),
        entry.get("finding", ""), entry.get("quick", False), file=file, line=line,
    )  # fmt: skip


def _wrong(file: str, line: int, text: str) -> UsageError:
    return UsageError(f"{shown_path(file)}:{line}: {text}")


# ------------------------------------------------------------------ comparing


def differences(expected: Outcome, found: Outcome) -> list[str]:
    """What differs, in words: "steps: expected 45, found 44"; [] if nothing does."""
    told = []
    for name in MEASURED:
        wanted, got = getattr(expected, name), getattr(found, name)
        if wanted != got and (name in ("verdict", "states") or expected.verdict == found.verdict):
            told.append(f"{name}: expected {_worded(wanted)}, found {_worded(got)}")
    return told


def _worded(value: str | int | None) -> str:
    return "nothing" if value in (None, "") else f"{value:,}" if isinstance(value, int) else str(value)


# ------------------------------------------------------------------- rewriting


def rewrite(path: str, values: dict[int, dict[str, Any]]) -> None:
    """Give the rows of one file other values, by their numbers; None takes a key away.

    All else in the file stays as it is written: comments, order, other rows.
    """
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    starts = [at for at, line in enumerate(lines) if HEADER.match(line)]
    ends = [*starts[1:], len(lines)]
    for number in sorted(values, reverse=True):
        first, end = starts[number], ends[number]
        lines[first:end] = _rewritten(lines[first:end], values[number])
    Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _rewritten(lines: list[str], values: dict[str, Any]) -> list[str]:
    """A row's lines with other values; what is new follows the last line that gives a value."""
    for key, value in values.items():
        at = next((i for i, line in enumerate(lines) if re.match(rf"\s*{key}\s*=", line)), None)
        if value is None:
            lines = [line for i, line in enumerate(lines) if i != at]
        elif at is not None:
            lines[at] = f"{key} = {_toml(value)}"
        else:
            last = max(i for i, line in enumerate(lines) if i == 0 or SCALAR.match(line))
            lines.insert(last + 1, f"{key} = {_toml(value)}")
    return lines


def _toml(value: str | int | bool) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else f'"{value}"'
