"""A race in ten lines: of a counterexample the steps that matter, in columns, as commit messages draw it.

What matters: steps whose order does (`checker.trace.order`), the last changes of what the property reads, choices of failure,
and the last step.  What room is left goes to changes of what the model draws, and of what the property reads.  Below the columns
stand the property in its own words, where each thread is by then, and the orders that the violation takes.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from ..base.errors import shown_path
from ..ir.slots import instance_name
from ..trace.explain import deciding_slots, explain_deadlock, fails_by_itself, falsifiers, is_deadlock, waits
from ..trace.order import orderings
from ..trace.trace import Trace
from ..trace.values import Names
from .cells import DrawnRow
from .lines import step_text

MOST_STEPS = 8  # lines in the columns
MOST_LINES = 14  # in all
STRIDE = 24  # of columns at most; a text may reach into the next one, as no other stands on its line
MOST_COLUMNS = 4
MARGIN, NARROWEST = 5, 30  # where the first column begins; room that the last one has
ORDER, END, GUILTY, FAILURE, DRAWN, READ, BEGIN = 1000, 900, 800, 700, 60, 50, 10  # what is shown first
MOST_ORDERS = 4  # whose steps are shown
SHORT_CALL, LONG_CALL = 34, 40  # a call with its arguments; with the function around it
FAILURES = "failures_left"  # how a model calls the variables that count the failures still allowed


@dataclass(frozen=True)
class Moment:
    """A line of the columns: step `index` of the trace, taken by `who`, in words; operation: to which it belongs, where
    that is not said above."""

    index: int
    who: str
    text: str
    operation: str = ""

    def within(self, room: int) -> str:
        """With the operation before it, if there is room for that."""
        whole = f"{self.operation} {self.text}".lstrip()
        return whole if len(whole) <= room else self.text


@dataclass(frozen=True)
class Told:
    """What is told of a trace: its moments, which of them (by index) has to come before which, and the lines below them."""

    moments: tuple[Moment, ...]
    orders: tuple[tuple[int, int], ...]
    below: tuple[str, ...]


def short(trace: Trace, rows: Sequence[DrawnRow] = (), width: int = 80) -> list[str]:
    """The lines, at most MOST_LINES of at most `width` columns, without the verdict; rows: the model's drawings.

    [] for a trace that violates nothing, that violates it before any step, or that never ends."""
    if trace.violation is None or not trace.steps or trace.loop is not None:
        return []
    told = _Story(trace, rows).told(width)
    below = [*told.below, *_order(told, width)]
    return [*_columns(told.moments, width, MOST_LINES - len(below)), *below]


def told(trace: Trace, rows: Sequence[DrawnRow] = (), width: int = 80) -> Told:
    """The same for drawings; of a trace that has no short form every step, and nothing below but what is violated."""
    story = _Story(trace, rows)
    if short(trace, rows, width):
        return story.told(width)
    return Told(tuple(story.moments(len(trace.steps), every=True)), (), tuple(story.sentence(width)) if trace.violation else ())


class _Story:
    """What is told of one trace."""

    def __init__(self, trace: Trace, rows: Sequence[DrawnRow]) -> None:
        self.trace, self.rows, self.names = trace, rows, Names(trace.program)
        found = orderings(trace)
        self.orders = found[0] if found else []
        self.guilty = deciding_slots(trace)
        self.operations = self._operations()

    def told(self, width: int) -> Told:
        below = [*self.crash(width), *self.sentence(width), *self.positions(width)]
        moments = self.moments(min(MOST_STEPS, MOST_LINES - len(below) - 2))
        return Told(tuple(moments), tuple(self.pairs(moments)), tuple(below))

    def _operations(self) -> list[str]:
        """For each step the operation that it belongs to: "append()"; "" for those who start none."""
        found, now = [], {}
        for index in range(len(self.trace.steps)):
            who, block = self._who(index), self._block(index)
            if block.starts:
                now[who] = self._call(index)
            found.append(now.get(who, ""))
        return found

    # ---- which steps

    def moments(self, most: int, every: bool = False) -> list[Moment]:
        """The `most` steps that matter most, in the order of the trace; every: those that do not, too."""
        values = {index: self._weight(index) for index in range(len(self.trace.steps))}
        ranked = sorted((i for i, value in values.items() if value or every), key=lambda i: (-values[i], i))
        told: dict[str, int] = {}  # of each thread the start of the operation that was named last
        found = []
        for index in sorted(ranked[:most]):
            who, start = self._who(index), self._start_of(index)
            named = start is not None and told.get(who) != start
            operation = self.operations[index] if named and start != index else ""
            found.append(Moment(index, who, self._text(index), operation))
            if start is not None:
                told[who] = start
        return found

    def _start_of(self, index: int) -> int | None:
        """The step that started the operation of step `index`."""
        who = self._who(index)
        return next((k for k in range(index, -1, -1) if self._who(k) == who and self._block(k).starts), None)

    def _weight(self, index: int) -> int:
        weight = END if index == len(self.trace.steps) - 1 else 0
        if any(index in (one.first, one.second) for one in self.orders[:MOST_ORDERS]):
            weight = max(weight, ORDER)
        if self._fails(index):
            weight = max(weight, FAILURE)
        changed = self._changed(index)
        if any(self._is_last_change(slot, index) for slot in changed & self.guilty):
            weight = max(weight, GUILTY)
        elif changed & self.guilty:
            weight = max(weight, READ)
        if self._redrawn(index):
            weight = max(weight, DRAWN)
        if self._block(index).starts:
            weight = max(weight, BEGIN)
        return weight

    def _changed(self, index: int) -> set[int]:
        if index + 1 >= len(self.trace.states):
            return set()
        before, after = self.trace.states[index], self.trace.states[index + 1]
        return {slot for slot, (old, new) in enumerate(zip(before, after)) if old != new}

    def _is_last_change(self, slot: int, index: int) -> bool:
        states = self.trace.states
        return all(states[k][slot] == states[index + 1][slot] for k in range(index + 1, len(states)))

    def _fails(self, index: int) -> bool:
        """Does the step choose that something fails?  It takes one of the failures that the scope allows."""
        changed = self._changed(index)
        return any(v.name.endswith(FAILURES) and self.names.slots.at(v.name) in changed for v in self.trace.program.variables)

    def _redrawn(self, index: int) -> list[str]:
        """The drawings that the step changes, as they are then."""
        if index + 1 >= len(self.trace.states):
            return []
        before, after = self.trace.states[index], self.trace.states[index + 1]
        return [f"{row.title} {row.cells_in(after)}" for row in self.rows if row.cells_in(before) != row.cells_in(after)]

    # ---- in words

    def _block(self, index: int):
        step = self.trace.steps[index]
        return self.trace.program.processes[step.process].blocks[step.label]

    def _who(self, index: int) -> str:
        return self.names.actors[self.trace.actor(index).self - 1]

    def _text(self, index: int) -> str:
        """The step with what it changes that matters: "i_size_write(): i_size 0->1"."""
        step, call = self.trace.steps[index], self._call(index)
        if step.violation:
            return f"{call}: {step.violation.property}"
        changes = ["fails"] * self._fails(index) + self._redrawn(index)[-1:] + self._told_changes(index)
        return call + (f": {', '.join(dict.fromkeys(changes))}" if changes else "")

    def _call(self, index: int) -> str:
        step, block = self.trace.steps[index], self._block(index)
        for note in step.notes:
            if note.text == "starts":
                return f"{self.names.value(note.type, note.value)}()"
        name = block.call.name
        if name.isidentifier():
            whole = step_text(self.names, self.trace.judge, self.trace.states[index], step)
            returned = whole.partition(") = ")[2].partition("   ")[0]
            return whole if len(whole) <= SHORT_CALL else f"{name}()" + (f" = {returned}" if returned else "")
        head = name.split(":")[0]
        if head.endswith("()"):
            return head
        inside = block.frames[-1].function if block.frames else ""
        return f"{inside}(): {head}" if inside and len(inside) + len(head) < LONG_CALL else head

    def _told_changes(self, index: int) -> list[str]:
        """Changes of what the property reads and the drawings mark; if there are none, of the first thing that is no lock."""
        if index + 1 >= len(self.trace.states):
            return []
        before, after = self.trace.states[index], self.trace.states[index + 1]
        drawn = {row.variable for row in self.rows}
        marks = {slot for row in self.rows for _, slot in row.marks}
        wanted = self.guilty | marks
        kept = tuple(b if slot not in wanted else a for slot, (b, a) in enumerate(zip(before, after)))
        hidden = drawn | {v.name for v in self.trace.program.variables if v.name.endswith(FAILURES) or v.type.kind == "owner"}
        told = self.names.changes(before, kept, False, hidden)
        if told or self._redrawn(index):
            return told[:2]
        return self.names.changes(before, after, False, hidden)[:1]

    # ---- below the columns

    def crash(self, width: int) -> list[str]:
        """What a power failure leaves, if the property is about that: the drawing that the property is about."""
        kinds = {p.name: p.kind for p in self.trace.program.properties}
        durable = [row for row in self.rows if row.durable]
        if kinds.get(self.trace.violation.property) != "crash" or not durable:
            return []
        state = self.trace.states[-1]
        slots = {row.title: {self.names.slots.at(row.variable, e) for e in range(row.count)} | {s for _, s in row.marks} for row in durable}
        row = max(durable, key=lambda one: len(slots[one.title] & self.guilty))
        marks = ", ".join(f"{name} = {state[slot]}" for name, slot in row.marks)
        return [_cut(f"  <power failure>  {row.title} {row.cells_in(state)}" + (f", {marks}" if marks else ""), width)]

    def sentence(self, width: int) -> list[str]:
        """What is violated, in the kernel's words, and by which values."""
        violation = self.trace.violation
        if is_deadlock(self.trace):
            told = explain_deadlock(self.trace, width - 2)
            cycle = [line for line in told if line.startswith("cycle") or line.endswith("itself")]
            return [f"  {line}" for line in (told[:3] + cycle if len(told) > 4 else told)]
        because = falsifiers(self.trace, ghosts=False)
        failed = self.trace.steps[-1].violation
        if failed and failed.pos.line:
            because = [f"tested in {shown_path(failed.pos.file)}:{failed.pos.line}"]
            because += ["after what this step has done itself"] if fails_by_itself(self.trace) else []
        lines = _wrapped(violation.message, "  violated: ", width, 2)
        return lines + (_wrapped(", ".join(because), "  " if failed else "  as ", width, 1) if because else [])

    def positions(self, width: int) -> list[str]:
        """What each thread that is in the middle of something is about to do."""
        if is_deadlock(self.trace) or len(self.trace.states) == len(self.trace.steps):
            return []
        state, program, told = self.trace.states[-1], self.trace.program, []
        for actor in self.trace.judge.actors:
            process = program.processes[actor.process]
            block = self.trace.judge.block_of(state, actor.process, actor.instance)
            if block.label in process.rests or block.label == process.entry or not block.frames:
                continue
            name = f"{block.call.name}()" if block.call.name.isidentifier() else block.call.name.split(":")[0]
            told.append((f"{instance_name(process, actor.instance)} before {name}", block.frames[-1].function))
        whole = "; ".join(at + (f" in {inside}()" if f"{inside}()" not in at else "") for at, inside in told)
        brief = "; ".join(at for at, _ in told)
        return _wrapped(whole if len(whole) < 2 * width - LONG_CALL else brief, "  next: ", width, 2) if told else []

    def pairs(self, moments: Sequence[Moment]) -> list[tuple[int, int]]:
        """The orders that matter, by the indices of moments."""
        number = {moment.index: n for n, moment in enumerate(moments)}
        return [(number[o.first], number[o.second]) for o in self.orders if o.first in number and o.second in number]


def _order(told: Told, width: int) -> list[str]:
    """The orders that matter, by the numbers of the lines."""
    said = [f"{first + 1} before {second + 1}" for first, second in told.orders]
    return _wrapped(", ".join(said), "  order that it takes: ", width, 1) if said else []


def _columns(moments: Sequence[Moment], width: int, most: int) -> list[str]:
    """The moments below the names of who takes them, numbered; those beyond MOST_COLUMNS share the last column.

    most: lines that there is room for: a text that is too long goes on in the next line as long as there is any."""
    names = list(dict.fromkeys(moment.who for moment in moments))
    columns = [[name] for name in names[:MOST_COLUMNS]]
    for name in names[MOST_COLUMNS:]:
        columns[-1].append(name)
    stride = min(STRIDE, (width - MARGIN - NARROWEST) // max(1, len(columns) - 1))
    at = {name: MARGIN + stride * k for k, column in enumerate(columns) for name in column}
    shared = {name for column in columns if len(column) > 1 for name in column}
    heading = ""
    for column in columns:
        heading = heading.ljust(at[column[0]]) + ", ".join(column) + " "
    spare, lines = most - len(moments) - 1, [heading.rstrip()[:width]]
    for number, moment in enumerate(moments, 1):
        start = at[moment.who]
        parts = _in_lines(moment, moment.who in shared, width - start, 2 if spare > 0 else 1)
        spare -= len(parts) - 1
        lines += [(f"{number:>3}" if not n else "").ljust(start) + part for n, part in enumerate(parts)]
    return lines


def _in_lines(moment: Moment, shared: bool, room: int, most: int) -> list[str]:
    """The text of a moment in `most` lines of so much room; shared: others are in this column, too."""
    head = f"{moment.who}: " if shared else ""
    text = head + moment.within((room - len(head)) * most)
    if most == 1 or len(text) <= room:
        return [_cut(text, room)]
    parts = textwrap.wrap(text, room, subsequent_indent="  ", max_lines=most, placeholder=" ...", break_on_hyphens=False)
    return parts if sum(map(len, parts)) > room else [_cut(text, room)]


def _wrapped(text: str, head: str, width: int, most: int) -> list[str]:
    lines = textwrap.wrap(head + text, width, subsequent_indent="    ", break_on_hyphens=False, break_long_words=False,
                          max_lines=most, placeholder=" ...", initial_indent="")  # fmt: skip
    return [("  " if not n and not line.startswith(" ") else "") + line for n, line in enumerate(lines)]


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 3].rstrip() + "..."
