"""Asking z3, which takes Ctrl-C for itself while it thinks."""

from __future__ import annotations

from typing import Any


def ask(solver: Any) -> Any:
    """What solver.check() says: sat, unsat or unknown.

    Raises KeyboardInterrupt at Ctrl-C, of which z3 makes an "unknown" as if its time were up.
    """
    found = solver.check()
    if found.r == 0 and "interrupted" in solver.reason_unknown():
        raise KeyboardInterrupt
    return found
