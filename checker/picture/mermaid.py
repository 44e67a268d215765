"""A race as a sequence diagram of Mermaid, which documents and code hosts draw."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..trace.trace import Trace
from .cells import DrawnRow
from .short import told

WIDTH = 100
SPECIAL = {"#": "#35;", ";": "#59;", "<": "#lt;", ">": "#gt;"}  # what the language would read as its own


def to_mermaid(trace: Trace, rows: Sequence[DrawnRow] = ()) -> str:
    """The text of the diagram: a participant for each thread, a note for each moment, and what is violated over all of them."""
    story = told(trace, rows, WIDTH)
    threads = list(dict.fromkeys(moment.who for moment in story.moments)) or ["nobody"]
    ids = {name: f"t{number}" for number, name in enumerate(threads)}
    lines = ["sequenceDiagram", *(f"    participant {ids[name]} as {_escaped(name)}" for name in threads)]
    for number, moment in enumerate(story.moments, 1):
        lines.append(f"    Note over {ids[moment.who]}: {number}. {_escaped(moment.within(WIDTH))}")
    below = re.sub(r"\n    +", " ", "\n".join(story.below)).splitlines()
    below += [f"{first + 1} before {second + 1}" for first, second in story.orders]
    everybody = ",".join(dict.fromkeys((ids[threads[0]], ids[threads[-1]])))
    return "\n".join([*lines, *(f"    Note over {everybody}: {_escaped(line.strip())}" for line in below)]) + "\n"


def _escaped(text: str) -> str:
    return "".join(SPECIAL.get(letter, letter) for letter in text)
