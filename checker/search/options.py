"""How a search is to be made: one value that travels from the command line to the engines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..base.errors import UsageError

REDUCTIONS = ("partial-order", "symmetry")


@dataclass(frozen=True)
class SearchOptions:
    """engine: "auto", "native", "interpret" or "symbolic".  threads: of the native engine.  reductions: those that may be used.
    stop: end with the first violation.  time_limit: seconds.  memory: bytes, None for most of what is free.
    spill_dir: where states go that memory has no room for, or None.  progress: called now and then with a `Progress`.
    digest: take the digest of all states.  self_check: hold every stored state against the definition of symmetry.
    at_once: use the reductions from the first state on, however small the space, and search once.
    steps: those that a design has and its baseline has not, by index of the process and label; None of a baseline."""

    engine: str = "native"
    threads: int = 1
    reductions: tuple[str, ...] = REDUCTIONS
    stop: bool = True
    time_limit: float | None = None
    memory: int | None = None
    spill_dir: str | None = None
    progress: Callable[[Any], None] | None = None
    digest: bool = False
    self_check: bool = False
    at_once: bool = False
    steps: frozenset[tuple[int, int]] | None = None

    def explore(self) -> dict[str, Any]:
        """What each search of a run is asked for alike: arguments of `search.explore.explore`."""
        return {
            "engine": self.engine, "threads": self.threads, "memory_limit": self.memory, "stop": self.stop,
            "progress": self.progress, "spill_dir": self.spill_dir, "digest": self.digest, "self_check": self.self_check,
            "steps": self.steps or frozenset(),
        }  # fmt: skip


def chosen(reduction: bool | Sequence[str]) -> tuple[str, ...]:
    """The reductions that may be used, of those asked for: all, none, or names.  UsageError for a name that there is not."""
    if isinstance(reduction, bool):
        return REDUCTIONS if reduction else ()
    for name in reduction:
        if name not in REDUCTIONS:
            raise UsageError(f"there is no reduction {name!r}; there are: " + ", ".join(REDUCTIONS))
    return tuple(reduction)
