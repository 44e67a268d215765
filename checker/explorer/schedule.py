"""A schedule in a URL: who takes a step, with which choices.

A letter for each step, that of the thread, and behind it what the step chooses: "aab2.0a" are two steps of the first thread, one
of the second that chooses 2 and 0, and one more of the first.  As in the files of counterexamples nothing is said of states.
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence

from ..base.errors import UsageError
from ..ir.interpreter import Actor
from ..trace.trace import Turn

LETTERS = string.ascii_letters
TURN = re.compile(r"([a-zA-Z])((?:-?\d+)(?:\.-?\d+)*)?")


def written(turns: Sequence[Turn], actors: Sequence[Actor]) -> str:
    """The schedule as a text without blanks."""
    letter = {(actor.process, actor.instance): LETTERS[number] for number, actor in enumerate(actors)}
    return "".join(letter[t.process, t.instance] + ".".join(map(str, t.choices)) for t in turns)


def read(text: str, actors: Sequence[Actor]) -> list[Turn]:
    """The turns of a schedule; UsageError if it is none, or if there are not so many threads."""
    turns, at = [], 0
    while at < len(text):
        found = TURN.match(text, at)
        if found is None:
            raise UsageError(f"{text[at : at + 10]!r} is no step of a schedule: a letter for the thread, then its choices")
        number = LETTERS.index(found[1])
        if number >= len(actors):
            raise UsageError(f"the schedule has a thread {found[1]!r}, and this scenario only {len(actors)} threads")
        choices = tuple(map(int, found[2].split("."))) if found[2] else ()
        turns.append(Turn(actors[number].process, actors[number].instance, choices))
        at = found.end()
    return turns
