"""The picture of a trace before it is laid out: whose line says what, at which depth of calls."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field

from ..ir.interpreter import Interpreter, State, Step
from ..ir.program import Block, Frame, Pos
from ..trace.trace import Trace
from ..trace.values import Names
from .cells import DrawnRow

JOINED = 60  # a call that does nothing but one other call stands on one line with it, up to this length


@dataclass(frozen=True)
class Line:
    """A line of the picture before it is laid out.

    column: of which thread, counted from the left; -1: across all of them.
    changes: state changes, to stand at the right.
    step: index of the step that it shows, or that it leads to; -1: of none.  call: it shows no step, but a call on the way.
    """

    column: int
    depth: int
    text: str
    changes: tuple[str, ...] = ()
    step: int = -1
    call: bool = False


@dataclass(frozen=True)
class Picture:
    """threads: the names over the columns; lines: the trace from top to bottom."""

    threads: tuple[str, ...]
    lines: tuple[Line, ...]


def picture_of(
    trace: Trace, ghosts: Container[str] | bool = False, rows: Sequence[DrawnRow] = (), joined: int = JOINED
) -> Picture:
    """The lines of `trace`.

    ghosts: whether to show changes of ghost variables, or of which.  rows: a change in one of them is shown
    by drawing it anew.  joined: how long lines may become by joining calls; 0: none are.
    """
    drawer = _Drawer(trace, ghosts, rows)
    for index in range(len(trace.steps)):
        if trace.loop == index:
            drawer.mark("<from here on, again and again>")
        drawer.draw(index)
    if trace.loop is not None:
        stays = trace.loop >= len(trace.steps)
        drawer.mark("<nothing more happens>" if stays else "<back to the mark above>")
    return Picture(
        tuple(drawer.names.actors[who] for who in drawer.columns), tuple(_lines(drawer.entries, joined))
    )


@dataclass(eq=False)
class _Entry:
    """A call of a function, a step, or a remark; `inside`: the call that it happens in.

    called_at, first, went_on, of calls: from where; the place of its first own step; whether
    it has taken another step since.  step: the index of the step that it is, or leads to.
    """

    column: int
    text: str
    inside: _Entry | None = None
    changes: tuple[str, ...] = ()
    is_call: bool = False
    contents: int = 0
    called_at: Pos | None = None
    first: Pos | None = None
    went_on: bool = False
    step: int = -1

    def is_called(self, frames: tuple[Frame, ...], depth: int) -> bool:
        """Can the frame at `depth` be this call?"""
        return (self.text, self.called_at) == (frames[depth].function + "()", _called_at(frames, depth))

    def begins_again(self, pos: Pos) -> bool:
        """Is `pos` where it began, so that this is most likely another call?"""
        return self.went_on and pos == self.first

    def goes_on(self, pos: Pos) -> None:
        self.went_on = self.went_on or self.first not in (None, pos)
        self.first = self.first or pos

    def is_alone(self) -> bool:
        """Is it all that the call around it does?"""
        around = self.inside
        return around is not None and around.is_call and around.contents == 1 and ")" in self.text


def _called_at(frames: tuple[Frame, ...], depth: int) -> Pos | None:
    return frames[depth - 1].pos if depth else None


@dataclass
class _Drawer:
    """Makes entries of steps.  columns: of each process instance that has taken a step;
    stacks: its calls that are printed and perhaps not over."""

    trace: Trace
    ghosts: Container[str] | bool
    rows: Sequence[DrawnRow]
    columns: dict[int, int] = field(default_factory=dict)
    stacks: dict[int, list[_Entry]] = field(default_factory=dict)
    entries: list[_Entry] = field(default_factory=list)
    now: int = -1  # the step that is being drawn

    def __post_init__(self) -> None:
        self.names = Names(self.trace.program)

    def mark(self, text: str) -> None:
        self.entries.append(_Entry(-1, text))

    def draw(self, index: int) -> None:
        """Add step `index`, and before it the calls that lead to it and are not printed yet."""
        step, actor, self.now = self.trace.steps[index], self.trace.actor(index), index
        who = actor.self - 1
        column = self.columns.setdefault(who, len(self.columns))
        process = self.trace.program.processes[step.process]
        block = process.blocks[step.label]
        if block.starts or (block.label == process.entry and process.kind != "process"):
            self.stacks.pop(who, None)
        before = self.trace.states[index]
        after = before if step.after is None else self.trace.states[index + 1]
        text = step_text(self.names, self.trace.judge, before, step)
        entry = _Entry(column, text, self._enter(who, column, block), self._changes(before, after))
        self._add(entry)
        if block.starts or not block.frames:  # the step that starts an operation stands for the call of it
            entry.called_at, entry.text = None, text
            self.stacks[who] = [entry]
        if step.violation:
            self._add(
                _Entry(column, f"*** {step.violation.property}: {step.violation.message}", entry.inside)
            )
        if (
            step.after is not None
            and step.after[self.names.slots.pc(step.process, step.instance)] in process.rests
        ):
            self.stacks.pop(who, None)

    def _add(self, entry: _Entry) -> None:
        entry.step = self.now
        self.entries.append(entry)
        if entry.inside is not None:
            entry.inside.contents += 1

    def _changes(self, before: State, after: State) -> tuple[str, ...]:
        redrawn = [row for row in self.rows if row.cells_in(before) != row.cells_in(after)]
        changes = self.names.changes(before, after, self.ghosts, {row.variable for row in redrawn})
        return (*(f"{row.title} {row.cells_in(after)}" for row in redrawn), *changes)

    def _enter(self, who: int, column: int, block: Block) -> _Entry | None:
        """Add the calls that lead to `block`; the innermost of them, None if there is none."""
        frames = block.frames
        if block.starts or not frames:
            return None
        stack = self.stacks.setdefault(who, [])
        common = 0
        while common < min(len(frames), len(stack)) and self._is_open(stack, frames, common):
            common += 1
        if common == len(frames) and stack[-1].begins_again(frames[-1].pos):
            common -= 1
        del stack[common:]
        for depth in range(common, len(frames)):
            inside = stack[-1] if stack else None
            called_at = _called_at(frames, depth)
            stack.append(
                _Entry(column, frames[depth].function + "()", inside, is_call=True, called_at=called_at)
            )
            self._add(stack[-1])
        stack[-1].goes_on(frames[-1].pos)
        return stack[-1]

    def _is_open(self, stack: list[_Entry], frames: tuple[Frame, ...], depth: int) -> bool:
        if depth == 0 and not stack[0].is_call:  # the step that started the operation
            return stack[0].text.split("(")[0] == frames[0].function
        return stack[depth].is_called(frames, depth)


def step_text(names: Names, judge: Interpreter, before: State, step: Step) -> str:
    """A step from state `before`: its call, with what it returned; of one that starts an operation, with what was chosen."""
    block = judge.program.processes[step.process].blocks[step.label]
    call, returned, chosen = names.call(block.call, judge, before, judge.actor(step.process, step.instance)), "", []
    for note in step.notes:
        value = names.value(note.type, note.value)
        if note.text in ("", block.call.name):
            returned += f" = {value}"
        elif note.text == "starts":  # which of its operations a thread starts
            call = f"{value}()"
        else:
            chosen.append(f"{note.text} = {value}")
    if block.starts and chosen and call.endswith(")"):
        arguments = call.removesuffix(")").partition("(")[2]
        call = f"{call.partition('(')[0]}({', '.join([*filter(None, [arguments]), *chosen])})"
        chosen = []
    return call + returned + "".join(f"   {one}" for one in chosen)


def _lines(entries: list[_Entry], joined: int) -> list[Line]:
    """Entries as lines; one that is all that the call around it does joins the line of that call."""
    lines: list[Line] = []
    line_of: dict[_Entry, int] = {}
    for entry in entries:
        around = line_of.get(entry.inside) if entry.inside else None
        if around is not None and entry.is_alone():
            line = lines[around]
            text = f"{line.text} -> {entry.text}"
            if len(text) <= joined:
                changes = (*line.changes, *entry.changes)
                lines[around] = Line(line.column, line.depth, text, changes, entry.step, line.call and entry.is_call)
                line_of[entry] = around
                continue
        depth = 0 if around is None else lines[around].depth + 1
        line_of[entry] = len(lines)
        lines.append(Line(entry.column, depth, entry.text, entry.changes, entry.step, entry.is_call))
    return lines
