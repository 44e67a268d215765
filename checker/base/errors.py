"""What goes wrong, and how it is said: one message, no traceback."""

from __future__ import annotations

import linecache
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path


class CheckerError(Exception):
    """Base of everything that the checker reports about its input, its use or itself."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a model.

    file, line: where (line 0: the file as a whole).  rule: its name in LANGUAGE.md, such
    as "two-accesses".  text: what is wrong.  remedy: what to do about it ("" if obvious).
    """

    file: str
    line: int
    rule: str
    text: str
    remedy: str = ""

    def __str__(self) -> str:
        place = f"{shown_path(self.file)}:{self.line}: " if self.line else f"{shown_path(self.file)}: "
        lines = [f"{place if self.file else ''}{self.text}   [{self.rule}]"]
        source = linecache.getline(self.file, self.line).strip() if self.line else ""
        if source:
            lines.append("    " + source)
        if self.remedy:
            lines += ["  " + line for line in self.remedy.splitlines()]
        return "\n".join(lines)


def placed(problem: Problem, file: str, line: int) -> Problem:
    """The problem, with this place if it has none."""
    return problem if problem.file else replace(problem, file=file, line=line)


class ModelError(CheckerError):
    """The model is not in the language, or contradicts itself.  `problems` lists all of it."""

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems = [problems] if isinstance(problems, Problem) else list(problems)
        super().__init__("\n".join(map(str, self.problems)))


class UsageError(CheckerError):
    """The command line or an argument of the API asks for something that there is not."""


class NotFinished(CheckerError):
    """A limit was reached before there was anything to tell."""


class InternalError(CheckerError):
    """The checker contradicts itself: two engines disagree, or the IR is not well formed."""


def shown_path(file: str | os.PathLike[str]) -> str:
    """`file` relative to the current directory if it lies below it, as people type it."""
    try:
        return str(Path(file).resolve().relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(file)
