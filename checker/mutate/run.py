"""All mutants, in several processes; the score."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..disk_cache import cache_dir
from ..limits import GIB, default_memory_limit
from ..processes import cores, in_processes
from ..regress.table import Row
from .judge import KILLED, REFUSED, SURVIVED, Fate, Job, judge, rows_for, running
from .mutants import Mutant, mutants_of
from .store import Journal, Key

if TYPE_CHECKING:
    from ..catalogue import Catalogue


@dataclass(frozen=True)
class Mutated:
    """What became of mutants.

    fates: in the order of the model.  reasons: why those are harmless that are known to be.
    lost: mutants that were killed before and survive now.
    """

    mutants: tuple[Mutant, ...]
    fates: dict[Key, Fate]
    reasons: dict[Key, str]
    lost: tuple[Key, ...] = ()
    seconds: float = 0.0

    def having(self, verdict: str) -> list[Key]:
        """Mutants of this verdict."""
        return [key for key, fate in self.fates.items() if fate.verdict == verdict]

    @property
    def gaps(self) -> list[Key]:
        """Mutants that survive, and nobody has said why they are harmless."""
        return [key for key in self.having(SURVIVED) if key not in self.reasons]

    @property
    def score(self) -> float:
        """The share of mutants that are killed, or explained."""
        judged = len(self.fates) - len(self.having(REFUSED))
        return 1 - len(self.gaps) / judged if judged else 1.0

    @property
    def exit_status(self) -> int:
        """1 if a mutant survives that nobody has explained."""
        return int(bool(self.gaps or self.lost))

    def kills(self) -> Counter[str]:
        """How many mutants each property kills first."""
        return Counter(fate.by for fate in self.fates.values() if fate.verdict == KILLED)


def mutated(
    catalogue: Catalogue,
    rows: Sequence[Row],
    function: str | None = None,
    before: dict[Key, Fate] | None = None,
    reasons: dict[Key, str] | None = None,
    processes: int | None = None,
    memory_limit: float | None = None,
    again: bool = False,
    most_rows: int = 0,
    progress: Callable[[str, int, int], None] | None = None,
) -> Mutated:
    """Try all mutants, or those of one function.

    before: what became of them the last time: where one was killed is tried first.  again: also those
    that the journal of an earlier, perhaps interrupted run of the same model knows.
    most_rows: tried for one mutant; 0 for all.
    """
    started = time.monotonic()
    chosen = [m for m in mutants_of(catalogue) if function in (None, m.place.rpartition(".")[2])]
    rows = rows_for(list(rows), catalogue)
    journal = Journal(cache_dir(), _digest(catalogue, rows))
    known = {} if again else journal.read()
    left = [m for m in chosen if (m.place, m.change) not in known]
    processes = min(processes or cores(), len(left)) or 1
    memory = (memory_limit or default_memory_limit() / GIB) / processes
    before = before or {}
    jobs = [_job(m, rows, catalogue, before, most_rows, memory) for m in left]
    for done, (number, fate) in enumerate(in_processes(judge, jobs, processes), len(chosen) - len(left) + 1):
        key = left[number].place, left[number].change
        known[key] = fate
        journal.add(key, fate)
        if progress:
            progress(f"{left[number]}: {fate.verdict}", done, len(chosen))
    fates = {(m.place, m.change): known[m.place, m.change] for m in chosen}
    lost = [key for key, fate in fates.items() if fate.verdict == SURVIVED and key in before and before[key].verdict == KILLED]
    return Mutated(tuple(chosen), fates, reasons or {}, tuple(lost), time.monotonic() - started)


def resurrected(
    catalogue: Catalogue,
    rows: Sequence[Row],
    before: dict[Key, Fate],
    sample: int | None = None,
    processes: int | None = None,
    memory_limit: float | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> tuple[int, list[Key]]:
    """How many formerly killed mutants were tried again where they were killed, and those that survive there.

    before: what became of them; who is no mutant of the model any more is left out.  sample: so many
    of them only, taken evenly.
    """
    by_row = {(row.design, row.scenario, row.bound): row for row in rows_for(list(rows), catalogue)}
    there = {(m.place, m.change) for m in mutants_of(catalogue)}
    killed = [key for key, fate in before.items() if fate.verdict == KILLED and key in there and fate.row in by_row]
    if sample is not None and sample < len(killed):
        killed = [killed[n * len(killed) // sample] for n in range(sample)]
    processes = min(processes or cores(), len(killed)) or 1
    memory = (memory_limit or default_memory_limit() / GIB) / processes
    jobs = [Job(*key, by_row[before[key].row].model, (by_row[before[key].row],), memory) for key in killed]
    lost = []
    for done, (number, fate) in enumerate(in_processes(judge, jobs, processes), 1):
        if fate.verdict == SURVIVED:
            lost.append(killed[number])
        if progress:
            progress(f"mutant {killed[number][1]}", done, len(jobs))
    return len(jobs), lost


def _job(
    mutant: Mutant, rows: list[Row], catalogue: Catalogue, before: dict[Key, Fate], most: int, memory: float
) -> Job:
    """The rows that run the function: first the one that killed the mutant before, then those that have
    killed most mutants of the function, then those with most states."""
    killed_in = before.get((mutant.place, mutant.change), Fate("")).row
    kills = Counter(fate.row for (place, _), fate in before.items() if place == mutant.place)

    def rank(row: Row) -> tuple[bool, int, int]:
        name = row.design, row.scenario, row.bound
        return name != killed_in, -kills[name], -(row.expected.states or 0)

    ordered = sorted(running(mutant, rows, catalogue), key=rank)
    model = rows[0].model if rows else ""
    return Job(mutant.place, mutant.change, model, tuple(ordered[: most or None]), memory)


def _digest(catalogue: Catalogue, rows: list[Row]) -> str:
    """A hash of all that decides what becomes of a mutant."""
    hashed = hashlib.sha256(repr([replace(row, file="", line=0, number=0) for row in rows]).encode())
    checker = Path(__file__).parent.parent
    sources = [Path(module.__file__ or "") for module in catalogue.modules]
    for file in sorted({*sources, *checker.glob("*.py"), *Path(__file__).parent.glob("*.py")}):
        hashed.update(file.read_bytes())
    return hashed.hexdigest()[:16]
