"""Where a design's program parts from that of its baseline: the first steps that are others.

Both are followed from the beginning of each process, step beside step, as long as the two do the same; labels
and lines do not matter.  Where they do not, the design's step is one of its own.  A run that comes to none
of these is a run of the baseline.
"""

from __future__ import annotations

from dataclasses import fields

from ..ir.program import Goto, Note, Process, Program, Stmt

Step = tuple[int, int]  # index of a process, label
Told = tuple[str, tuple[int, ...]]  # what a step does, and the labels of those that may follow it, in order
SAID = ("pos", "message")  # what a statement only says


def changed_steps(program: Program, base: Program) -> frozenset[Step]:
    """The steps at which `program` parts from `base`.  If its initial states are made in another way, these are
    the first ones of all processes."""
    if _told(program.setup) != _told(base.setup):
        return frozenset((index, process.entry) for index, process in enumerate(program.processes))
    others = {process.name: process for process in base.processes}
    return frozenset(
        (index, label) for index, process in enumerate(program.processes) for label in _parting(process, others[process.name])
    )


def _parting(process: Process, base: Process) -> set[int]:
    """The labels at which a process does something else than in the baseline's program."""
    ours, theirs = ([(repr(b.guard), *_told(b.body)) for b in one.blocks] for one in (process, base))
    found, waiting = set(), [(process.entry, base.entry)]
    seen = set(waiting)
    while waiting:
        here, there = waiting.pop()
        if ours[here][:2] != theirs[there][:2]:
            found.add(here)
            continue
        following = {*zip(ours[here][2], theirs[there][2], strict=True)} - seen
        seen |= following
        waiting += following
    return found


def _told(body: tuple[Stmt, ...]) -> Told:
    texts: list[str] = []
    labels: list[int] = []
    for stmt in body:
        if isinstance(stmt, Goto):
            labels.append(stmt.label)
        if isinstance(stmt, Note):
            continue
        texts.append(type(stmt).__name__)
        for field in fields(stmt) if not isinstance(stmt, Goto) else ():
            value = getattr(stmt, field.name)
            if field.name in ("then", "other"):
                text, inner = _told(value)
                texts.append(f"({text})")
                labels += inner
            elif field.name not in SAID:
                texts.append(repr(value))
    return " ".join(texts), tuple(labels)
