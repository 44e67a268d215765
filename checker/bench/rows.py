"""From runs to rows: medians, ratios, and whether everybody counted the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any

from .cases import Case
from .sample import Failure, Label, Sample, same_count


@dataclass
class Timed:
    """A contender and its runs, one for each round until it failed."""

    label: Label
    samples: list[Sample] = field(default_factory=list)
    failure: Failure | None = None


@dataclass(frozen=True)
class BenchRow:
    """A contender's medians.

    seconds, cpu_seconds, system_seconds: of exploration.  ratio_to_spin: SPIN's seconds divided by these,
    medians both; lowest, highest: the same quotient in single rounds; cpu_ratio: by processor
    time.  None where there is nothing to divide.  problem: "" or what is wrong;
    incomplete: nothing worse than that it took too long.
    """

    case: Case
    label: Label
    runs: int
    states: int | None = None
    transitions: int | None = None
    seconds: float | None = None
    cpu_seconds: float | None = None
    system_seconds: float | None = None
    bytes_per_state: float | None = None
    ratio_to_spin: float | None = None
    lowest: float | None = None
    highest: float | None = None
    cpu_ratio: float | None = None
    problem: str = ""
    incomplete: bool = False

    @property
    def states_per_second(self) -> float | None:
        return self.states / self.seconds if self.states and self.seconds else None

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "model": self.case.model,
            "settings": self.case.settings,
            "engine": self.label.engine,
            "threads": self.label.threads,
            "text": self.label.text or None,
            "reduced": self.label.reduced,
            "reductions": list(self.label.reductions),
            "runs": self.runs,
            "states": self.states,
            "transitions": self.transitions,
            "seconds": _rounded(self.seconds, 4),
            "cpu_seconds": _rounded(self.cpu_seconds, 4),
            "system_seconds": _rounded(self.system_seconds, 4),
            "states_per_second": _rounded(self.states_per_second, 0),
            "bytes_per_state": _rounded(self.bytes_per_state, 1),
            "ratio_to_spin": _rounded(self.ratio_to_spin, 2),
            "ratio_lowest": _rounded(self.lowest, 2),
            "ratio_highest": _rounded(self.highest, 2),
            "cpu_ratio_to_spin": _rounded(self.cpu_ratio, 2),
            "problem": self.problem or None,
        }


def rows_of(case: Case, measured: Sequence[Timed]) -> list[BenchRow]:
    """A row for each contender.  The first in the list says how many states there are; among
    those that may reduce, the first of these."""
    problems = [_problem(one, measured) for one in measured]
    spins = [
        one
        for one, problem in zip(measured, problems)
        if one.label.engine == "spin" and one.samples and not problem
    ]
    fastest = min(spins, key=lambda one: median(s.seconds for s in one.samples), default=None)
    return [_row(case, one, problem, fastest) for one, problem in zip(measured, problems)]


def _problem(one: Timed, measured: Sequence[Timed]) -> str:
    """What is wrong with the runs of a contender, or ""."""
    if one.failure:
        return str(one.failure)
    counts = sorted({s.states for s in one.samples})
    if len(counts) > 1:
        return f"the number of states varies: {counts[0]:,} to {counts[-1]:,}"
    others = (m for m in measured if m.samples and not m.failure and m.label.reduced == one.label.reduced)
    first = next(others, one)
    if counts and not same_count(counts[0], first.samples[0].states):
        return f"{counts[0]:,} states, but {first.label.engine} has {first.samples[0].states:,}"
    return ""


def _row(case: Case, one: Timed, problem: str, spin: Timed | None) -> BenchRow:
    incomplete = bool(one.failure and one.failure.incomplete)
    if not one.samples or one.failure:
        return BenchRow(case, one.label, len(one.samples), problem=problem, incomplete=incomplete)
    last = one.samples[-1]
    seconds, cpu_seconds = _medians(one)
    row = BenchRow(
        case, one.label, len(one.samples), last.states, last.transitions, seconds, cpu_seconds,
        median(s.system_seconds for s in one.samples), last.bytes_per_state, problem=problem,
    )  # fmt: skip
    if problem or spin is None:
        return row
    spin_seconds, spin_cpu = _medians(spin)
    rounds = [_ratio(theirs.seconds, ours.seconds) for theirs, ours in zip(spin.samples, one.samples)]
    single = [ratio for ratio in rounds if ratio]
    return replace(
        row,
        ratio_to_spin=_ratio(spin_seconds, seconds),
        lowest=min(single, default=None),
        highest=max(single, default=None),
        cpu_ratio=_ratio(spin_cpu, cpu_seconds),
    )


def _medians(one: Timed) -> tuple[float, float]:
    return median(s.seconds for s in one.samples), median(s.cpu_seconds for s in one.samples)


def _ratio(dividend: float, divisor: float) -> float | None:
    return dividend / divisor if dividend and divisor else None


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
