"""The symbolic engine as plain Python, with errors put into it.

What Numba compiles is ordinary Python, and runs as such, slowly.  So a damaged engine needs no compilation: the
package is copied to a directory of its own, a few lines are changed, and it is imported under another name.
"""

from __future__ import annotations

import ctypes
import importlib
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import checker.symbolic
from checker.search.exploration import Exploration, Limits
from checker.ir.program import Program

SOURCES = Path(checker.symbolic.__file__).parent
PLAIN = "from tests.support.plain_symbolic import "
IMPORTS = {  # what is compiled, or is an instruction, becomes a function of this file
    "from ..native.loop.compiled import ": PLAIN,
    "from ..native.loop.atomic import ": PLAIN,
    "from llvmlite import ir as llvm\n": "",
    "from numba import types\n": "",
    "from numba.extending import intrinsic\n": PLAIN + "intrinsic\n",
}

STEPS = ("diagram.py", "BUDGET = 1 << 21 ", "BUDGET = 1 << 13 ")  # between two looks at limits
MOST_LOOKS = 100

Change = tuple[str, str, str]  # file, text, new text


def compiled(function):
    return function


compiled_nogil = inlined = compiled


def intrinsic(function):
    """The only one of the package: a call by address."""
    kind = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)
    return lambda at, map_, argument: kind(int(at))(int(map_), int(argument))


def lowest_bit(number) -> int:
    return (int(number) & -int(number)).bit_length() - 1


def address(_) -> int:
    return 0


def prefetch(_) -> None:
    pass


def damaged(directory: Path, changes: Sequence[Change] = ()) -> ModuleType:
    """The module `engine` of a copy of the package with `changes`; `directory` is new, and its name an identifier."""
    directory.mkdir()
    for source in SOURCES.glob("*.py"):
        text = source.read_text()
        for file, old, new in (*changes, STEPS):
            if file == source.name:
                assert text.count(old) == 1, f"{file} has {text.count(old)} times: {old}"
                text = text.replace(old, new)
        for old, new in IMPORTS.items():
            text = text.replace(old, new)
        (directory / source.name).write_text(text.replace("from ..", "from checker."))
    sys.path.insert(0, str(directory.parent))
    try:
        return importlib.import_module(f"{directory.name}.engine")
    finally:
        sys.path.remove(str(directory.parent))


class Patience(Limits):
    """A limit on the steps of the machine: an error may have it go round for ever."""

    def __init__(self) -> None:
        super().__init__(None, 1 << 30)
        self.looks = 0

    def reached(self, states: int = 0) -> str:
        self.looks += 1
        return "interrupt" if self.looks > MOST_LOOKS else ""


def explored(engine: ModuleType, program: Program) -> Exploration:
    """What an engine finds, without stopping at a violation.

    The components are in reverse order, with the processes at the bottom, so that all events reach over levels."""
    engine.order_of = lambda steps, *_: [[part] for part in reversed(range(len(steps.components.parts)))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # hashes leave 64 bits
        return engine.search(program, Patience(), stop=False)
