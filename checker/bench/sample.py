"""What one run of one engine found, and what every contender offers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

ROUNDED = 100_000_000  # counts from here on SPIN prints with eight digits


@dataclass(frozen=True)
class Sample:
    """One run.

    states: of the model; transitions: as the engine counts them (peers count the initial
    state too).  seconds, cpu_seconds: of exploration, see the package; system_seconds: the part
    of cpu_seconds that the system took, most of it to provide memory.  bytes_per_state: None if
    the engine does not say.  nodes: of the set of all states (symbolic).
    """

    states: int
    transitions: int
    seconds: float
    cpu_seconds: float
    system_seconds: float = 0.0
    bytes_per_state: float | None = None
    nodes: int | None = None


class Failure(Exception):
    """A run that gave no numbers.  The text says why; incomplete: it only took too long."""

    def __init__(self, text: str, incomplete: bool = False) -> None:
        super().__init__(text)
        self.incomplete = incomplete


@dataclass(frozen=True)
class Label:
    """Which contender it is.

    engine: "native", "symbolic", "spin" or "tlc".  text: what the engine reads, if there are several
    such texts.  reduced: it need not visit every state.  reductions: their names.
    """

    engine: str
    threads: int = 1
    text: str = ""
    reduced: bool = False
    reductions: tuple[str, ...] = field(default=())


class Contender(Protocol):
    """An engine that is ready to run on a case."""

    label: Label

    def run(self) -> Sample:
        """Explore once.  Failure if there is no result."""
        ...


def same_count(one: int, other: int) -> bool:
    """Are two counts equal, as far as eight digits tell for large ones?"""
    if one != other and min(one, other) >= ROUNDED:
        return f"{one:.7e}" == f"{other:.7e}"
    return one == other
