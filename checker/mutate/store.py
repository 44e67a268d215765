"""What became of every mutant, in two files beside the properties.

`mutants.toml` is written by `mutate`: a table for each function, a line for each mutant.
`survivors.toml` is written by people: why a mutant that survives is harmless.

    ["model.mm.truncate.truncate_setsize"]
    "drop folio_unlock(folio)" = { by = "deadlock", design = "iomap", scenario = "default", bound = 1 }
    "drop folio_lock(folio) #2" = { survived = 8 }            in so many rows that take the step
    "swap f(x) / h(x)" = { equivalent = "the two commute" }   in all programs
    "swap f(x) / g(x)" = { refused = "unset" }                no program of the language
"""

from __future__ import annotations

import ast
import copy
import json
from pathlib import Path
from typing import Any

from ..base import toml
from ..base.errors import UsageError, shown_path
from ..source.functions import definition
from ..table.rows import own
from .judge import EQUIVALENT, KILLED, REFUSED, SURVIVED, Fate, Trial
from .mutants import Mutant
from .same import hash_of

MUTANTS, SURVIVORS = "mutants.toml", "survivors.toml"
JUDGE = "1"  # changes when the same trial might come to something else
Key = tuple[str, str]  # place and change of a mutant
HEAD = "# What became of every mutant of the model's functions: written by `python -m checker mutate`.\n"


def path_of(folder: str | None, name: str) -> Path:
    """One of the two files, in this folder or beside the properties."""
    return Path(folder) / name if folder else own(name)


def fates(path: Path) -> dict[Key, Fate]:
    """What is known of mutants; {} if there is no file.  UsageError for what is not right in it."""
    return {key: _fate(value, key, path) for key, value in _entries(path).items()}


def explanations(path: Path) -> dict[Key, str]:
    """Why mutants are harmless; {} if there is no file."""
    found = _entries(path)
    for key, value in found.items():
        if not isinstance(value, str) or not value.strip():
            raise UsageError(f"{shown_path(path)}: {key[0]}: {key[1]}: say why it is harmless")
    return found


def write(path: Path, known: dict[Key, Fate]) -> None:
    """Write what is known, in the order given."""
    by_place: dict[str, list[str]] = {}
    for (place, change), fate in known.items():
        by_place.setdefault(place, []).append(f"{_quoted(change)} = {_value(fate)}")
    parts = [f"[{_quoted(place)}]\n" + "\n".join(lines) + "\n" for place, lines in by_place.items()]
    path.write_text("\n".join([HEAD, *parts]), encoding="utf-8")


def _entries(path: Path) -> dict[Key, Any]:
    found = {}
    for place, entries in toml.read(path).items():
        if not isinstance(entries, dict):
            raise UsageError(f"{shown_path(path)}: {place} is no table of mutants")
        found.update({(place, change): value for change, value in entries.items()})
    return found


def _fate(value: Any, key: Key, path: Path) -> Fate:
    match value:
        case {"by": str(by), "design": str(design), "scenario": str(scenario), **rest}:
            return Fate(KILLED, by, design, scenario, rest.get("bound"))
        case {"survived": int(rows)}:
            return Fate(SURVIVED, rows=rows)
        case {"equivalent": str(why)}:
            return Fate(EQUIVALENT, why)
        case {"refused": str(rule)}:
            return Fate(REFUSED, rule)
    raise UsageError(f"{shown_path(path)}: {key[0]}: {key[1]}: {value!r} says nothing of a mutant")


def _value(fate: Fate) -> str:
    if fate.verdict == KILLED:
        bound = f", bound = {fate.bound}" if fate.bound is not None else ""
        return f'{{ by = "{fate.by}", design = "{fate.design}", scenario = "{fate.scenario}"{bound} }}'
    if fate.verdict in (REFUSED, EQUIVALENT):
        return f'{{ {fate.verdict} = "{fate.by}" }}'
    return f"{{ survived = {fate.rows} }}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


# ----------------------------------------------------------------- the journal


def trial_key(program: str, mutant: Mutant) -> str:
    """Names all that decides what becomes of a mutant in a row: the row's program without it (as a hash),
    the function that it changes, and the change.  Lines and remarks are no part of it."""
    function = copy.copy(definition(mutant.edit.inside))
    function.body = [stmt for stmt in function.body if not (isinstance(stmt, ast.Expr) and isinstance(stmt.value, ast.Constant))]
    return hash_of("\0".join((JUDGE, program, mutant.place, mutant.change, ast.dump(function))))


class Journal:
    """Trials as they become known, so that a run goes on where an earlier one ended, and tries again only
    those that a change of the model concerns."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "mutants" / "journal.jsonl"

    def read(self) -> dict[str, Trial]:
        """What has been entered, by `trial_key`; a line that is not whole is left out."""
        found = {}
        try:
            lines = self.path.read_text(encoding="utf-8").splitlines()
        except OSError:
            return {}
        for line in lines:
            try:
                key, verdict, by = json.loads(line)
            except (ValueError, TypeError):
                continue
            found[key] = Trial(verdict, by)
        return found

    def add(self, key: str, trial: Trial) -> None:
        """Enter one; a journal that cannot be written is not kept."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps([key, trial.verdict, trial.by]) + "\n")
        except OSError:
            pass
