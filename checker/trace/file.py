"""Counterexample files: a picture for people, then a schedule that can be followed again.

    # how to check it again, as a comment
    <the picture>
    ---- schedule: everything below is read by `python -m checker replay` ----
    format 1
    design no_clamp
    ...
    step 1 | writer 0 | folio_lock | 2 0        who, the call (a cross-check), the choices
    ...
    digest 3f0c...                              of all lines since the ruler

A schedule names no labels and no states, so it survives changes of the compiler, and can
be tried on another design.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..base.errors import UsageError, shown_path
from ..base.files import whole_file
from ..ir.program import ANY, Program
from ..ir.slots import instance_name
from .temporal import judge_lasso
from .trace import Facts, Followed, Trace, Turn, follow

FORMAT = "1"
RULER = "---- schedule: everything below is read by `python -m checker replay` ----"
SINGLE = ("format", "model", "design", "scenario", "bound", "property", "start", "loop")


@dataclass(frozen=True)
class StoredTurn:
    """A turn as it is written: `line` is its place in the file."""

    who: str
    call: str
    choices: tuple[int, ...]
    line: int


@dataclass
class Stored:
    """What a counterexample file says.

    property: the name of what is violated at the end.  start: which initial state.
    picture: the text above the schedule.
    """

    path: str
    facts: Facts
    property: str
    start: int = 0
    loop: int | None = None
    turns: list[StoredTurn] = field(default_factory=list)
    picture: str = ""

    def follow(self, program: Program) -> Followed:
        """Follow the schedule in `program`, which may be of another design.

        UsageError if the program has no process of a name in the file.
        """
        index = {
            instance_name(process, instance): (number, instance)
            for number, process in enumerate(program.processes)
            for instance in range(process.instances)
        }
        for turn in self.turns:
            if turn.who not in index:
                raise UsageError(
                    f"{self.path}:{turn.line}: there is no process {turn.who!r} in this scenario; there are "
                    + ", ".join(index)
                )
        turns = [Turn(*index[t.who], t.choices, t.call) for t in self.turns]
        followed = follow(program, turns, self.start, self.property, self.facts)
        if self.loop is None or followed.stopped is not None or followed.trace.violation is not None:
            return followed
        trace = replace(followed.trace, loop=self.loop)
        return replace(followed, trace=replace(trace, violation=judge_lasso(trace, self.property)))


# -------------------------------------------------------------------- writing


def text_of(trace: Trace, picture: str, path: str = "FILE") -> str:
    """The contents of a counterexample file; path: the name to be told in its first line."""
    lines = [
        f"# Checked again by: python -m checker replay {path}",
        "",
        *picture.rstrip().split("\n"),
        "",
        RULER,
    ]
    schedule = _schedule(trace)
    return "\n".join([*lines, *schedule, "digest " + _digest(schedule)]) + "\n"


def write(path: Path | str, trace: Trace, picture: str) -> None:
    """Write a counterexample file, whole or not at all; OSError as from open()."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with whole_file(str(path)) as target:
        target.write_text(text_of(trace, picture, shown_path(path)), encoding="utf-8")


def _schedule(trace: Trace) -> list[str]:
    facts = trace.facts
    lines = [f"format {FORMAT}"]
    lines += [f"model {facts.model}"] if facts.model else []
    lines += [f"design {facts.design}", f"scenario {facts.scenario}"]
    lines += [f"bound {facts.bound}"] if facts.bound is not None else []
    lines += [f"set {name} = {value}" for name, value in sorted(facts.settings.items())]
    lines += [f"property {trace.violation.property if trace.violation else ''}", f"start {trace.start}"]
    lines += [f"loop {trace.loop}"] if trace.loop is not None else []
    turns = trace.turns()
    processes = trace.program.processes
    who = [instance_name(processes[t.process], t.instance) for t in turns]
    wide = [max(map(len, texts), default=0) for texts in (who, [t.call for t in turns])]
    for number, (name, turn) in enumerate(zip(who, turns), 1):
        choices = " ".join(map(str, turn.choices))
        lines.append(f"step {number:<3} | {name:<{wide[0]}} | {turn.call:<{wide[1]}} | {choices}".rstrip())
    return lines


def _digest(schedule: list[str]) -> str:
    return hashlib.sha256("\n".join(schedule).encode()).hexdigest()[:16]


# -------------------------------------------------------------------- reading


def read(path: Path | str) -> Stored:
    """Read a counterexample file; UsageError with file and line for whatever is not right in it."""
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: this is not a text file") from None
    if RULER not in lines:
        raise UsageError(
            f"{path}:{len(lines)}: the file ends without a schedule; it is cut off, or no counterexample"
        )
    ruler = lines.index(RULER)
    reader = _Reader(str(path))
    below = [(number, line) for number, line in enumerate(lines[ruler + 1 :], ruler + 2) if line.strip()]
    for position, (number, line) in enumerate(below):
        if line.startswith("digest "):
            reader.check_digest([text for _, text in below[:position]], line, number)
            if below[position + 1 :]:
                reader.refuse(below[position + 1][0], "there is text behind the digest")
            break
        reader.read_line(line, number)
    else:
        reader.refuse(len(lines), "the file ends without its digest; it is cut off")
    return reader.stored("\n".join(lines[1:ruler]).strip("\n"))


class _Reader:
    """What has been read of one file."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.single: dict[str, str] = {}
        self.settings: dict[str, int] = {}
        self.turns: list[StoredTurn] = []

    def refuse(self, line: int, text: str) -> None:
        raise UsageError(f"{self.path}:{line}: {text}")

    def number(self, text: str, line: int) -> int:
        try:
            return int(text)
        except ValueError:
            raise UsageError(f"{self.path}:{line}: {text.strip()!r} is not a number") from None

    def read_line(self, text: str, line: int) -> None:
        word, _, rest = text.partition(" ")
        if word == "step":
            self._read_step(rest, line)
        elif word == "set":
            name, _, value = rest.partition("=")
            self.settings[name.strip()] = self.number(value, line)
        elif word in SINGLE and word not in self.single:
            self.single[word] = rest.strip()
            counted = word in ("bound", "start", "loop") and (word, rest.strip()) != ("bound", ANY)
            if counted and self.number(rest, line) < 0:
                self.refuse(line, f"{word} is no number below 0")
            if word == "format" and rest.strip() != FORMAT:
                self.refuse(line, f"this is format {rest.strip()!r}; this version reads format {FORMAT}")
        else:
            self.refuse(line, f"this is no line of a schedule: {text.strip()!r}")

    def _read_step(self, text: str, line: int) -> None:
        parts = [part.strip() for part in text.split("|")]
        if len(parts) != 4:
            self.refuse(line, "a step is written: step NUMBER | PROCESS | CALL | CHOICES")
        if self.number(parts[0], line) != len(self.turns) + 1:
            self.refuse(line, f"step {parts[0]} follows step {len(self.turns)}")
        choices = tuple(self.number(c, line) for c in parts[3].split())
        self.turns.append(StoredTurn(parts[1], parts[2], choices, line))

    def check_digest(self, schedule: list[str], text: str, line: int) -> None:
        if text.removeprefix("digest ").strip() != _digest(schedule):
            self.refuse(
                line, "the schedule above is not the one that was written; it has been edited or is not whole"
            )

    def stored(self, picture: str) -> Stored:
        for word in ("format", "design", "scenario", "property", "start"):
            if word not in self.single:
                raise UsageError(f"{self.path}: the schedule has no line `{word}`")
        loop = int(self.single["loop"]) if "loop" in self.single else None
        bound = self.single.get("bound")
        bound = int(bound) if bound not in (None, ANY) else bound
        facts = Facts(
            self.single["design"], self.single["scenario"], bound, self.settings, self.single.get("model", "")
        )
        start = int(self.single["start"])
        return Stored(self.path, facts, self.single["property"], start, loop, self.turns, picture)
