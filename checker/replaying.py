"""A stored counterexample, followed again on its own design or on another one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from .api import Task, prepare
from .drawing import rows_of
from .errors import UsageError
from .report import counterexample
from .result import HOLDS, VIOLATED
from .trace import Followed
from .trace_file import Stored, read


@dataclass(frozen=True)
class Replayed:
    """What became of a stored counterexample.  other: on another design than its own."""

    task: Task
    stored: Stored
    followed: Followed
    other: bool

    @property
    def violated(self) -> str:
        """Name of the property that is violated at the end, or ""."""
        violation = self.followed.trace.violation
        return violation.property if violation else ""

    @property
    def exit_status(self) -> int:
        """1 if something is violated, else 0."""
        return 1 if self.violated else 0

    def text(self, width: int = 80, colour: bool = False) -> str:
        """The steps as a picture, and what is so now."""
        trace = replace(self.followed.trace, facts=self.task.facts)
        picture = counterexample(trace, rows_of(self.task.catalogue, self.task.program), width, colour)
        return f"{picture.rstrip()}\n\n  {self._outcome()}"

    def _outcome(self) -> str:
        steps = len(self.followed.trace.steps)
        if self.followed.stopped is not None:
            at = self.followed.stopped + 1
            return f"{self.stored.property} is not violated: step {at} cannot be taken: {self.followed.why}"
        if not self.violated:
            return f"{self.stored.property} is not violated after these {steps} steps"
        if self.violated == self.stored.property:
            return f"checked again: {self.violated} is violated after {steps} steps"
        return f"{self.violated} is violated after {steps} steps, where the file says {self.stored.property}"

    def as_json(self) -> dict[str, Any]:
        """The object that `replay --json` writes."""
        return {
            "verdict": VIOLATED if self.violated else HOLDS,
            "design": self.task.name,
            "scenario": self.task.facts.scenario,
            "bound": self.task.facts.bound,
            "stored_property": self.stored.property,
            "violated": self.violated or None,
            "steps": len(self.followed.trace.steps),
            "stopped_at": None if self.followed.stopped is None else self.followed.stopped + 1,
            "why": self.followed.why,
        }


def replayed(file: str, model: str | None = None, design: str | None = None) -> Replayed:
    """Follow the counterexample in `file`.

    model, design: other ones than the file names.  Raises UsageError if the file cannot be
    read, or does not fit its own design any more.
    """
    stored = read(file)
    facts = stored.facts
    task = prepare(
        model or facts.model or None,
        design or facts.design or None,
        facts.scenario or None,
        facts.bound,
        settings=facts.settings,
    )
    followed = stored.follow(task.program)
    other = bool(design) and design != facts.design
    if followed.stopped is not None and not other:
        turn = stored.turns[followed.stopped]
        raise UsageError(
            f"{file}:{turn.line}: the model has changed since: step {followed.stopped + 1} of {turn.who} "
            f"cannot be taken: {followed.why}"
        )
    return Replayed(task, stored, followed, other)
