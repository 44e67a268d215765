"""Growth: the same model with more and more states, until an engine takes too long.

Each engine runs once on each size, from the smallest, and stops at the first that it does not finish within the timeout:
a list of states ends where memory or patience end, sets of states may go on.  `plot` draws the curves.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..base.errors import UsageError
from . import spin
from .cases import CORE, EVERYTHING, EXPORTED, HAND_WRITTEN, TEXTS, Case, Text, find_model
from .own import Own, Worker
from .rounds import prepared, spin_of
from .sample import Contender, Failure, Label, Sample

WARM_UP = 0.2  # seconds of a search that have the code loaded
COMPILING = 300  # seconds that a process may take beside searching
PUBLISHED = (  # what is said elsewhere, on other machines: to compare orders of magnitude with
    ("LTSmin, symbolic back end", "\"billions of states per second\" on combinatorial models", "README of LTSmin"),
    ("LTSmin, lists of states, 32 cores", "20 million states per second", "Wijs, Osama: Front. High Perform. Comput. 2024"),
    ("GPUexplore, one GPU", "up to 131 million states per second", "Wijs, Osama: TACAS 2023"),
    ("TLC, 32 cores", "about 1 million generated states per second", "lemmy/ewd998, issue 4"),
)


@dataclass(frozen=True)
class Family:
    """A model in several sizes.  unit: what there is more and more of; cases: by size, or by number where it has no single one."""

    name: str
    unit: str
    cases: dict[int, Case]


@dataclass(frozen=True)
class Point:
    """One engine on one size; problem: why there is no sample."""

    family: str
    size: int
    case: Case
    label: Label
    sample: Sample | None = None
    problem: str = ""

    @property
    def states_per_second(self) -> float | None:
        return self.sample.states / self.sample.seconds if self.sample and self.sample.seconds else None

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        found, rate = self.sample, self.states_per_second
        return {
            "family": self.family, "size": self.size, "case": self.case.name, "engine": self.label.engine,
            "states": found and found.states, "nodes": found and found.nodes,
            "seconds": found and round(found.seconds, 4), "cpu_seconds": found and round(found.cpu_seconds, 4),
            "states_per_second": rate and round(rate), "bytes_per_state": found and found.bytes_per_state,
            "problem": self.problem or None,
        }  # fmt: skip


def families() -> list[Family]:
    """Those that are measured; UsageError if the models of the tests are not there."""
    commit, dining, core = (find_model(name) for name in ("two_phase_commit", "dining_philosophers", "writeback_core"))
    by_hand = (Text(HAND_WRITTEN, TEXTS / "two_phase_commit.pml"),)
    rows = [CORE, {**CORE, "FLOPS": 2}, {**CORE, "FLOPS": 2, "FSOPS": 2}, {**CORE, "FLOPS": 2, "FSOPS": 2, "TROPS": 2}]
    return [
        Family("two_phase_commit", "resource managers", {
            n: Case("two_phase_commit", commit, {"RM": n}, ("-O3", "-DSAFETY"), by_hand) for n in range(8, 13)
        }),
        Family("dining_philosophers", "philosophers", {
            n: Case("dining_philosophers", dining, {"N": n}, EVERYTHING, (Text(EXPORTED),), "ordered") for n in range(14, 31, 2)
        }),
        Family("writeback_core", "passes, fsyncs, truncates", {
            n: Case("writeback_core", core, row, ("-O2", "-DNOREDUCE"), (Text(EXPORTED),)) for n, row in enumerate(rows, 1)
        }),
        Family("default", "operations", {n: Case("default", None, {}, texts=(Text(EXPORTED),), bound=n) for n in range(1, 7)}),
    ]  # fmt: skip


def measured(
    names: tuple[str, ...], timeout: float, tlc: str | None, tell: Callable[[str], None] = lambda text: None
) -> list[Point]:
    """Measure these families, or all.  timeout: seconds for one run; tlc: TLC's jar.  UsageError for other names."""
    every = {one.name: one for one in families()}
    for name in names:
        if name not in every:
            raise UsageError(f"bench --growth --model {name}: there is growth of {', '.join(every)}")
    with tempfile.TemporaryDirectory(prefix="checker-bench-") as folder:
        (Path(folder) / "caches").mkdir()
        limits = _Limits(timeout, tlc, Path(folder))
        return [point for name in names or every for point in _of_family(every[name], limits, tell)]


@dataclass(frozen=True)
class _Limits:
    """timeout: seconds for one run.  tlc: the jar, or None.  folder: for files, with the compiled code of all runs."""

    timeout: float
    tlc: str | None
    folder: Path


def _of_family(family: Family, limits: _Limits, tell: Callable[[str], None]) -> Iterator[Point]:
    over: set[str] = set()
    engines = ("native", "symbolic", *(["spin"] if spin.installed() else []), *(["tlc"] if limits.tlc else []))
    for size, case in family.cases.items():
        for engine in engines:
            if engine not in over:
                tell(f"{case.name}: {engine}")
                point = _point(family.name, size, case, engine, limits)
                over |= {engine} if point.problem else set()
                yield point


def _point(family: str, size: int, case: Case, engine: str, limits: _Limits) -> Point:
    with ExitStack() as until_done:
        try:
            contender = _contender(case, engine, limits, until_done)
            return Point(family, size, case, contender.label, contender.run())
        except (Failure, UsageError) as failure:
            return Point(family, size, case, Label(engine), problem=str(failure))


def _contender(case: Case, engine: str, limits: _Limits, until_done: ExitStack) -> Contender:
    own = Path(until_done.enter_context(tempfile.TemporaryDirectory(dir=limits.folder)))
    if engine == "spin":
        return spin_of(case, case.texts[0], prepared(case), own / "spin", limits.timeout)
    if engine == "tlc" and limits.tlc:
        from .tlc import Tlc

        return Tlc(limits.tlc, prepared(case), own / "tlc", limits.timeout)
    worker = until_done.enter_context(Worker(case, limits.folder / "caches", 2 * limits.timeout + COMPILING))
    worker.explore(1, False, WARM_UP, engine)
    return Own(worker, 1, engine=engine, time_limit=limits.timeout)


# ------------------------------------------------------------------------ words

HEAD = ("", "engine", "states", "nodes", "s", "CPU s", "states/s", "B/state")


def text(points: list[Point]) -> str:
    """A table for each family, and what is published of others."""
    parts = []
    for family in dict.fromkeys(point.family for point in points):
        rows = [HEAD, *(_cells(point) for point in points if point.family == family)]
        widths = [max(map(len, column)) for column in zip(*rows)]
        lines = ["  ".join(c.rjust(w) if n != 1 else c.ljust(w) for n, (c, w) in enumerate(zip(row, widths))) for row in rows]
        parts += [family, *(f"  {line.rstrip()}" for line in lines), ""]
    parts += ["One run each; exploration only. nodes: of the set of all states. B/state: as bench says. Published, on other machines:"]
    return "\n".join([*parts, *(f"  {who}: {what} ({source})" for who, what, source in PUBLISHED)])


def _cells(point: Point) -> tuple[str, ...]:
    found, rate = point.sample, point.states_per_second
    if found is None:
        return (str(point.size), point.label.engine, f"- {' '.join(point.problem.split())[:60]}", "", "", "", "", "")
    small = "" if found.bytes_per_state is None else f"{found.bytes_per_state:.3g}"
    return (
        str(point.size), point.label.engine, f"{found.states:,}", f"{found.nodes:,}" if found.nodes else "",
        f"{found.seconds:,.2f}", f"{found.cpu_seconds:,.2f}", f"{rate:,.0f}" if rate else "", small,
    )  # fmt: skip
