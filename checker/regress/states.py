"""How many states every scenario has at bounds 2, 3 and 4, and for any number of operations: `properties/scenario_states.toml`.

The file is written by `python -m checker scenarios --measure`, and listed by `scenarios`.

    [append_flush]
    program = "6b1f0d2c93aa41e7"          of the program that was counted, see `digest_of`
    bound_2 = 466
    bound_3 = { reduced = 14351553 }      so many were stored with partial-order reduction; there are more
    bound_4 = { above = 52103118 }        so many had been found when the time was up
    any = { sets = 2008791091 }           for any number of operations; in sets, and so each once (decision 156); or
                                          of a list; or above; left out where no operations are counted
    seconds = 30                          that each search was given, if one of them was not finished
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..base.errors import UsageError, shown_path
from ..base.processes import in_processes
from ..ir.program import ANY
from ..table.rows import own

if TYPE_CHECKING:
    from ..ir.program import Program
    from ..source.catalogue import Catalogue

FILE = "scenario_states.toml"
BOUNDS = (2, 3, 4)
ALL, REDUCED, ABOVE, SETS = "all", "reduced", "above", "sets"
SAYING = re.compile(r"(?<=\d): .*|(?<= else )\w+: .*|(?<= fail ).*|(?<=^program ).*|(?<=^constants ).*")  # what the text of a program says to people
HEAD = "# How many states each scenario has: written by `python -m checker scenarios --measure`.\n"


@dataclass(frozen=True)
class Count:
    """A number of states.  kind: ALL of them; those that were stored when partial-order REDUCTION left
    some out; or those that had been found when the search ran into its limit: there are more (ABOVE).  SETS: all of
    them, by the symbolic engine; a list for any number of operations has each with and without a further one (ALL)."""

    states: int
    kind: str = ALL

    def __str__(self) -> str:
        return {ALL: "", REDUCED: "~", ABOVE: "> ", SETS: "="}[self.kind] + f"{self.states:,}"


@dataclass(frozen=True)
class Counted:
    """A scenario's counts by bound, and the digest of the program that they are of.

    seconds: the limit of each search, if it kept one from its end; else 0.  endless: for any number of operations; None
    if none are counted.
    """

    program: str
    counts: Mapping[int, Count]
    seconds: float = 0
    endless: Count | None = None


@dataclass(frozen=True)
class CountJob:
    """A scenario to be counted, unless `known` is of the same program, and had no less time.

    seconds, memory (GiB): limits of one search.
    """

    scenario: str
    known: Counted | None
    seconds: float
    memory: float


def digest_of(program: Program) -> str:
    """What the states of a program depend on: its variables and its steps.

    Where in a file they stand, what they are called and what messages say does not count, and neither do
    properties, which only look.
    """
    from ..ir.text import to_text

    lines = to_text(replace(program, properties=())).splitlines()
    steps = "\n".join(SAYING.sub("", line) for line in lines if not line.lstrip().startswith("note "))
    return hashlib.sha256(steps.encode()).hexdigest()[:16]


# ------------------------------------------------------------------- measuring


def program_of(catalogue: Catalogue, scenario: str) -> Program:
    """The scenario's program at the largest of the bounds."""
    from ..verdict.api import prepare

    return prepare(scenario=scenario, bound=BOUNDS[-1], catalogue=catalogue).program


def count(job: CountJob) -> Counted:
    """The states of a scenario at each bound; those known, if it has not changed."""
    made = program_of(_catalogue(), job.scenario)
    digest = digest_of(made)
    if job.known and job.known.program == digest and (not job.known.seconds or job.known.seconds >= job.seconds):
        return job.known
    _compile(made)
    counts: dict[int, Count] = {}
    for bound in BOUNDS:
        before = counts.get(bound - 1)
        if before and (before.kind == ABOVE or made.bound is None):  # not fewer; or no operations are counted
            counts[bound] = before
        else:
            counts[bound] = _count(made, bound, job)
    endless = _count_endless(job) if made.bound is not None else None
    whole = all(one.kind == ALL for one in counts.values()) and (endless is None or endless.kind != ABOVE)
    return Counted(digest, counts, 0 if whole else job.seconds, endless)


@cache
def _catalogue() -> Catalogue:
    from ..source.catalogue import load

    return load()


def _compile(program: Program) -> None:
    """Have the search compiled, which is to take none of its time."""
    from ..search.explore import explore

    explore(program, states=1)


def _count(program: Program, bound: int, job: CountJob) -> Count:
    """Without reduction if the limits allow, else with it; a violation does not end the search."""
    from ..base.limits import GIB
    from ..search.explore import explore

    operations = bound if program.bound is not None and bound < program.bound else None
    limits: dict[str, Any] = {"time_limit": job.seconds, "memory_limit": int(job.memory * GIB), "stop": False}
    whole = explore(program, operations=operations, **limits)
    if whole.complete:
        return Count(whole.states)
    if operations is None and whole.stopped_by != "interrupt":
        reduced = explore(program, reduced=True, **limits)
        if reduced.complete and reduced.reduced:
            return Count(reduced.states, REDUCED)
        if reduced.stopped_by == "interrupt" or reduced.states > whole.states:
            whole = reduced
    if whole.stopped_by == "interrupt":  # Ctrl-C is meant for the whole run
        raise KeyboardInterrupt
    return Count(whole.states, ABOVE)


def _count_endless(job: CountJob) -> Count:
    """For any number of operations: listed if the limits allow, else in sets."""
    from ..base.limits import GIB
    from ..search.explore import explore
    from ..symbolic.engine import explore as explore_in_sets
    from ..verdict.api import prepare

    program = prepare(scenario=job.scenario, bound=ANY, catalogue=_catalogue()).program
    limits: dict[str, Any] = {"time_limit": job.seconds, "memory_limit": int(job.memory * GIB), "stop": False}
    _compile(program)
    listed = explore(program, **limits)
    found = listed if listed.complete or listed.stopped_by == "interrupt" else explore_in_sets(program, **limits)
    if "interrupt" in (listed.stopped_by, found.stopped_by):  # Ctrl-C is meant for the whole run
        raise KeyboardInterrupt
    if found.complete:
        return Count(found.states, ALL if found is listed else SETS)
    return Count(max(listed.states, found.states), ABOVE)


def measured(
    scenarios: Sequence[str], path: Path, processes: int, seconds: float, memory: float,
    progress: Callable[[str, int], None],
) -> list[str]:
    """Count these scenarios, as far as the file does not know them, and enter each as it is done.

    memory: GiB, of all processes together.  progress: called with each that is done, and how many are.
    What the model has no scenario for leaves the file.  Returns the names of those that were counted.
    """
    known = load(path)
    entries = {name: known[name] for name in _catalogue().scenarios if name in known}
    jobs = [CountJob(name, known.get(name), seconds, memory / processes) for name in scenarios]
    changed = []
    for number, found in in_processes(count, jobs, processes):
        name = scenarios[number]
        if entries.get(name) != found:
            changed.append(name)
            entries[name] = found
            write(path, {n: entries[n] for n in _catalogue().scenarios if n in entries})
        progress(name, number)
    if entries != known:
        write(path, {n: entries[n] for n in _catalogue().scenarios if n in entries})
    return changed


# -------------------------------------------------------------------- the file


def load(path: Path | None = None) -> dict[str, Counted]:
    """What the file says, by scenario; {} if there is none.  UsageError for what is not right in it."""
    path = path or own(FILE)
    if not path.exists():
        return {}
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        return {name: _counted(entry) for name, entry in content.items()}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{shown_path(path)}: {error}") from None
    except (KeyError, TypeError, ValueError):
        raise UsageError(f"{shown_path(path)}: this is not what `scenarios --measure` writes") from None


def _counted(entry: dict[str, Any]) -> Counted:
    counts = {bound: _read(entry[f"bound_{bound}"]) for bound in BOUNDS}
    endless = _read(entry[ANY]) if ANY in entry else None
    return Counted(str(entry["program"]), counts, float(entry.get("seconds", 0)), endless)


def _read(value: object) -> Count:
    match value:
        case int(states):
            return Count(states)
        case {"reduced": int(states)}:
            return Count(states, REDUCED)
        case {"above": int(states)}:
            return Count(states, ABOVE)
        case {"sets": int(states)}:
            return Count(states, SETS)
    raise ValueError(value)


def _written(found: Count) -> str:
    return str(found.states) if found.kind == ALL else f"{{ {found.kind} = {found.states} }}"


def write(path: Path, entries: Mapping[str, Counted]) -> None:
    """Write the file, whole or not at all."""
    from ..output.writing import write_text

    parts = [HEAD]
    for name, one in entries.items():
        lines = [f"[{name}]", f"program = {json.dumps(one.program)}"]
        for bound, found in one.counts.items():
            lines.append(f"bound_{bound} = {_written(found)}")
        lines += [f"{ANY} = {_written(one.endless)}"] if one.endless else []
        lines += [f"seconds = {one.seconds:g}"] * bool(one.seconds)
        parts.append("\n".join(lines) + "\n")
    write_text(str(path), "\n".join(parts))
