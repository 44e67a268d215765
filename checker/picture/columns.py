"""Laying out a picture in columns of text."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .lines import Line, Picture

MARGIN = 2  # blanks at the left of the first column
GAP = 2  # blanks between columns at least
NEAREST, FARTHEST = 8, 28  # distance of columns where they reach into each other
MOST_CHANGES = 36  # room for changes at the right; longer ones take a line of their own
LONGEST = 56  # sentences longer than this go on in the next line, and calls that would end behind the last column
SHORTEST = 24  # of what is broken so: at least so much stands on a line
CALL = re.compile(r"[\w.]+\([^)]*\)($| = | -> |   )")  # and no sentence that begins with one


Mark = Callable[[str, str], str]


@dataclass(frozen=True)
class ColumnLayout:
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


def lay_out(
    picture: Picture, width: int = 80, mark: Mark = lambda text, style: text, margin: Sequence[str] = ()
) -> list[str]:
    """The lines of text; columns stand beside each other if `width` allows, else staggered.

    Changes that do not fit at the right of their call go on lines of their own.  mark: puts
    a text in the style "change", "name" or "thread 0", "thread 1", ...  margin: a text for each step of the trace,
    to stand at the right of its line, beyond `width`.
    """
    layout = _choose_layout(picture, width)
    rows: list[str] = []
    if layout.apart:
        heading = ""
        for offset, name in zip(layout.offsets, picture.threads, strict=True):
            heading = heading.ljust(offset) + name
        rows.append(mark(heading, "name"))
    last = -1
    for line in picture.lines:
        if not layout.apart and line.column not in (-1, last):
            last = line.column
            rows.append(" " * layout.offsets[last] + mark(f"[{picture.threads[last]}]", "name"))
        placed = _place(line, layout, mark)
        if margin and line.step >= 0 and not line.call:
            plain = _place(line, layout, lambda text, style: text)[0]
            placed[0] += " " * (width + GAP - len(plain)) + mark(margin[line.step], "dim")
        rows += placed
    return rows


def stands_apart(picture: Picture, width: int) -> bool:
    """Is there room for columns that do not reach into each other?"""
    return _choose_layout(picture, width).apart


def _choose_layout(picture: Picture, width: int) -> ColumnLayout:
    room = min(
        MOST_CHANGES, max((len(change) for line in picture.lines for change in line.changes), default=0)
    )
    for indent in (2, 1):
        widths = _widths(picture, indent)
        end = MARGIN + sum(widths) + GAP * len(widths)
        if end + room <= width:
            together = max((len(", ".join(line.changes)) for line in picture.lines), default=0)
            return ColumnLayout(_offsets(widths), indent, end, min(width, end + max(room, together)), True)
    indent = 2 if _stride(picture, 2, width, 1.0) >= NEAREST else 1
    stride = min(_stride(picture, indent, width, 1.0), _stride(picture, indent, width - room - GAP, 0.9))
    stride = min(max(stride, NEAREST), FARTHEST)
    near = (MARGIN + stride * k for k in range(len(picture.threads)))
    offsets = tuple(map(min, near, _offsets(_widths(picture, indent))))
    ends = (offsets[x.column] + indent * x.depth + _length(x) for x in picture.lines if x.column >= 0)
    width = min(width, max(ends) + GAP + room)
    return ColumnLayout(offsets, indent, width - room, width, False)


def _stride(picture: Picture, indent: int, end: int, share: float) -> int:
    """How far apart columns can be if that share of each column's lines is to end before `end`."""
    strides = [end]
    for column in range(1, len(picture.threads)):
        widths = sorted(
            indent * line.depth + _length(line) for line in picture.lines if line.column == column
        )
        strides.append((end - MARGIN - widths[math.ceil((len(widths) - 1) * share)]) // column)
    return min(strides)


def _widths(picture: Picture, indent: int) -> list[int]:
    """The room that each column needs."""
    widths = [len(name) for name in picture.threads]
    for line in picture.lines:
        if line.column >= 0:
            widths[line.column] = max(widths[line.column], indent * line.depth + _length(line))
    return widths


def _offsets(widths: list[int]) -> tuple[int, ...]:
    """Where columns of these widths begin."""
    return tuple(MARGIN + sum(widths[:k]) + GAP * k for k in range(len(widths)))


def _place(line: Line, layout: ColumnLayout, mark: Mark) -> list[str]:
    """A line of the picture; its changes at the right where there is room, else below."""
    texts = _wrapped(line.text, layout.start(line), layout.width)
    changes = [(0, "")] * len(texts)
    row, rest = 0, list(line.changes)
    while rest:
        together = ", ".join(rest)
        if len(together) > layout.width - layout.changes:
            together = rest[0]
        at = _where(together, len(texts[row]), layout)
        if at is not None:
            changes[row] = at, together
            rest = rest[1:] if together == rest[0] else []
        elif not texts[row]:  # a line of its own, and too long for that
            changes[row] = MARGIN, together
            rest = rest[1:] if together == rest[0] else []
        row += 1
        if rest and row == len(texts):
            texts.append("")
            changes.append((0, ""))
    style = f"thread {line.column}"
    return [
        _styled(text, style, mark) + (" " * (at - len(text)) + mark(change, "change") if change else "")
        for text, (at, change) in zip(texts, changes, strict=True)
    ]


def _styled(text: str, style: str, mark: Mark) -> str:
    words = text.lstrip()
    return " " * (len(text) - len(words)) + (mark(words, style) if words else "")


def _where(change: str, end: int, layout: ColumnLayout) -> int | None:
    """Where a change begins on a row whose text ends at `end`; None if there is no room."""
    for at in (min(layout.changes, layout.width - len(change)), layout.width - len(change)):
        if end + GAP <= at:
            return at
    return None


def _length(line: Line) -> int:
    return max(map(len, _wrapped(line.text, 0)))


def _wrapped(text: str, start: int, width: int | None = None) -> list[str]:
    longest = len(text) if CALL.match(text) else LONGEST
    if width is not None:
        longest = max(min(longest, width - start), SHORTEST)
    if len(text) <= longest:
        return [" " * start + text]
    parts = textwrap.wrap(
        text, longest, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )
    return [" " * start + part for part in parts]
