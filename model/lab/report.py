"""What became of a counterexample on a kernel, in words."""

from __future__ import annotations

import textwrap

from checker.output.results import terminal
from checker.picture.report import paint

from . import evidence
from .confirm import CONFIRMED, DIFFERS, Confirmed

__all__ = ["terminal", "text"]


def text(found: Confirmed, width: int = 80, colour: bool = False) -> str:
    """The verdict, what happened in one run, and where each thread was held."""
    style = {CONFIRMED: "bad", DIFFERS: "good"}.get(found.verdict, "doubt")
    parts = [paint(_wrapped(f"{found.verdict.upper()} {found.property}: {_head(found)}", width, ""), style, colour)]
    if found.why:
        parts.append(_wrapped(found.why, width))
    if found.schedule:
        held = [f"{number}. {run.role} runs, and is held {run.until}" for number, run in enumerate(found.schedule.runs, 1)]
        parts.append("\n".join(["turns:", *(_wrapped(line, width) for line in held)]))
        if found.schedule.forced or found.schedule.broken:
            parts.append("\n".join(_wrapped(line, width) for line in _failures(found)))
    for name, seen in found.examples.items():
        title = "with this order:" if name == "schedule" else "control, one operation after the other:"
        parts.append("\n".join([title, *(_wrapped(line, width) for line in evidence.outcome(seen))]))
    return "\n\n".join(parts)


def _head(found: Confirmed) -> str:
    return f"Linux {found.kernel}" + (f", {found.counts}" if found.forced else "")


def _failures(found: Confirmed) -> list[str]:
    assert found.schedule is not None
    calls = [f"{one.role}'s call {one.nth} of {one.function}() is made to return {one.value}" for one in found.schedule.forced]
    return calls + [f"bio {number} fails" for number in found.schedule.broken]


def _wrapped(line: str, width: int, indent: str = "  ") -> str:
    indents = {"initial_indent": indent, "subsequent_indent": indent + "  "}
    return textwrap.fill(line, width, **indents, break_on_hyphens=False, break_long_words=False)
