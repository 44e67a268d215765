"""A step that no program of the model has, to see whether a place of the model is in a program at all."""

from __future__ import annotations

from ..lang import bug_on, kernel


@kernel("")
def never() -> None:
    """Whoever comes here violates bug_on."""
    bug_on(True)
