"""What can go wrong, by whose fault it is: the model's, the user's, or the checker's."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One fault in a model.

    rule: its code in LANGUAGE.md.  remedy: what to write instead, or "".
    """

    file: str
    line: int
    rule: str
    text: str
    remedy: str = ""


class ModelError(Exception):
    """A model is not in the language; str() lists every problem with its source line."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(_shown(p) for p in problems))


class UsageError(Exception):
    """The user asked for what does not exist or does not go together."""


class InternalError(Exception):
    """The checker contradicts itself; no fault of the user or the model."""


def _shown(problem: Problem) -> str:
    lines = [f"{problem.file}:{problem.line}: {problem.text}   [{problem.rule}]"]
    source = _source_line(problem.file, problem.line)
    return "\n".join(lines + [f"  {part}" for part in (source, problem.remedy) if part])


def _source_line(file: str, line: int) -> str:
    try:
        with open(file, encoding="utf-8") as source:
            return source.read().splitlines()[line - 1].strip()
    except (OSError, IndexError):
        return ""
