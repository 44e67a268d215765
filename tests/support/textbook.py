"""Textbook models and what is known of their state spaces.

Sources: closed forms (given in each model's docstring), published tables (two-phase commit:
TLA+ Examples and Stateright; 8-puzzle: its level sizes), and SPIN on the same models in
Promela.  A transition is a successor, self loops and repetitions included.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

MODELS = Path(__file__).parents[1] / "models"
slow = pytest.mark.slow
"""Marks a form of a test that needs minutes: `-m slow` runs these, and they are left out otherwise."""

EIGHT_PUZZLE = (
    1, 2, 4, 8, 16, 20, 39, 62, 116, 152, 286, 396, 748, 1024, 1893, 2512, 4485, 5638, 9529, 10878, 16993, 17110, 23952,
    20224, 24047, 15578, 14560, 6274, 3910, 760, 221, 2,
)  # fmt: skip
SIX_PLACES = (1, 2, 3, 5, 6, 7, 10, 12, 12, 16, 23, 25, 28, 39, 44, 40, 29, 21, 18, 12, 6, 1)


@dataclass(frozen=True)
class Known:
    """A model, and the counts that everybody must find.

    depth: transitions to the farthest state.  levels: states first reached after 0, 1, ...
    violated: the property that the search reports first, after `steps` transitions.
    """

    model: str
    scenario: str
    states: int
    transitions: int
    depth: int
    settings: dict[str, int] = field(default_factory=dict)
    levels: tuple[int, ...] = ()
    violated: str = ""
    steps: int = 0

    @property
    def file(self) -> Path:
        return MODELS / f"{self.model}.py"

    @property
    def name(self) -> str:
        return "-".join([self.model, *(f"{name}{value}" for name, value in self.settings.items())])


def commit(n: int, states: int, transitions: int, depth: int) -> Known:
    return Known("two_phase_commit", "transaction", states, transitions, depth, {"RM": n})


def philosophers(n: int, states: int, transitions: int) -> Known:
    return Known("dining_philosophers", "table", states, transitions, n, {"N": n}, (), "deadlock", n)


def counters(n: int, k: int) -> Known:
    return Known("counters", "counting", (k + 1) ** n, n * k * (k + 1) ** (n - 1), n * k, {"N": n, "K": k})


def hanoi(n: int) -> Known:
    return Known("hanoi", "towers", 3**n, 3 * (3**n - 1), 2**n - 1, {"N": n})


SMALL = [
    commit(3, 288, 1_145, 10),
    Known("peterson", "two", 20, 34, 6),
    philosophers(5, 82, 265),
    philosophers(6, 198, 768),
    philosophers(8, 1_154, 5_968),
    philosophers(10, 6_726, 43_480),
    Known("dining_philosophers", "ordered", 79, 208, 9, {"N": 4}),
    Known("dining_philosophers", "ordered", 862, 3_516, 15, {"N": 6}),
    counters(3, 3),
    counters(5, 5),
    hanoi(4),
    hanoi(6),
    Known("eight_puzzle", "puzzle", 360, 840, 21, {"ROWS": 2, "COLUMNS": 3}, SIX_PLACES),
    Known("callbacks", "counters", 25, 40, 8),
    commit(5, 8_832, 58_145, 16),
]
LARGE = [
    hanoi(8),
    Known("eight_puzzle", "puzzle", 181_440, 483_840, 31, {}, EIGHT_PUZZLE),
    commit(7, 296_448, 2_744_705, 22),
]
HUGE = [commit(8, 1_745_408, 18_507_777, 25)]


def of(rows: list[Known], *marks: pytest.MarkDecorator) -> list:
    """`rows` as test parameters."""
    return [pytest.param(row, id=f"{row.name}-{row.scenario}", marks=marks) for row in rows]
