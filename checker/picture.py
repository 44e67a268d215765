"""The picture of a trace: one column for each thread, calls indented, changes at the right."""

from __future__ import annotations

from dataclasses import dataclass

from .interpret import Step
from .ir import Block, Frame, Pos
from .trace import Trace
from .values import Names

MARGIN = 2  # blanks at the left of the first column
GAP = 2  # blanks between columns at least
NEAREST = 12  # columns are never nearer than this, even where calls are deep


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


def picture_of(trace: Trace, ghosts: bool = False) -> Picture:
    """The lines of `trace`; ghosts: show changes of ghost variables as well."""
    return _Drawer(trace, ghosts).picture()


class _Drawer:
    def __init__(self, trace: Trace, ghosts: bool) -> None:
        self.trace, self.ghosts, self.names = trace, ghosts, Names(trace.program)
        self.columns: dict[int, int] = {}
        self.stacks: dict[int, list[tuple[str, Pos | None]]] = {}
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
        if block.starts or block.label == process.entry:
            self.stacks.pop(who, None)
        depth = self._enter(who, column, block)
        before = self.trace.states[index]
        after = self.trace.states[index + 1] if step.after is not None else before
        returned, inner = self._notes(block, step)
        text = self.names.call(block.call, self.trace.judge, before, actor) + returned
        changes = self.names.changes(before, after, self.ghosts)
        self.lines.append(Line(column, depth, text, tuple(changes)))
        self.lines += [Line(column, level, words) for level, words in inner]
        if step.violation:
            self.lines.append(Line(column, depth, f"*** {step.violation.property}: {step.violation.message}"))
        if step.after is not None and after[self.trace.judge.slots.pc(step.process, step.instance)] in process.rests:
            self.stacks.pop(who, None)

    def _enter(self, who: int, column: int, block: Block) -> int:
        """Print the calls that lead to `block` and were not printed yet; their number."""
        chain = _chain(block.frames)
        if not chain:  # the step that starts an operation stands for the call of it
            self.stacks[who] = [(block.call.name, None)]
            return 0
        printed = self.stacks.get(who, [])
        common = 0
        while common < min(len(chain), len(printed)) and chain[common] == printed[common]:
            common += 1
        for depth in range(common, len(chain)):
            self.lines.append(Line(column, depth, chain[depth][0] + "()"))
        self.stacks[who] = chain
        return len(chain)

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


def _chain(frames: tuple[Frame, ...]) -> list[tuple[str, Pos | None]]:
    """The functions of a call chain, each with the place that it was called from."""
    return [(frame.function, frames[i - 1].pos if i else None) for i, frame in enumerate(frames)]


# ------------------------------------------------------------------ laying out


@dataclass(frozen=True)
class Layout:
    """Where columns begin, how far calls are indented, where changes end."""

    offsets: tuple[int, ...]
    indent: int
    width: int

    def start(self, line: Line) -> int:
        return MARGIN if line.column < 0 else self.offsets[line.column] + self.indent * line.depth


def lay_out(picture: Picture, width: int = 80) -> list[str]:
    """The lines of text: a heading with the names of the threads, then the trace.

    Columns stand beside each other if `width` allows, else nearer; then the text of one
    may reach below the name of the next, which is never ambiguous, as a line belongs to
    one thread.  Changes that do not fit at the right of their call go on lines of their own.
    """
    layout = _choose_layout(picture, width)
    heading = ""
    for offset, name in zip(layout.offsets, picture.threads):
        heading = heading.ljust(offset) if len(heading) < offset else heading + " "
        heading += name
    rows = [heading.rstrip()]
    for line in picture.lines:
        rows += _place(line, layout)
    return rows


def _choose_layout(picture: Picture, width: int) -> Layout:
    changes = max((len(_joined(line.changes)) for line in picture.lines), default=0)
    for indent in (2, 1):
        offsets = _beside(picture, indent)
        end = offsets[-1] + _widths(picture, indent)[-1] if offsets else 0
        if end + GAP + min(changes, 24) <= width:
            return Layout(tuple(offsets), indent, min(width, max(end + GAP + changes, 72)))
    widest = max(_widths(picture, 1), default=0)
    stride = max(NEAREST, (width - widest - MARGIN) // max(1, len(picture.threads) - 1))
    near = [MARGIN + stride * column for column in range(len(picture.threads))]
    return Layout(tuple(min(n, b) for n, b in zip(near, _beside(picture, 1))), 1, width)


def _widths(picture: Picture, indent: int) -> list[int]:
    widths = [len(name) for name in picture.threads]
    for line in picture.lines:
        if line.column >= 0:
            widths[line.column] = max(widths[line.column], indent * line.depth + len(line.text))
    return widths


def _beside(picture: Picture, indent: int) -> list[int]:
    """Where columns begin if none reaches into the next."""
    offsets, at = [], MARGIN
    for wide in _widths(picture, indent):
        offsets.append(at)
        at += wide + GAP
    return offsets


def _joined(changes: tuple[str, ...]) -> str:
    return ", ".join(changes)


def _place(line: Line, layout: Layout) -> list[str]:
    text = " " * layout.start(line) + line.text
    if not line.changes:
        return [text]
    together = _joined(line.changes)
    if len(text) + GAP + len(together) <= layout.width:
        return [text + together.rjust(layout.width - len(text))]
    rows, rest = [text], list(line.changes)
    if len(text) + GAP + len(rest[0]) <= layout.width:
        rows[0] += rest[0].rjust(layout.width - len(text))
        rest = rest[1:]
    return rows + [change.rjust(layout.width) for change in rest]
