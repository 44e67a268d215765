"""A counterexample as text: the whole story of a violation."""

from __future__ import annotations

import textwrap
from collections.abc import Container, Sequence

from ..base.errors import shown_path
from ..trace.explain import explain_deadlock, falsifiers, guilty_ghosts, is_deadlock
from ..trace.trace import Facts, Trace, place_of
from ..trace.values import Names
from .cells import DrawnRow, draw, legends
from .columns import GAP, lay_out, stands_apart
from .lines import picture_of

NARROW, STANDARD = 72, 80  # columns of text
COLOURS = {"bad": "1;31", "good": "1;32", "doubt": "1;33", "change": "33", "name": "1", "dim": "2"}
THREADS = ("36", "35", "34", "32")  # colours of threads, from the left


def counterexample(
    trace: Trace, rows: Sequence[DrawnRow] = (), width: int = STANDARD, colour: bool = False, ghosts: bool = False,
    places: bool = False,
) -> str:  # fmt: skip
    """The whole story of a violation, as plain text.

    rows: the model's drawings (`cells.rows_of`).  width: columns of text that there are;
    colour: with escape sequences, for a terminal.  ghosts: show changes of all ghost variables,
    not only of those that the violated property is about.  places: with the line of the model at the right of each step,
    and with its file where there is room.
    """
    parts = [
        [*_headline(trace, width, colour), *(_failed_at(trace) if places else [])],
        _titled("At the start:", _start(trace, rows)),
        _trace_lines(trace, rows, max(width, NARROW), colour, ghosts or guilty_ghosts(trace), places),
        *_ending(trace, rows),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part)


def paint(text: str, style: str, colour: bool) -> str:
    """`text` in one of COLOURS, or in that of a thread ("thread 2"), if colour is wanted."""
    if not colour or not text:
        return text
    kind, _, number = style.partition(" ")
    code = THREADS[int(number) % len(THREADS)] if kind == "thread" else COLOURS[kind]
    return f"\x1b[{code}m{text}\x1b[0m"


# --------------------------------------------------------------------- parts


def _headline(trace: Trace, width: int, colour: bool) -> list[str]:
    violation = trace.violation
    count = len(trace.steps)
    facts = [f"{count} step" + "s" * (count != 1), *_facts(trace.facts)]
    if violation is None:
        return [", ".join(["trace", *facts])]
    head, *more = _items(f"VIOLATED {violation.property}, ", facts, width)
    lines = [paint(head, "bad", colour), *more]
    if not is_deadlock(trace):
        lines += _wrapped(violation.message, width)
    because = falsifiers(trace)
    binding = ", ".join(value for _, value in violation.binding)
    where = f"  Violated for {binding}" if binding else "  Violated"
    if because:
        lines += _items(f"{where}: ", because, width)
    elif binding:
        lines += [f"{where}."]
    return lines + [
        f"  {line}" for line in (explain_deadlock(trace, width - 2) if is_deadlock(trace) else [])
    ]


def _facts(facts: Facts) -> list[str]:
    found = [f"design {facts.design}"] if facts.design else []
    found += [f"scenario {facts.scenario}"] if facts.scenario else []
    found += [f"bound {facts.bound}"] if facts.bound is not None else []
    return found + [f"{name} = {value}" for name, value in sorted(facts.settings.items())]


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent="  ",
        subsequent_indent="    ",
        break_on_hyphens=False,
        break_long_words=False,
    )


def _items(first: str, items: Sequence[str], width: int) -> list[str]:
    """`first`, then items with commas between them, none of which is broken."""
    blank = "\x00"
    text = first.lstrip() + ", ".join(item.replace(" ", blank) for item in items)
    indent = " " * (len(first) - len(first.lstrip()))
    lines = textwrap.wrap(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=indent + "  ",
        break_on_hyphens=False,
        break_long_words=False,
    )
    return [line.replace(blank, " ") for line in lines]


def _titled(title: str, lines: list[str]) -> list[str]:
    return ["  " + title, *("    " + line for line in lines)] if lines else []


def _start(trace: Trace, rows: Sequence[DrawnRow]) -> list[str]:
    """Drawings of the initial state, and what was chosen in it."""
    names, state = Names(trace.program), trace.states[0]
    initial = trace.judge.initial_states()
    chosen = []
    for variable in trace.program.variables:
        if variable.process is None:
            for element in range(variable.count):
                slot = names.slots.at(variable.name, element)
                if len({other[slot] for other in initial}) > 1:
                    value = names.value(variable.type, state[slot], compact=True)
                    chosen.append(f"{names.elements(variable, [element])} = {value}")
    return draw(rows, state) + (_items("", chosen, STANDARD - 4) if chosen else [])


def _trace_lines(
    trace: Trace, rows: Sequence[DrawnRow], width: int, colour: bool, ghosts: Container[str] | bool, places: bool
) -> list[str]:
    """The trace; every call on a line of its own if that leaves room for columns, else joined."""
    if not trace.steps:
        return ["  (in the initial state)"]
    margin = _places(trace, width) if places else []
    width -= max(map(len, margin), default=-GAP) + GAP
    picture = picture_of(trace, ghosts, rows, joined=0)
    if not stands_apart(picture, width):
        picture = picture_of(trace, ghosts, rows)
    return lay_out(picture, width, lambda text, style: paint(text, style, colour), margin)


def _places(trace: Trace, width: int) -> list[str]:
    """Where each step is in the model: its line; with the file if the terminal is wide."""
    found = [place_of(trace, index).rpartition("/")[2] for index in range(len(trace.steps))]
    return found if width >= STANDARD + max(map(len, found)) else [":" + place.rpartition(":")[2] if place else "" for place in found]


def _failed_at(trace: Trace) -> list[str]:
    """Of a violation that a step is: where that is in the model."""
    failed = trace.steps[-1].violation if trace.steps else None
    return [f"  At {shown_path(failed.pos.file)}:{failed.pos.line}"] if failed and failed.pos.line else []


def _ending(trace: Trace, rows: Sequence[DrawnRow]) -> list[list[str]]:
    """Drawings of the last state; of what a power failure leaves, if that is what is wrong."""
    state, crash = trace.states[-1], _is_crash(trace)
    if not crash:
        changed = draw(rows, state) != draw(rows, trace.states[0])
        parts = [_titled("At the end:", draw(rows, state))] if changed else []
    else:
        lost, kept = [r for r in rows if not r.durable], [r for r in rows if r.durable]
        parts = [_titled("Before the power failure:", draw(lost, state)), ["  <power failure>"]]
        parts += [_titled("After it:", draw(kept, state))]
    return [*parts, [line for legend in legends(rows) for line in _wrapped(legend, STANDARD)]]


def _is_crash(trace: Trace) -> bool:
    kinds = {p.name: p.kind for p in trace.program.properties}
    return trace.violation is not None and kinds.get(trace.violation.property) == "crash"
