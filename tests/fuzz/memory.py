"""What was computed of the program that is judged, for the next search of it.

A program is searched ten times, with all its properties and with one; symmetry asks the same of the same blocks each
time.  What is kept here depends on what the key names and on nothing else; objects are told apart by their identity and
kept alive as long as what is known of them.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from checker.ir import program as ir

_known: dict[tuple, tuple[object, Any]] = {}


def forget() -> None:
    """Another program comes, or what is computed is not what it was."""
    _known.clear()


def once(key: tuple, of: object, make: Callable[[], Any]) -> Any:
    """What `make` gives, or raises, once for a key.  of: the objects whose identities are in the key."""
    if key not in _known:
        try:
            _known[key] = of, (make(), None)
        except Exception as error:
            _known[key] = of, (None, error)
    value, error = _known[key][1]
    if error is not None:
        raise error
    return value


def of_symmetry(engines: Sequence[ModuleType], symmetry: ModuleType) -> list[tuple[object, str, Any]]:
    """What takes the place of symmetry's functions: (owner, name, value)."""
    asked, start, group = symmetry.symmetries, symmetry._require_same_start, symmetry.Group
    text = symmetry.ProgramText
    keeps = text.keeps

    def symmetries(program: ir.Program, starts) -> Any:
        return once(("symmetries", id(program)), program, lambda: asked(program, starts))

    def same_start(own: Any, renaming: Any, starts) -> None:
        program = renaming.program
        of = program.variables, program.setup
        once(("start", *map(id, of), renaming.one, *renaming.order), of, lambda: start(own, renaming, starts))

    def group_of(program: ir.Program, classes) -> Any:
        found = copy.copy(once(("group", id(program.variables), *classes), program.variables, lambda: group(program, classes)))
        found.program = program
        return found

    def kept(self: Any, process: int, block: ir.Block) -> bool:
        key = "keeps", id(block), process, self.renaming.one, *self.renaming.order
        return once(key, block, lambda: keeps(self, process, block))

    found = [(one, "symmetries", symmetries) for one in (*engines, symmetry)] + [(one, "Group", group_of) for one in (*engines, symmetry)]
    return [*found, (symmetry, "_require_same_start", same_start), (text, "keeps", kept)]
