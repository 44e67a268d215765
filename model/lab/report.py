"""What became of a counterexample on a kernel, in words."""

from __future__ import annotations

import textwrap

from checker.output.results import terminal
from checker.picture.report import paint
from checker.picture.short import short

from . import evidence
from .confirm import CONFIRMED, DIFFERS, Confirmed
from .matching import ACCEPTED, REFUSED, UNDECIDED
from .validate import Validated

__all__ = ["coverage", "terminal", "text", "validated"]


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


def validated(found: Validated, width: int = 80, colour: bool = False) -> str:
    """How many episodes the model can do, how many spoilt ones it cannot, and the first refused ones, drawn as far as they fit."""
    verdicts, episodes = found.verdicts, sum(found.verdicts.values())
    of = f"{verdicts[ACCEPTED]:,} of {episodes:,} episodes of Linux {found.kernel}"
    head = f"{of} are runs of the model: {found.system}, {found.scenario}"
    parts = [paint(_wrapped(head, width, ""), "good" if verdicts[ACCEPTED] == episodes else "bad", colour)]
    lines = [f"{found.events:,} events, {len(found.orders):,} different orders"]
    if verdicts[UNDECIDED]:
        lines.append(f"undecided, the search was cut off: {verdicts[UNDECIDED]:,}")
    for kind in sorted({kind for kind, _ in found.spoilt}):
        made = sum(count for (one, _), count in found.spoilt.items() if one == kind)
        lines.append(f"spoilt on purpose, {kind}: {found.spoilt[kind, REFUSED]:,} of {made:,} refused")
    lines += [f"refused at {why}: {count:,}" for why, count in found.why.most_common()]
    seen, every = (sum(one[i] for one in found.taken.values()) for i in (0, 1))
    lines.append(f"steps of the model that were taken: {seen:,} of {every:,}")
    parts.append("\n".join(_wrapped(line, width) for line in lines))
    for episode, trace, event in found.refused:
        title = f"episode {episode.number} fits up to here; then comes {event or 'the end'}:"
        parts.append("\n".join([_wrapped(title, width, ""), *short(trace, width=width)]))
    return "\n\n".join(parts)


def coverage(found: Validated) -> str:
    """What the kernel was seen to do, by function, as a table in Markdown."""
    lines = ["| function | steps taken | of |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| `{name}` | {seen} | {every} |" for name, (seen, every) in sorted(found.taken.items()))]) + "\n"


def _wrapped(line: str, width: int, indent: str = "  ") -> str:
    indents = {"initial_indent": indent, "subsequent_indent": indent + "  "}
    return textwrap.fill(line, width, **indents, break_on_hyphens=False, break_long_words=False)
