"""All mutants, in several processes; the score."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..base.disk_cache import cache_dir
from ..base.limits import GIB, default_memory_limit
from ..base.processes import cores, in_processes
from ..table.rows import Row
from .coverage import Survey
from .judge import (
    EQUIVALENT, KILLED, REFUSED, SURVIVED, Fate, MutantJob, Trial, fate, holding, judge, rows_for, running,
    surveyed,
)  # fmt: skip
from .mutants import Mutant, in_groups, mutants_of
from .order import Order
from .store import Journal, Key, trial_key

if TYPE_CHECKING:
    from ..source.catalogue import Catalogue


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
    def told(self) -> list[Key]:
        """Mutants that survive, and are known to be harmless."""
        return [key for key in self.having(SURVIVED) if key in self.reasons]

    @property
    def score(self) -> float:
        """The share of mutants that are killed, or are harmless and it is known why."""
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

    before: what became of them the last time: where one was killed is tried first.  again: also in
    the rows of which the journal of earlier runs tells what they come to.
    most_rows: searched for one mutant; 0 for all.
    """
    started = time.monotonic()
    chosen = [m for m in mutants_of(catalogue) if function in (None, m.place.rpartition(".")[2])]
    rows = rows_for(list(rows), catalogue)
    run = _Trials(catalogue, rows, chosen, before or {}, {} if again else Journal(cache_dir()).read(), most_rows)
    run.memory = (memory_limit or default_memory_limit() / GIB) / (processes or cores())
    tell = progress or (lambda what, done, of: None)
    run.survey(processes or cores(), tell)
    for mutant, found in run.judged(processes or cores()):
        tell(f"{mutant}: {found.verdict}", len(run.fates), len(chosen))
    fates = {(m.place, m.change): run.fates[m.place, m.change] for m in chosen}
    lost = [key for key, fate in fates.items() if fate.verdict == SURVIVED and key in run.before and run.before[key].verdict == KILLED]
    return Mutated(tuple(chosen), fates, reasons or {}, tuple(lost), time.monotonic() - started)


class _Trials:
    """One run.  known: trials of earlier ones, by `trial_key`.  fates: of the mutants that are through."""

    memory = 1.0

    def __init__(
        self, catalogue: Catalogue, rows: list[Row], chosen: list[Mutant], before: dict[Key, Fate],
        known: dict[str, Trial], most: int,
    ) -> None:  # fmt: skip
        self.catalogue, self.before, self.known, self.most = catalogue, before, known, most
        self.chosen, self.in_groups = chosen, in_groups(catalogue)
        self.there = {id(m): running(m, rows, catalogue) for m in chosen}
        self.rows = [row for row in rows if any(row in there for there in self.there.values())]
        self.surveys: dict[Row, Survey] = {}
        self.fates: dict[Key, Fate] = {}
        self.order = Order(before, catalogue)
        self.journal = Journal(cache_dir())

    def survey(self, processes: int, tell: Callable[[str, int, int], None]) -> None:
        """See which steps each row takes."""
        for done, (number, found) in enumerate(in_processes(surveyed, self.rows, processes), 1):
            self.surveys[self.rows[number]] = found
            tell(f"which steps are taken: {self.rows[number]}", done, len(self.rows))

    def judged(self, processes: int) -> Iterator[tuple[Mutant, Fate]]:
        """Each mutant with what became of it, as it is known."""
        begun: list[tuple[Mutant, list[tuple[Row, Trial]], tuple[Row, ...]]] = []
        at_once: list[tuple[Mutant, Fate]] = []

        def jobs() -> Iterator[MutantJob]:
            for mutant in self.chosen:
                found, left = self._left(mutant)
                if not left:
                    at_once.append((mutant, self._settle(mutant, found)))
                    continue
                begun.append((mutant, found, left))
                most = self.most and self.most - sum(trial.verdict == SURVIVED for _, trial in found)
                yield MutantJob(mutant.place, mutant.change, left[0].model, left, self.memory, most)

        for number, trials in in_processes(judge, jobs(), processes):
            mutant, found, rows = begun[number]
            for row, trial in zip(rows, trials):
                self._enter(mutant, row, trial)
                found.append((row, trial))
            yield mutant, self._settle(mutant, found)
            yield from at_once
            at_once.clear()
        yield from at_once

    def _left(self, mutant: Mutant) -> tuple[list[tuple[Row, Trial]], tuple[Row, ...]]:
        """The rows in which it is known what the mutant comes to, and those that are to be tried, in order."""
        taking = self._taking(mutant)
        found = [(row, self.known[key]) for row in taking if (key := self._key(mutant, row)) in self.known]
        verdict = fate(found).verdict if found else ""
        searched = sum(trial.verdict == SURVIVED for _, trial in found)
        if verdict in (KILLED, REFUSED) or self.most and searched >= self.most:
            return found, ()
        tried = {row for row, _ in found}
        return found, tuple(self.order.of(mutant, [row for row in taking if row not in tried]))

    def _taking(self, mutant: Mutant) -> list[Row]:
        """The rows that take the step; or that run the function, if the statement is no step of its own; or that
        may run it, if it runs in atomic groups."""
        there = [(row, self.surveys[row]) for row in self.there[id(mutant)]]
        taking = [row for row, survey in there if survey.takes(*mutant.lines)]
        if not taking and not any(survey.has(*mutant.lines) for _, survey in there):
            taking = [row for row, survey in there if survey.takes(*mutant.function_lines)]
        if not taking and mutant.edit.inside in self.in_groups:
            taking = [row for row, _ in there]
        return taking

    def _enter(self, mutant: Mutant, row: Row, trial: Trial) -> None:
        self.order.learn(mutant.place, row, trial)
        self.journal.add(self._key(mutant, row), trial)

    def _settle(self, mutant: Mutant, found: list[tuple[Row, Trial]]) -> Fate:
        self.fates[mutant.place, mutant.change] = now = fate(found)
        return now

    def _key(self, mutant: Mutant, row: Row) -> str:
        return trial_key(self.surveys[row].digest, mutant)


def resurrected(
    catalogue: Catalogue,
    rows: Sequence[Row],
    before: dict[Key, Fate],
    sample: int | None = None,
    processes: int | None = None,
    memory_limit: float | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    other_way: bool = False,
    told: Callable[[Key, Trial], None] | None = None,
) -> tuple[int, list[Key]]:
    """How many formerly killed mutants were tried again where they were killed, and those that survive there.

    before: what became of them; who is no mutant of the model any more is left out.  sample: so many
    of them only, taken evenly.  other_way: with reductions, and by the same property, unless one that is always on
    comes first; those of small rows first.  told: called with what each has come to.
    """
    by_row = {(row.design, row.scenario, row.bound): row for row in holding(list(rows))}
    there = {(m.place, m.change) for m in mutants_of(catalogue)}
    killed = [key for key, fate in before.items() if fate.verdict == KILLED and key in there and fate.row in by_row]
    if sample is not None and sample < len(killed):
        killed = [killed[n * len(killed) // sample] for n in range(sample)]
    if other_way:
        killed.sort(key=lambda key: by_row[before[key].row].expected.states or 0)
    processes = min(processes or cores(), len(killed)) or 1
    memory = (memory_limit or default_memory_limit() / GIB) / processes
    rows_of = {key: by_row[before[key].row] for key in killed}
    jobs = [MutantJob(*key, row.model, (row,), memory, by=before[key].by if other_way else "") for key, row in rows_of.items()]
    lost = []
    for done, (number, trials) in enumerate(in_processes(judge, jobs, processes), 1):
        if trials[-1].verdict not in (KILLED, REFUSED):
            lost.append(killed[number])
        if told:
            told(killed[number], trials[-1])
        if progress:
            progress(f"mutant {killed[number][1]}", done, len(jobs))
    return len(jobs), lost
