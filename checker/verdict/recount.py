"""A second look at a result file: the reachable states, counted again by the interpreter alone.

Nothing of the engines is used: states are found by walking, and kept in a set.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..base.errors import UsageError
from ..ir.interpreter import Interpreter
from ..ir.program import Program
from ..search.digest import digest

if TYPE_CHECKING:
    from ..source.catalogue import Catalogue

FIELDS = {  # of a result that are read here, and what they may be
    "model": str | None, "design": str, "scenario": str, "bound": int | None, "settings": dict, "levels": list, "states": int,
    "properties": list, "digest": str | None,
}  # fmt: skip
MOST = 100_000  # states; more take minutes


def read(file: str) -> dict[str, Any]:
    """The result that `check --json FILE` wrote; UsageError if the file is none."""
    try:
        result = json.loads(Path(file).read_text(encoding="utf-8"))
        fits = all(isinstance(result[name], kind) for name, kind in FIELDS.items())
    except (ValueError, KeyError, TypeError):
        fits = False
    if not fits:
        raise UsageError(f"{file} is no result of a check, or one of another version")
    return result


def selected(result: Mapping[str, Any], choice: Mapping[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    """The arguments of `prepare` for the program of a result; choice: those that were given by hand."""
    told = {name: result[name] for name in ("model", "design", "scenario", "bound", "settings")}
    told["properties"] = [one["name"] for one in result["properties"]]
    if told["design"] == catalogue.model and told["design"] not in catalogue.designs:  # a model without designs
        told["design"] = None
    return told | {name: value for name, value in choice.items() if value not in (None, ())}


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
