"""In which order rows are tried for a mutant: what has killed its neighbours, and what costs least, first."""

from __future__ import annotations

from collections import Counter

from ..source.catalogue import Catalogue
from ..table.rows import Row
from .judge import KILLED, SURVIVED, Fate, Trial
from .mutants import Mutant
from .store import Key

FIXED, EACH_STATE = 0.4, 1e-6  # seconds that a trial takes, about
HOPE, HIGH_HOPE = 0.2, 0.6  # share of the mutants that a row kills of which nothing is known; where all properties are judged
WEIGHT = 2  # trials that what is known of the module counts for, beside those of the function itself

Name = tuple[str, str, int | None]


class Order:
    """What is known of the rows: how many mutants of each function, and of each module, they have killed."""

    def __init__(self, before: dict[Key, Fate], catalogue: Catalogue) -> None:
        self.before = before
        self.judges_all = {name for name, one in catalogue.scenarios.items() if one.properties is None}
        self.kills: Counter[tuple[str, Name]] = Counter()
        self.tries: Counter[tuple[str, Name]] = Counter()
        for (place, _), fate in before.items():
            if fate.verdict == KILLED:
                self._count(place, fate.row, 1)

    def learn(self, place: str, row: Row, trial: Trial) -> None:
        """A mutant of the function `place` was tried."""
        if trial.verdict in (KILLED, SURVIVED):
            self._count(place, _name(row), int(trial.verdict == KILLED))

    def of(self, mutant: Mutant, rows: list[Row]) -> list[Row]:
        """The rows, the most promising first."""
        killed_in = self.before.get((mutant.place, mutant.change), Fate("")).row
        module = mutant.place.rpartition(".")[0]

        def rank(row: Row) -> tuple[bool, float]:
            name = _name(row)
            hope = HIGH_HOPE if row.scenario in self.judges_all else HOPE
            prior = (self.kills[module, name] + WEIGHT * hope) / (self.tries[module, name] + WEIGHT)
            chance = (self.kills[mutant.place, name] + WEIGHT * prior) / (self.tries[mutant.place, name] + WEIGHT)
            return name != killed_in, -chance / (FIXED + EACH_STATE * (row.expected.states or 0))

        return sorted(rows, key=rank)

    def _count(self, place: str, name: Name, kills: int) -> None:
        for of in (place, place.rpartition(".")[0]):
            self.tries[of, name] += 1
            self.kills[of, name] += kills


def _name(row: Row) -> Name:
    return row.design, row.scenario, row.bound
