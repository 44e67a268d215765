"""What a search will cost, and what the next bound would: states, memory, minutes.

A forecast comes with a factor f: it is meant as "between states / f and states * f".  What it is
made from was chosen by trying it on what is known:

* From the sizes of smaller bounds.  Let c(k) be the states in which exactly k operations have been
  started; the space of bound k is c(0) + ... + c(k).  The ratio c(k) / c(k - 1) falls with k, to between
  0.36 and 0.91 of the one before, 0.6 in the middle.  Continued so, from bound 2 on, the size of the next
  bound was wrong by a factor of 1.5 at most, in 14 of 14 cases: six scenarios without reduction, bounds
  3 to 6.  SPREAD is a little more, and more for each further bound (two ahead: at most 2.2, in 8 cases).  With
  partial-order reduction the default scenario has 22, 6,937, 457,084, 21,485,180 states: wrong by 3.1 and 1.2,
  hence a spread of its own.
* From the sizes of the levels, once they fall: a level of a share r of the largest one is followed by
  as much as is missing under a bell curve.  Of 41 searches, with and without reduction, this was within
  its factor in 65 of 67 looks at 70, 80 and 90 % of the states (worst: 0.76 of the truth).  While
  levels still grow they say nothing: extrapolated earlier, the result was off by a factor of 10 to 100 in
  either direction, so no forecast is made from them.

Seconds and bytes are as many for each state as up to now.  Neither forecast knows a model that suddenly can do
something new at a bound; then it is wrong, and says less than there is.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

FALL = 0.6  # the ratio of growth at one bound to that at the bound before
SPREAD, REDUCED_SPREAD = 1.7, 3.2  # what a forecast of one more bound may be wrong by
FALLEN = 0.8  # share of the largest level below which levels are taken to fall
STEADY = 100_000  # states from which on a search shows its speed
LEAST_LAYER = 0.1  # seconds of a layer that tell how they grow
PATIENCE, SHARE = 0.5, 0.1  # seconds that are worth a smaller bound's search; share of a search spent on them


@dataclass(frozen=True)
class Forecast:
    """Expected states, right up to `factor`; bytes for them and seconds of search, None if nothing is known of them.
    beyond: options whose limit is expected to be reached."""

    bound: int | None
    states: float
    factor: float
    bytes: float
    seconds: float | None
    beyond: tuple[str, ...] = ()

    @property
    def low(self) -> float:
        return self.states / self.factor

    @property
    def high(self) -> float:
        return self.states * self.factor

    def within(self, limits: Mapping[str, tuple[float | None, float | None]]) -> Forecast:
        """The same, with the limits that are expected to be reached: for each its name, and bytes and seconds, or None."""
        beyond = [
            name for name, (most, longest) in limits.items()
            if most and self.bytes > most or longest and (self.seconds or 0) > longest
        ]  # fmt: skip
        return replace(self, beyond=tuple(beyond))

    def text(self) -> str:
        """about 34 million states (20 to 58 million), 1.1 GiB, 1.5 min"""
        cost = f"about {number(self.states)} states ({span(self.low, self.high)}), {size(self.bytes)}"
        cost += f", {duration(self.seconds)}" if self.seconds is not None else ""
        return cost + (f": more than {' and '.join(self.beyond)}" if self.beyond else "")

    def as_json(self) -> dict[str, Any]:
        """The object that --json has."""
        rounded = {name: round(getattr(self, name)) for name in ("states", "low", "high", "bytes")}
        seconds = self.seconds and round(self.seconds, 1)
        return {"bound": self.bound, **rounded, "seconds": seconds, "beyond": list(self.beyond)}


# ------------------------------------------------------------------ estimates


def of_bound(sizes: Mapping[int, int], bound: int, spread: float = SPREAD) -> tuple[float, float] | None:
    """States of `bound` and their factor, by `sizes`, the states of smaller bounds; None if these are
    too few: 1 and 2 at least.  spread: the factor for one bound."""
    last = max((b for b in sizes if b < bound), default=0)
    if last < 2 or last - 1 not in sizes:
        return None
    total = float(sizes[last])
    before, now = sizes[last - 1] - sizes.get(last - 2, 1), sizes[last] - sizes[last - 1]
    factor, step = 1.0, spread
    for _ in range(last, bound):
        before, now = now, now * FALL * now / max(before, 1)
        total += now
        factor, step = factor * step, step * spread
    return total, factor


def of_levels(levels: Sequence[int]) -> tuple[float, float] | None:
    """States of the whole space and their factor, by those of its first levels; None while these grow."""
    width = max(3, len(levels) // 10)
    if len(levels) < 2 * width:
        return None
    smooth = [sum(levels[i : i + width]) for i in range(len(levels) - width + 1)]
    share = max(smooth[-1] / max(smooth), 1e-9)
    if share > FALLEN:
        return None
    seen = (1 + math.erf(math.sqrt(-math.log(share)))) / 2  # of a bell curve, up to there
    return sum(levels) / seen, 1 + 2 * (1 - seen)


def spread(reduced: bool) -> float:
    """What a forecast of one more bound may be wrong by, with partial-order reduction or without."""
    return REDUCED_SPREAD if reduced else SPREAD


class Forecaster:
    """Forecasts of a search that is under way.

    bound: of the search, or None.  smaller(bound, seconds, now): the number of states of a
    smaller bound, in the same form as in the search of which `now` tells; None if the seconds
    do not suffice.
    """

    def __init__(self, bound: int | None, smaller: Callable[[int, float, Any], int | None]) -> None:
        self.bound, self.smaller = bound, smaller
        self.sizes: dict[int, int] = {}
        self.kind: object = None
        self.spent = 0.0
        self.latest: Forecast | None = None

    def look(self, now: Any) -> Forecast | None:
        """What can be said at this moment (`now`: explore.Progress)."""
        kind = (now.reduced, now.symmetric)
        if kind != self.kind:  # another search: with reduction now
            self.kind, self.sizes, self.spent = kind, {}, 0.0
        self._learn(now)
        found = [of_levels(now.levels), of_bound(self.sizes, self.bound or 0, spread(now.reduced))]
        fits = [one for one in found if one is not None and one[0] * one[1] > now.states]
        best = min(fits, key=lambda one: one[1], default=None)
        self.latest = None
        if best is not None and now.states:
            states = max(best[0], now.states)
            each = states / now.states
            self.latest = Forecast(self.bound, states, best[1], (now.bytes + now.disk_bytes) * each, now.seconds * each)
        return self.latest

    def _learn(self, now: Any) -> None:
        """Search a smaller bound, if that costs little beside what the search has cost already."""
        following = len(self.sizes) + 1
        seconds = SHARE * now.seconds - self.spent
        if self.bound is None or following >= self.bound or seconds < PATIENCE:
            return
        start = time.perf_counter()
        states = self.smaller(following, seconds, now)
        self.spent += time.perf_counter() - start
        if states is not None:
            self.sizes[following] = states


def next_bound(sizes: Mapping[int, int], result: Any) -> Forecast | None:
    """What the bound after that of `result`, a complete one, would cost.  sizes: of it and of smaller ones."""
    wrong_by = spread("partial order" in result.reductions)
    if not isinstance(result.bound, int) or (found := of_bound(sizes, result.bound + 1, wrong_by)) is None:
        return None
    states, factor = found
    seconds = result.seconds * states / result.states if result.states >= STEADY else None
    return Forecast(result.bound + 1, states, factor, states * result.bytes_per_state, seconds)


class LayerForecaster:
    """Forecasts of the next layer of the symbolic engine, by what the last ones cost: it grows as it did last.

    Nodes and seconds grow far slower than states, so these say nothing of them."""

    def __init__(self) -> None:
        self.costs: dict[int, tuple[float, float]] = {}
        self.sizes: dict[int, int] = {}

    def add(self, bound: int, states: int | None, seconds: float, bytes_: float) -> None:
        """A bound is done.  states: None if operations are not counted; seconds, bytes_: of it and all smaller ones."""
        self.costs[bound] = seconds, bytes_
        if states is not None:
            self.sizes[bound] = states

    def following(self) -> Forecast | None:
        """What the bound after the last one costs; None while there is too little to go by."""
        last = max(self.costs, default=0)
        expected = of_bound(self.sizes, last + 1)
        if expected is None or last - 2 not in self.costs:
            return None
        (first, _), (before, small), (now, bytes_) = (self.costs[last - k] for k in (2, 1, 0))
        if before - first < LEAST_LAYER:
            return None
        seconds = now + (now - before) * max((now - before) / (before - first), 1.0)
        return Forecast(last + 1, *expected, bytes_ * max(bytes_ / max(small, 1), 1.0), seconds)


# ---------------------------------------------------------------------- words


def number(count: float) -> str:
    """Two digits, and a word for the rest: 850,000; 34 million; 1.5 billion."""
    count = float(f"{count:.2g}")
    for name, unit in (("billion", 1e9), ("million", 1e6)):
        if count >= unit:
            return f"{_two(count / unit)} {name}"
    return f"{count:,.0f}"


def span(low: float, high: float) -> str:
    """Both ends of a range; the word of the lower one only where it differs."""
    first, last = number(low), number(high)
    word = last.partition(" ")[2]
    return f"{first.removesuffix(f' {word}') if word else first} to {last}"


def size(count: float) -> str:
    """Bytes."""
    return f"{_two(count / (1 << 30))} GiB" if count >= 1 << 29 else f"{_two(count / (1 << 20))} MiB"


def duration(seconds: float) -> str:
    """Seconds, minutes or hours."""
    if seconds < 100:
        return f"{_two(seconds)} s"
    return f"{_two(seconds / 60)} min" if seconds < 6000 else f"{_two(seconds / 3600)} h"


def _two(value: float) -> str:
    """With two digits at least, and no more behind the point than are needed for that."""
    return f"{value:.1f}" if value < 9.95 else f"{value:,.0f}"
