"""Hold a kernel's traces against the model: record, match, spoil, count."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from checker.base.errors import UsageError
from checker.trace.trace import Facts, Trace
from checker.verdict.api import Task, prepare

from .disturbed import disturbances
from .episodes import Episode, Event, cell, read, record, system
from .matching import ACCEPTED, REFUSED, UNDECIDED, Matched, Matcher
from .prepared import Prepared

SHOWN = 3  # refused episodes that are drawn
EVERY = 1_000_000  # remembered steps, after which they are forgotten


@dataclass
class Validated:
    """What came of a scenario: verdicts of episodes, and of spoilt ones by kind.

    orders: different ones.  refused: the first of them, each with how far it came.  taken: steps of the model that the kernel was
    seen to take or must have taken, and all, by function.
    """

    kernel: str
    system: str
    scenario: str
    verdicts: Counter[str] = field(default_factory=Counter)
    events: int = 0
    orders: set[tuple] = field(default_factory=set)
    refused: list[tuple[Episode, Trace, Event | None]] = field(default_factory=list)
    spoilt: Counter[tuple[str, str]] = field(default_factory=Counter)
    why: Counter[str] = field(default_factory=Counter)
    taken: dict[str, tuple[int, int]] = field(default_factory=dict)


def validate(
    name: str, number: int, seed: int, machine: Prepared, design: str | None = None, tell: Callable[[str], None] = lambda text: None
) -> Iterable[tuple[Validated, str]]:
    """Each scenario of a system, with the trace that was recorded of it."""
    made = system(name)
    for scenario in made["scenarios"]:
        task = task_of(made, scenario, design)
        trace = record(name, dict(task.program.constants), machine, number, seed, tell)
        release = machine.kernel.release
        yield held(name, task, trace.splitlines(), release, tell), f"# {name} {scenario} on {release}\n{trace}"


def read_again(
    name: str, file: str, design: str | None = None, tell: Callable[[str], None] = lambda text: None
) -> Iterable[tuple[Validated, str]]:
    """A trace that was recorded before; UsageError if it cannot be read.  Its first line says of which scenario and kernel it is."""
    try:
        text = Path(file).read_text(errors="replace")
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from None
    head = re.match(r"# (\S+) (\S+) on (\S+)\n", text)
    if head is None or head[1] != name:
        raise UsageError(f"{file} is no trace of {name} that `validate --save` has written")
    yield held(name, task_of(system(name), head[2], design), text.splitlines(), head[3], tell), text


def task_of(made: dict[str, Any], scenario: str, design: str | None = None) -> Task:
    """The program that a trace is held against."""
    return prepare(design=design or made["design"], scenario=scenario, bound=made["most"])


def matcher_of(name: str, task: Task) -> Matcher:
    """What holds episodes of a system against its program."""
    made = system(name)
    return Matcher(task.program, cell(made, dict(task.program.constants)), made)


def held(name: str, task: Task, trace: Iterable[str], kernel: str, tell: Callable[[str], None] = lambda text: None) -> Validated:
    """A trace held against the model; UsageError if it has no episode."""
    matcher = matcher_of(name, task)
    found = Validated(kernel, name, task.facts.scenario)
    chance = random.Random(1)
    for number, episode in enumerate(read(trace, matcher.processes), 1):
        tell(f"episode {number}")
        _hold(found, matcher, episode, chance, task.facts)
        if len(matcher.steps) > EVERY:
            matcher.steps.clear()
    if not found.verdicts:
        raise UsageError("the trace has no episode")
    found.taken = coverage(matcher)
    return found


def _hold(found: Validated, matcher: Matcher, episode: Episode, chance: random.Random, facts: Facts) -> None:
    matched = matcher.match(episode)
    found.verdicts[matched.verdict] += 1
    found.events += len(episode.events)
    found.orders.add(episode.order())
    if matched.verdict == REFUSED:
        event = episode.events[matched.at] if matched.at < len(episode.events) else None
        found.why[_why(event)] += 1
        if len(found.refused) < SHOWN:
            found.refused.append((episode, _trace(matcher, matched, facts), event))
    if matched.verdict == ACCEPTED:
        matcher.account(matched)
        for kind, spoilt in disturbances(episode, matcher.shows_a_step, chance):
            found.spoilt[kind, matcher.match(spoilt).verdict] += 1


def _why(event: Event | None) -> str:
    return f"{event.role}: {event.name} {event.said}".rstrip() if event else "the end"


def _trace(matcher: Matcher, matched: Matched, facts: Facts) -> Trace:
    states = (matched.start, *(step.after for step in matched.steps if step.after is not None))
    return Trace(matcher.program, matcher.judge, states, matched.steps, facts=facts)


def status(found: Validated) -> int:
    """The exit status: 1 if an episode is refused, 3 if a search was cut off, else 0."""
    return 1 if found.verdicts[REFUSED] else 3 if found.verdicts[UNDECIDED] else 0


def coverage(matcher: Matcher) -> dict[str, tuple[int, int]]:
    """Of each function of the model, how many of its steps accepted episodes took, and how many it has.

    A step is a place in the text: the same one of two threads counts once.
    """
    every: dict[tuple[str, str], bool] = {}
    for process, one in enumerate(matcher.program.processes):
        for block in one.blocks:
            if block.frames and not block.starts:
                key = block.frames[-1].function, f"{block.frames[-1].pos} {block.call.name}"
                every[key] = every.get(key, False) or bool(matcher.seen[process, block.label])
    found: dict[str, tuple[int, int]] = {}
    for (function, _), seen in every.items():
        had, of = found.get(function, (0, 0))
        found[function] = had + seen, of + 1
    return found
