"""The picture of a trace: one column for each thread, calls indented, changes at the right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .drawing import Row
from .interpret import State, Step
from .ir import Block, Frame, Pos
from .trace import Trace
from .values import Names

MARGIN = 2  # blanks at the left of the first column
GAP = 2  # blanks between columns at least
NEAREST = 8  # columns are never nearer than this, even where calls are deep
MOST_CHANGES = 36  # room for changes at the right; longer ones take a line of their own


@dataclass(frozen=True)
class Line:
    """A line of the picture before it is laid out.

    column: of which thread, counted from the left; -1: across all of them.
    changes: state changes, to stand at the right.
    """

    column: int
    depth: int
    text: str
    changes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Picture:
    """threads: the names over the columns; lines: the trace from top to bottom."""

    threads: tuple[str, ...]
    lines: tuple[Line, ...]


def picture_of(trace: Trace, ghosts: bool = False, rows: Sequence[Row] = ()) -> Picture:
    """The lines of `trace`; ghosts: show changes of ghost variables as well.  A change in one
    of `rows` is shown by drawing the row anew."""
    return _Drawer(trace, ghosts, rows).picture()


class _Drawer:
    def __init__(self, trace: Trace, ghosts: bool, rows: Sequence[Row]) -> None:
        self.trace, self.ghosts, self.rows, self.names = trace, ghosts, rows, Names(trace.program)
        self.columns: dict[int, int] = {}
        self.stacks: dict[int, list[_Open]] = {}
        self.lines: list[Line] = []

    def picture(self) -> Picture:
        for index, step in enumerate(self.trace.steps):
            if self.trace.loop == index:
                self.lines.append(Line(-1, 0, "<from here on, again and again>"))
            self._draw(index, step)
        if self.trace.loop is not None:
            stays = self.trace.loop >= len(self.trace.steps)
            self.lines.append(Line(-1, 0, "<nothing more happens>" if stays else "<back to the mark above>"))
        return Picture(tuple(self.names.actors[who] for who in self.columns), tuple(self.lines))

    def _draw(self, index: int, step: Step) -> None:
        actor = self.trace.actor(index)
        who = actor.self - 1
        column = self.columns.setdefault(who, len(self.columns))
        process = self.trace.program.processes[step.process]
        block = process.blocks[step.label]
        if block.starts or (block.label == process.entry and process.kind != "process"):
            self.stacks.pop(who, None)
        depth = self._enter(who, column, block)
        before = self.trace.states[index]
        after = self.trace.states[index + 1] if step.after is not None else before
        returned, inner = self._notes(block, step)
        text = self.names.call(block.call, self.trace.judge, before, actor) + returned
        self.lines.append(Line(column, depth, text, self._changes(before, after)))
        self.lines += [Line(column, level, words) for level, words in inner]
        if step.violation:
            self.lines.append(Line(column, depth, f"*** {step.violation.property}: {step.violation.message}"))
        if (
            step.after is not None
            and after[self.trace.judge.slots.pc(step.process, step.instance)] in process.rests
        ):
            self.stacks.pop(who, None)

    def _changes(self, before: State, after: State) -> tuple[str, ...]:
        redrawn = [row for row in self.rows if row.cells_in(before) != row.cells_in(after)]
        changes = self.names.changes(before, after, self.ghosts, {row.variable for row in redrawn})
        return (*(f"{row.title} {row.cells_in(after)}" for row in redrawn), *changes)

    def _enter(self, who: int, column: int, block: Block) -> int:
        """Print the calls that lead to `block` and were not printed yet; their number."""
        frames = block.frames
        if not frames:  # the step that starts an operation stands for the call of it
            self.stacks[who] = [_Open(block.call.name, None)]
            return 0
        printed = self.stacks.get(who, [])
        common = 0
        while common < min(len(frames), len(printed)) and printed[common].is_called(frames, common):
            common += 1
        if common == len(frames) and printed[common - 1].begins_again(frames[-1].pos):
            common -= 1
        self.stacks[who] = printed[:common]
        for depth in range(common, len(frames)):
            self.lines.append(Line(column, depth, frames[depth].function + "()"))
            self.stacks[who].append(_Open(frames[depth].function, frames[depth - 1].pos if depth else None))
        self.stacks[who][-1].note(frames[-1].pos)
        return len(frames)

    def _notes(self, block: Block, step: Step) -> tuple[str, list[tuple[int, str]]]:
        """What the call returned, and what calls around it returned in the same step."""
        returned, inner = "", []
        functions = [frame.function for frame in block.frames]
        for note in step.notes:
            value = self.names.value(note.type, note.value)
            if note.text in ("", "returns", block.call.name):
                returned += f" = {value}"
            elif note.text in functions:
                inner.append((functions.index(note.text), f"{note.text}() = {value}"))
            else:
                returned += f"   {note.text} = {value}"
        return returned, inner


@dataclass
class _Open:
    """A call that is printed and perhaps not over.  first: its first own step; went_on: it has
    taken another one since."""

    function: str
    called_at: Pos | None
    first: Pos | None = None
    went_on: bool = False

    def is_called(self, frames: tuple[Frame, ...], depth: int) -> bool:
        """Can the frame at `depth` be this call?"""
        caller = frames[depth - 1].pos if depth else None
        return (frames[depth].function, caller) == (self.function, self.called_at)

    def begins_again(self, pos: Pos) -> bool:
        """Is `pos` where it began, so that this is most likely another call?"""
        return self.went_on and pos == self.first

    def note(self, pos: Pos) -> None:
        self.went_on = self.went_on or self.first not in (None, pos)
        self.first = self.first or pos


# ------------------------------------------------------------------ laying out


@dataclass(frozen=True)
class Layout:
    """Where columns begin, how far calls are indented, where changes begin and end.

    apart: no column reaches into the next, so one heading suffices.  Otherwise each run of
    steps of a thread is headed by its name.
    """

    offsets: tuple[int, ...]
    indent: int
    changes: int
    width: int
    apart: bool

    def start(self, line: Line) -> int:
        return MARGIN if line.column < 0 else self.offsets[line.column] + self.indent * line.depth


def lay_out(picture: Picture, width: int = 80) -> list[str]:
    """The lines of text; columns stand beside each other if `width` allows, else staggered.

    Changes that do not fit at the right of their call go on lines of their own.
    """
    layout = _choose_layout(picture, width)
    rows: list[str] = []
    if layout.apart:
        heading = ""
        for offset, name in zip(layout.offsets, picture.threads, strict=True):
            heading = heading.ljust(offset) + name
        rows.append(heading)
    last = -1
    for line in picture.lines:
        if not layout.apart and line.column not in (-1, last):
            last = line.column
            rows.append(" " * layout.offsets[last] + f"[{picture.threads[last]}]")
        rows += _place(line, layout)
    return rows


def _choose_layout(picture: Picture, width: int) -> Layout:
    room = min(
        MOST_CHANGES, max((len(change) for line in picture.lines for change in line.changes), default=0)
    )
    for indent in (2, 1):
        widths = _widths(picture, indent)
        end = MARGIN + sum(widths) + GAP * len(widths)
        if end + room <= width:
            together = max((len(", ".join(line.changes)) for line in picture.lines), default=0)
            return Layout(_offsets(widths), indent, end, min(width, end + max(room, together)), True)
    indent = 2 if _stride(picture, 2, width, 1.0) >= NEAREST else 1
    stride = min(_stride(picture, indent, width, 1.0), _stride(picture, indent, width - room - GAP, 0.9))
    near = (MARGIN + max(stride, NEAREST) * k for k in range(len(picture.threads)))
    offsets = tuple(map(min, near, _offsets(_widths(picture, indent))))
    return Layout(offsets, indent, width - room, width, False)


def _stride(picture: Picture, indent: int, end: int, share: float) -> int:
    """How far apart columns can be if that share of each column's lines is to end before `end`."""
    strides = [end]
    for column in range(1, len(picture.threads)):
        widths = sorted(
            indent * line.depth + len(line.text) for line in picture.lines if line.column == column
        )
        strides.append((end - MARGIN - widths[math.ceil((len(widths) - 1) * share)]) // column)
    return min(strides)


def _widths(picture: Picture, indent: int) -> list[int]:
    """The room that each column needs."""
    widths = [len(name) for name in picture.threads]
    for line in picture.lines:
        if line.column >= 0:
            widths[line.column] = max(widths[line.column], indent * line.depth + len(line.text))
    return widths


def _offsets(widths: list[int]) -> tuple[int, ...]:
    """Where columns of these widths begin."""
    return tuple(MARGIN + sum(widths[:k]) + GAP * k for k in range(len(widths)))


def _place(line: Line, layout: Layout) -> list[str]:
    """A line of the picture, its changes at the right if they fit, else below."""
    rows = [" " * layout.start(line) + line.text]
    rest = list(line.changes)
    while rest:
        together = ", ".join(rest)
        if len(together) > layout.width - layout.changes:
            together = rest[0]
        at = min(layout.changes, layout.width - len(together))
        if len(rows[-1]) + GAP > at:
            at = layout.width - len(together)
        if len(rows[-1]) + GAP > at:
            rows.append("")
            at = max(MARGIN, min(layout.changes, layout.width - len(together)))
        rows[-1] = rows[-1].ljust(at) + together
        rest = rest[1:] if together == rest[0] else []
        rows += [""] if rest else []
    return rows
