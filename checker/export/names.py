"""Identifiers for other tools' languages: the model's own names, made legal."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..ir.program import Block, Program


def remark(text: str) -> str:
    """`text` as it may stand in a comment: on one line, and not ending it."""
    plain = " ".join(text.split())
    for mark in ("/*", "*/", "(*", "*)"):
        plain = plain.replace(mark, " ".join(mark))
    return plain


def where(block: Block) -> str:
    """Comment for a block: the calls that lead there, and what it does."""
    chain = " > ".join(f"{f.function}:{f.pos.line}" for f in block.frames)
    atomic = f" [{block.atomic}]" if block.atomic not in ("", block.call.name) else ""
    return remark(f"{chain}: {block.call.name}{atomic}")


class Identifiers:
    """One legal identifier for each name of `program`, the same each time.

    reserved, forms: words that the other language or the exporter itself uses, and a
    pattern of more of them.  Every character that is no letter, digit or underscore becomes
    an underscore ("Folio.dirty" is Folio_dirty, "writer:write_iter.pos" is
    writer_write_iter_pos); where two names would become the same, the later one gets a number.
    """

    def __init__(self, program: Program, reserved: Iterable[str] = (), forms: str = "(?!)") -> None:
        self._taken, self._forms = set(reserved), re.compile(forms)
        self.variables = {v.name: self.fresh(v.name) for v in program.variables}
        self.processes = {p.name: self.fresh(p.name) for p in program.processes}
        self.properties = {p.name: self.fresh(p.name) for p in program.properties}
        self.values = self._values(program)

    def is_free(self, identifier: str) -> bool:
        """Is `identifier` the name of nothing yet?"""
        return identifier not in self._taken and not self._forms.fullmatch(identifier)

    def fresh(self, name: str) -> str:
        """A legal identifier for `name` that nothing else has."""
        plain = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "x"
        if plain[0].isdigit():
            plain = "_" + plain
        unique, number = plain, 2
        while not self.is_free(unique):
            unique, number = f"{plain}_{number}", number + 1
        self._taken.add(unique)
        return unique

    def _values(self, program: Program) -> dict[tuple[str, int], str]:
        """(enumeration, value) -> identifier, of every enumeration that a variable has."""
        types = {v.type.name: v.type for v in program.variables if v.type.kind == "enum"}
        named = [(t.name, t.lo + i, name) for t in types.values() for i, name in enumerate(t.names)]
        return {(enum, value): self.fresh(f"{enum}_{name}") for enum, value, name in named}
