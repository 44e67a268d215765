"""Programs as the text of other model checkers, with the same names and the same states."""

from __future__ import annotations

from ..errors import UsageError
from ..ir import Program

FORMATS = ("promela", "tla")


def export(program: Program, to: str) -> str:
    """`program` as text; to: one of FORMATS.  UsageError if the program cannot be said there."""
    if to == "promela":
        from .promela import to_promela

        return to_promela(program)
    if to == "tla":
        from .tla import to_tla

        return to_tla(program)
    raise UsageError(f"there is no export to {to!r}; there are: {', '.join(FORMATS)}")
