"""Programs as the text of other model checkers, with the same names and the same states.

May import: base, ir.
"""

from __future__ import annotations

from pathlib import Path

from ..base.errors import UsageError
from ..ir.program import Program

FORMATS = ("promela", "tla")
STANDARD_OUTPUT = "-"


def files(program: Program, to: str, file: str) -> dict[str, str]:
    """What to write where: `file`, and for TLA+ what to check, beside it as .cfg.

    to: one of FORMATS.  file: "-" stands for standard output.  UsageError if the program
    cannot be said there, or the file's name is none for a TLA+ module.
    """
    if to == "promela":
        from .promela.program import to_promela

        return {file: to_promela(program)}
    if to == "tla":
        from .tla.module import config, module_name, to_tla

        if file == STANDARD_OUTPUT:
            return {file: to_tla(program)}
        name = Path(file).stem
        if name != module_name(name):
            raise UsageError(
                f"TLA+ names a module as its file, and {name!r} is no name; try {module_name(name)}.tla"
            )
        return {file: to_tla(program, name), str(Path(file).with_suffix(".cfg")): config(program)}
    raise UsageError(f"there is no export to {to!r}; there are: {', '.join(FORMATS)}")
