"""Bounds that hold, told as they are reached: nobody has to wait for the last one."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import replace

from ..ir.program import Program
from ..search.exploration import Exploration
from ..search.forecast import Forecast, LayerForecaster
from .choice import SYMBOLIC
from .judge import judged
from .result import HOLDS, VIOLATED, BoundReached, Result

Tell = Callable[[BoundReached], None]


class BoundsReached:
    """Those of one search of `program`.  shows: the witnesses that are due (None: all).

    tell: called with each that is smaller than the one asked for, once.  limits: of a forecast, see `Forecast.within`."""

    def __init__(
        self, program: Program, shows: Container[str] | None, tell: Tell | None,
        limits: Mapping[str, tuple[float | None, float | None]],
    ) -> None:  # fmt: skip
        self.program, self.shows, self.tell, self.limits = program, shows, tell, limits
        self.reached: list[BoundReached] = []
        self.forecaster = LayerForecaster()

    @property
    def following(self) -> Forecast | None:
        """What the bound after the last one costs, as far as that is known."""
        forecast = self.forecaster.following()
        return forecast and forecast.within(self.limits)

    def layer(self, found: Exploration) -> None:
        """One bound more has been judged, by the symbolic engine or, at the begin, by the interpreter."""
        bound, seconds = found.covered or 0, found.seconds
        states = None if self.program.any_number else found.states
        if bound >= 1 and found.engine == SYMBOLIC:
            self.forecaster.add(bound, states, seconds, found.bytes_per_state * found.states)
        if bound < 1 or (self.reached and bound <= self.reached[-1].bound):
            return
        _, properties, _ = judged(replace(self.program, bound=bound), replace(found, complete=True), self.shows)
        missing = tuple(one.name for one in properties if one.verdict == VIOLATED)
        self._add(BoundReached(bound, found.states, seconds, missing, self.following))

    def searched(self, result: Result) -> None:
        """A smaller bound was searched on its own (`Result`)."""
        if result.verdict == HOLDS and isinstance(result.bound, int):
            self._add(BoundReached(result.bound, result.states, result.seconds))

    def _add(self, one: BoundReached) -> None:
        self.reached.append(one)
        if self.tell and one.bound != self.program.bound:
            self.tell(one)
