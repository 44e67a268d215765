"""Exhaustive exploration, breadth first, by one of the engines."""

from __future__ import annotations

import sys
from collections.abc import Callable

from ..base.errors import NotFinished, UsageError
from ..base.limits import GIB, address_space
from ..ir.program import Program
from .exploration import Exploration, Limits, Progress, interruptible

CODE = 5 * GIB // 4  # bytes of addresses that making machine code may take: without them LLVM ends the whole process


def explore(
    program: Program,
    engine: str = "native",
    threads: int = 1,
    time_limit: float | None = None,
    memory_limit: int | None = None,
    stop: bool = True,
    progress: Callable[[Progress], None] | None = None,
    reduced: bool = False,
    symmetric: bool = False,
    states: int | None = None,
    spill_dir: str | None = None,
    operations: int | None = None,
    digest: bool = False,
    self_check: bool = False,
    steps: frozenset[tuple[int, int]] = frozenset(),
) -> Exploration:
    """Visit every reachable state of `program`.

    engine: "native" or "interpret".  threads: of the native engine.  time_limit: seconds.
    memory_limit: bytes for states and their index; by default most of what is free.
    stop: end with the first violation.  progress: called some times a second.
    reduced: with partial-order reduction (`checker.reduce.partial_order`); then `states` are those stored, and
    what `reached` lacks may be reachable all the same.
    symmetric: with one state stored for all that differ in interchangeable identities (`checker.reduce.symmetry`).
    states: leave it when there are more, with stopped_by "states".
    spill_dir: the native engine moves states to files in this directory when memory runs short (None: it
    stops then).
    digest: also take the digest of all states, if the search is complete (`checker.search.digest`).
    self_check: of every stored state it is checked that it is a permutation of what it stands for; else of a sample.
    operations: count the states of this smaller bound, with the same code; nothing is judged (native).
    steps: by index of the process and label; says whether anybody comes to one of them (`Exploration.came`).
    Raises UsageError if there is no such engine.
    """
    if threads < 1:
        raise UsageError("a search needs at least one thread")
    limits = Limits(time_limit, memory_limit, states, spill_dir, operations, steps)
    with interruptible(limits):
        if engine == "native":
            _refuse_little_space()
            from .native import search as native_search

            return native_search(program, limits, threads, stop, progress, reduced, symmetric, digest, self_check)
        if engine == "interpret":
            from .plain import search

            return search(program, limits, stop, progress, reduced, symmetric, digest, self_check)
    raise UsageError(f"there is no engine {engine!r}: native or interpret")


def _refuse_little_space() -> None:
    """NotFinished if there is too little for the first machine code; later there is what that one left."""
    left = address_space()
    if left < CODE and f"{__package__}.native" not in sys.modules:
        text = f"{left / GIB:.2f} GiB of address space are left, and to make machine code takes up to {CODE / GIB:.2f}"
        raise NotFinished(f"{text}\n  Allow more with ulimit -v, or use --engine interpret.")
