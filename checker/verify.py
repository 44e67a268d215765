"""A second look at a result file: the reachable states, counted again by the interpreter alone.

Nothing of the engines is used: states are found by walking, and kept in a set.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .digest import digest
from .errors import UsageError
from .interpret import Interpreter
from .ir import Program

MOST = 100_000  # states; more take minutes


def recounted(program: Program, most: int = MOST) -> tuple[list[int], str]:
    """The number of states at each depth, and the digest of all.  UsageError if there are more than `most`."""
    judge = Interpreter(program)
    level = judge.initial_states()
    seen, sizes = set(level), []
    while level:
        sizes.append(len(level))
        following = dict.fromkeys(step.after for state in level for step in judge.steps(state) if step.after is not None)
        level = [state for state in following if state not in seen]
        seen.update(level)
        if len(seen) > most:
            raise UsageError(f"there are more than {most:,} states, too many to be counted again")
    return sizes, digest(seen)


def differences(result: Mapping[str, Any], program: Program, most: int = MOST) -> list[str]:
    """What a result file says otherwise than the interpreter; [] if all is the same.

    UsageError if the file has no digest.
    """
    if not result.get("digest"):
        raise UsageError("the result has no digest: it is written by `check --digest` where everything was explored")
    levels, found = recounted(program, most)
    told = []
    if result["levels"] != levels:
        at = next(i for i, (a, b) in enumerate(zip([*result["levels"], None], [*levels, None])) if a != b)
        told.append(f"levels differ from depth {at} on")
    if result["states"] != sum(levels):
        told.append(f"states: the file says {result['states']:,}, there are {sum(levels):,}")
    if result["digest"] != found:
        told.append(f"digest: the file says {result['digest']}, it is {found}")
    return told
