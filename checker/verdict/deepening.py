"""Smaller bounds first, where the space of the bound that was asked for has proved to be large.

A space grows many times with each operation, so searching the smaller ones costs a few per cent.  It buys two
things: a violation that needs few operations is found in a small space, and its trace has few; and if the limits
do not suffice for the bound asked for, the answer says which smaller bound holds.
"""

from __future__ import annotations

from collections.abc import Callable

from .result import HOLDS, Result

FIRST = 3  # bounds below it would be searched in a moment, but tell little
GROWTH = 10  # the next bound takes at least so many times as long (decision 058)
SHARE = 0.75  # of the seconds left that a smaller bound may take


class Deepening:
    """The smaller bounds of a search.

    bound: that was asked for, or None.  search(bound, seconds): the result of a smaller one, within these
    seconds (None: no limit).
    violated: the result of the smallest bound that has a violation, if there is one.
    covered: the greatest bound that was searched to its end, and holds.
    interrupted: Ctrl-C came meanwhile.
    """

    def __init__(self, bound: int | None, search: Callable[[int, float | None], Result]) -> None:
        self.bound, self.search = bound or 0, search
        self.violated: Result | None = None
        self.covered: int | None = None
        self.interrupted = False

    def after(self, covered: int | None) -> None:
        """Bounds up to `covered` are known to hold: they are not searched again."""
        self.covered = covered

    def suffices(self, left: Callable[[], float | None]) -> bool:
        """Search smaller bounds as long as they are worth it; True if one of them is violated, or at Ctrl-C.

        left: the seconds that there still are, or None if there is no limit."""
        first = min(FIRST, self.bound - 1) if self.covered is None else self.covered + 1
        for bound in range(first, self.bound):
            if bound < 1:
                continue
            seconds = left()
            one = self.search(bound, seconds and seconds * SHARE)
            if one.violation is not None and one.violation.trace is not None:
                self.violated = one
                return True
            if one.stopped_by == "interrupt":
                self.interrupted = True
                return True
            if one.verdict != HOLDS:
                break
            self.covered = bound
            seconds = left()
            if seconds is not None and one.seconds * GROWTH > seconds:
                break
        return False
