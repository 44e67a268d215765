"""What people read: the counterexample as text, and the verdict line."""

from __future__ import annotations

import textwrap
from collections.abc import Container, Sequence
from typing import TYPE_CHECKING

from .columns import lay_out, stands_apart
from .drawing import Row, draw, legends
from .explain import explain_deadlock, falsifiers, guilty_ghosts, is_deadlock
from .picture import picture_of
from .trace import Facts, Trace
from .values import Names

if TYPE_CHECKING:
    from .result import Result

NARROW, STANDARD = 72, 80  # columns of text
STOPPED = {
    "": "complete",
    "violation": "stopped at the violation",
    "time": "stopped by the time limit",
    "memory": "stopped by the memory limit",
    "disk": "stopped by a full disk",
    "interrupt": "stopped by the user",
}
COLOURS = {"bad": "1;31", "good": "1;32", "doubt": "1;33", "change": "33", "name": "1"}
THREADS = ("36", "35", "34", "32")  # colours of threads, from the left


def counterexample(
    trace: Trace, rows: Sequence[Row] = (), width: int = STANDARD, colour: bool = False, ghosts: bool = False
) -> str:
    """The whole story of a violation, as plain text.

    rows: the model's drawings (`drawing.rows_of`).  width: columns of text that there are;
    colour: with escape sequences, for a terminal.  ghosts: show changes of all ghost variables,
    not only of those that the violated property is about.
    """
    parts = [
        _headline(trace, width, colour),
        _titled("At the start:", _start(trace, rows)),
        _trace_lines(trace, rows, max(width, NARROW), colour, ghosts or guilty_ghosts(trace)),
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


def _start(trace: Trace, rows: Sequence[Row]) -> list[str]:
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
    trace: Trace, rows: Sequence[Row], width: int, colour: bool, ghosts: Container[str] | bool
) -> list[str]:
    """The trace; every call on a line of its own if that leaves room for columns, else joined."""
    if not trace.steps:
        return ["  (in the initial state)"]
    picture = picture_of(trace, ghosts, rows, joined=0)
    if not stands_apart(picture, width):
        picture = picture_of(trace, ghosts, rows)
    return lay_out(picture, width, lambda text, style: paint(text, style, colour))


def _ending(trace: Trace, rows: Sequence[Row]) -> list[list[str]]:
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


# --------------------------------------------------------------- verdict line


def verdict_line(result: Result, colour: bool = False) -> str:
    """One line on what was checked and what was found; the same form for every verdict.

    holds     iomap  default  bound 4  17 properties  74 states, 95 transitions, depth 31, complete, no reduction, 0.8 s
    """
    return f"{_verdict(result, colour)}  {', '.join(_statistics(result))}"


def verdict_lines(result: Result, width: int, colour: bool = False) -> list[str]:
    """The same in two lines, or more, if one is longer than `width`: below the verdict stands what was searched."""
    if len(verdict_line(result)) <= width:
        return [verdict_line(result, colour)]
    below = " " * 10
    statistics = ", ".join(part.replace(" ", "\xa0") for part in _statistics(result))  # not to be broken
    wrapped = textwrap.wrap(statistics, width, initial_indent=below, subsequent_indent=below)
    return [_verdict(result, colour), *(line.replace("\xa0", " ") for line in wrapped)]


def _verdict(result: Result, colour: bool) -> str:
    style = {"holds": "good", "violated": "bad"}.get(result.verdict, "doubt")
    checked = [p for p in result.properties if p.verdict != "not checked"]
    what = result.violation.property if result.violation else f"{len(checked)} properties"
    bound = f"bound {result.bound}" if result.bound is not None else ""
    parts = [result.design, result.scenario, bound, what]
    return paint(f"{result.verdict:<8}", style, colour) + "  " + "  ".join(part for part in parts if part)


def _statistics(result: Result) -> list[str]:
    return [
        f"{result.states:,} states",
        *([f"{result.transitions:,} transitions", f"depth {result.depth}"] if result.engine != "symbolic" else ["symbolic"]),
        STOPPED[result.stopped_by],
        ", ".join(result.reductions) or "no reduction",
        f"{result.seconds:.1f} s",
    ]
