"""A stored counterexample, followed again on its own design or on another one."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, replace
from typing import Any

from ..base.errors import UsageError
from ..ir.program import DEADLOCK
from ..ir.slots import instance_name
from ..picture.cells import DrawnRow, rows_of
from ..picture.report import counterexample
from ..trace.file import Stored, read
from ..trace.order import sentences
from ..trace.trace import Followed, Trace
from ..trace.transplant import Transplanted, place_of, transplanted
from .api import Task, prepare
from .result import HOLDS, VIOLATED


@dataclass(frozen=True)
class Replayed:
    """What became of a stored counterexample.

    other: on another design than its own.  baseline: of a variant, the name of what it is a variant
    of, and what becomes of the steps there.
    """

    task: Task
    stored: Stored
    followed: Followed
    other: bool
    baseline: tuple[str, Transplanted] | None = None

    @property
    def violated(self) -> str:
        """Name of the property that is violated at the end, or ""."""
        violation = self.followed.trace.violation
        return violation.property if violation else ""

    @property
    def exit_status(self) -> int:
        """1 if something is violated, else 0."""
        return 1 if self.violated else 0

    @property
    def trace(self) -> Trace:
        """The steps as they were taken now."""
        return replace(self.followed.trace, facts=self.task.facts)

    @property
    def drawings(self) -> tuple[DrawnRow, ...]:
        """How the model draws its states."""
        return rows_of(self.task.catalogue, self.task.program)

    def text(self, width: int = 80, colour: bool = False) -> str:
        """The steps as a picture, and what is so now."""
        picture = counterexample(self.trace, self.drawings, width, colour, places=True)
        told = sentences(self.trace, width)
        return "\n\n".join([picture.rstrip(), *(["\n".join(told)] if told else []), f"  {self._outcome(width)}"])

    def _outcome(self, width: int) -> str:
        if isinstance(self.followed, Transplanted) and not self.violated:
            return comparison(self.followed, self.stored.property, self.task.name, width)
        steps = len(self.followed.trace.steps)
        if self.followed.stopped is not None:
            at = self.followed.stopped + 1
            return f"{self.stored.property} is not violated: step {at} cannot be taken: {self.followed.why}"
        if not self.violated:
            return f"{self.stored.property} is not violated after these {steps} steps"
        if self.violated == self.stored.property:
            text = f"checked again: {self.violated} is violated after {steps} step{'s' * (steps > 1)}"
            fixed = self.baseline and comparison(self.baseline[1], self.stored.property, self.baseline[0], width)
            return text + (f"\n\n  {fixed}" if fixed else "")
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
            "on": self._on(),
        }


    def _on(self) -> dict[str, Any] | None:
        """What becomes of the steps on another design, or on the baseline."""
        found, name = self.followed, self.task.name
        if not isinstance(found, Transplanted):
            if self.baseline is None:
                return None
            name, found = self.baseline
        index, place, values = found.effect or (None, "", "")
        return {
            "design": name,
            "violated": found.trace.violation.property if found.trace.violation else None,
            "stopped_at": None if found.stopped is None else found.stopped + 1,
            "why": found.why,
            "other_effect": None if index is None else {"step": index + 1, "after": place, "values": values},
            "passed_over": [number + 1 for number in found.passed],
        }


def comparison(found: Transplanted, property: str, design: str, width: int) -> str:
    """What becomes of the steps of a counterexample on another design, in words."""
    lines = [f"with {design} these steps do not violate {property or 'anything'}:"]
    stopped, steps = found.stopped, found.origin.steps
    if found.effect is not None and (stopped is None or found.effect[0] < stopped):
        index, place, values = found.effect
        lines.append(f"step {index + 1} leaves {values}: {place}")
    elif found.passed and (stopped is None or found.passed[0] < stopped):
        lines.append(f"step {found.passed[0] + 1} is not done: {found.origin_place(found.passed[0])}")
    if stopped is not None:
        again = " a second time" if found.again else ""
        lines.append(f"step {stopped + 1} is no longer possible{again}: {found.why}")
    elif len(lines) == 1:
        every = f"all of the {len(steps)} steps are possible, and do" if len(steps) > 1 else "the step is possible, and does"
        lines.append(f"{every} the same" + _going_on(found.trace, property))
    wrapped = [textwrap.wrap(line, min(width, 80) - 4, subsequent_indent="    ", break_on_hyphens=False) for line in lines]
    return "\n  ".join(line for one in wrapped for line in one)


def _going_on(trace: Trace, property: str) -> str:
    """Where a deadlock is told: who can still move at the end of a trace, and with what."""
    if property != DEADLOCK or not (steps := trace.judge.steps(trace.states[-1])):
        return ""
    process = trace.program.processes[steps[0].process]
    return f"; then {instance_name(process, steps[0].instance)} goes on: {place_of(process.blocks[steps[0].label])}"


def replayed(file: str, model: str | None = None, design: str | None = None) -> Replayed:
    """Follow the counterexample in `file`.

    model, design: other ones than the file names.  Raises UsageError if the file cannot be
    read, or does not fit its own design any more.
    """
    stored = read(file)
    facts = stored.facts
    try:
        own = _prepared(stored, model)
        own.catalogue.property_names([stored.property] if stored.property else [])
    except UsageError as error:  # what the file names is not there (any more)
        raise UsageError(f"{file}: {error}") from None
    if design and design != facts.design:
        task = _prepared(stored, model, design)
        origin = stored.follow(own.program)
        found = _moved(origin, task)
        return Replayed(task, stored, found or stored.follow(task.program), other=True)
    followed = stored.follow(own.program)
    if followed.stopped is not None:
        turn = stored.turns[followed.stopped]
        raise UsageError(
            f"{file}:{turn.line}: the model has changed since: step {followed.stopped + 1} of {turn.who} "
            f"cannot be taken: {followed.why}"
        )
    return Replayed(own, stored, followed, False, _on_baseline(own, stored, followed, model))


def _prepared(stored: Stored, model: str | None, design: str | None = None) -> Task:
    facts = stored.facts
    names = model or facts.model or None, design or facts.design or None, facts.scenario or None
    return prepare(*names, facts.bound, settings=facts.settings)


def _on_baseline(own: Task, stored: Stored, followed: Followed, model: str | None) -> tuple[str, Transplanted] | None:
    """What becomes of a variant's counterexample on what it is a variant of."""
    baseline = own.catalogue.baseline_of(own.design)
    if baseline is None or baseline is own.design or followed.trace.violation is None:
        return None
    name = own.catalogue.name_of(baseline)
    found = _moved(followed, _prepared(stored, model, name))
    return (name, found) if found is not None and found.trace.violation is None else None


def _moved(followed: Followed, task: Task) -> Transplanted | None:
    """A violation on another design; None for a trace that is none.

    None as well for one that goes round for ever and can do so there, or that ends in rest: why the other design
    does not is not seen from these steps then.
    """
    trace = followed.trace
    if followed.stopped is not None or trace.violation is None:
        return None
    if trace.loop is not None and trace.loop >= len(trace.steps):
        return None
    found = transplanted(trace, task.program)
    return None if trace.loop is not None and found.stopped is None else found
