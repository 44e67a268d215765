"""What stays the same while a schedule is walked through: threads, places in the state, properties, the text of functions.

All of it is plain data, to be written as JSON.  A function is listed once, as the design has it, and a place in it is a line of
that list.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

from ..base.errors import shown_path
from ..ir.interpreter import Interpreter
from ..ir.program import Block, Frame, Type, Variable, as_in_c
from ..picture.cells import DrawnRow, rows_of
from ..source.variant import Edits, edited
from ..trace.values import Names
from ..verdict.api import Task

JUDGED = ("invariant", "crash", "transition", "terminal")  # kinds of properties that a state or a step can violate
Label = tuple[int, int]  # index of a process, label of a block of it


@dataclass
class Scene:
    """One task, with what is looked up in it."""

    task: Task
    names: Names = field(init=False)
    judge: Interpreter = field(init=False)
    rows: tuple[DrawnRow, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.names, self.judge = Names(self.task.program), Interpreter(self.task.program)
        self.rows = rows_of(self.task.catalogue, self.task.program)
        self._sources = _Sources(self.task)

    def as_json(self, labels: Iterable[Label] | None = None) -> dict[str, Any]:
        """The scene; labels: the blocks that are spoken of, None for all of them."""
        facts, program = self.task.facts, self.task.program
        wanted = set(self._labels() if labels is None else labels)
        blocks = {f"{process}.{label}": self._block(program.processes[process].blocks[label]) for process, label in sorted(wanted)}
        types, slots = self._slots()
        return {
            "design": self.task.name, "scenario": facts.scenario, "bound": facts.bound, "settings": dict(facts.settings),
            "about": self._about(), "model": facts.model,
            "threads": [self._thread(number) for number in range(len(self.judge.actors))],
            "types": types, "slots": slots, "blocks": blocks, "functions": self._sources.listed(),
            "properties": [{"name": p.name, "kind": p.kind, "doc": p.doc} for p in program.properties if p.kind in JUDGED],
            "drawings": [{"title": row.title, "group": row.group, "durable": row.durable, "legend": row.legend} for row in self.rows],
        }  # fmt: skip

    def _about(self) -> str:
        """What the design is, in its own words."""
        return " ".join((getattr(self.task.design, "doc", "") or "").split())

    def _labels(self) -> list[Label]:
        return [(number, block.label) for number, process in enumerate(self.task.program.processes) for block in process.blocks]

    def _thread(self, number: int) -> dict[str, Any]:
        actor = self.judge.actors[number]
        process = self.task.program.processes[actor.process]
        return {
            "name": self.names.actors[number], "kind": process.kind, "process": actor.process,
            "pc": self.names.slots.pc(actor.process, actor.instance), "rests": sorted(process.rests),
        }  # fmt: skip

    def _block(self, block: Block) -> dict[str, Any]:
        """Where a thread stands: the call that comes next, the calls around it, and the locals that matter."""
        frames = [self._sources.at(frame, self._called(block, depth)) for depth, frame in enumerate(block.frames)]
        found: dict[str, Any] = {"call": block.call.name, "frames": frames}
        found |= {"live": [name.split(":", 1)[-1] for name in sorted(block.live)]} if block.live else {}
        return found | ({"atomic": block.atomic} if block.atomic else {})

    @staticmethod
    def _called(block: Block, depth: int) -> str:
        return block.frames[depth + 1].function if depth + 1 < len(block.frames) else block.call.name

    def _slots(self) -> tuple[list[Any], list[Any]]:
        """Types as [least value, names of values] or None for numbers; slots as [group, name, type, kind]."""
        types: dict[Type, int] = {}
        found: list[Any] = [None] * self.names.slots.size
        for variable in self.task.program.variables:
            type = types.setdefault(variable.type, len(types))
            for instance, group in self._owners(variable):
                for element in range(variable.count):
                    at = self.names.slots.at(variable.name, element, instance)
                    found[at] = [*self._named(variable, element, group), type, _kind(variable)]
        return [_values(self.names, type) for type in types], found

    def _owners(self, variable: Variable) -> list[tuple[int, str]]:
        """The threads that a local belongs to, each with its name; of a shared variable nobody."""
        if variable.process is None:
            return [(0, "")]
        actors = enumerate(self.judge.actors)
        return [(a.instance, self.names.actors[n]) for n, a in actors if self.task.program.processes[a.process].name == variable.process]

    def _named(self, variable: Variable, element: int, thread: str) -> tuple[str, str]:
        """The group in which an element is listed, and its name there."""
        if thread:
            name = variable.name.split(":", 1)[-1]
            return thread, name if variable.count == 1 else f"{name}[{element}]"
        name, inside = self.names.variable(variable), element % variable.per
        if not variable.struct:
            return "", name if variable.count == 1 else f"{name}[{element}]"
        if variable.lock == "readers":
            which, reader = divmod(element, len(self.names.actors))
            return self._instance(variable, which, variable.count // len(self.names.actors)), f"{name} held by {self.names.actors[reader]}"
        group = self._instance(variable, element // variable.per, variable.count // variable.per)
        return group, f"{name}[{inside}]" if variable.per > 1 else name

    @staticmethod
    def _instance(variable: Variable, which: int, count: int) -> str:
        name = as_in_c(variable.struct)
        return name if count == 1 else f"{name} {which}"


def _kind(variable: Variable) -> str:
    return "local" if variable.process is not None else "ghost" if variable.ghost else "lock" if variable.lock else ""


def _values(names: Names, type: Type) -> list[Any] | None:
    if type.kind in ("enum", "ref", "owner"):
        return [type.lo, [names.value(type, value) for value in range(type.lo, type.hi + 1)]]
    return None


class _Sources:
    """The functions of a model as one design has them, each listed when it is first spoken of."""

    def __init__(self, task: Task) -> None:
        baseline = task.scenario.of or task.catalogue.baseline_of(task.design)
        self.edits: Edits = edited(task.design, task.name, baseline)
        self.known = {(name, shown_path(self.edits.file(f))): f for name, all in task.catalogue.functions.items() for f in all}
        self.numbers: dict[FunctionType, int] = {}
        self.lines: dict[FunctionType, list[tuple[int, str]]] = {}

    def at(self, frame: Frame, called: str) -> list[Any]:
        """Number of the function, row of its text, and the place as file:line; a function without a text is its name."""
        function = self.known.get((frame.function, shown_path(frame.pos.file)))
        place = f"{shown_path(frame.pos.file)}:{frame.pos.line}"
        if function is None:
            return [frame.function, 0, place]
        number = self.numbers.setdefault(function, len(self.numbers))
        if function not in self.lines:
            self.lines[function] = self.edits.text(function)
        return [number, self._row(function, frame.pos.line, called), place]

    def _row(self, function: FunctionType, line: int, called: str) -> int:
        """Of the rows with this line number the one with the call: what an edit has put in has the number of its anchor."""
        rows = [row for row, (number, _) in enumerate(self.lines[function]) if number == line]
        fitting = [row for row in rows if f"{called}(" in self.lines[function][row][1]]
        return (fitting or rows or [0])[0]

    def listed(self) -> list[dict[str, Any]]:
        """Every function that was spoken of; marked: the rows that the design has and the file has not."""
        return [self._function(function) for function in self.numbers]

    def _function(self, function: FunctionType) -> dict[str, Any]:
        text = [line.rstrip() for _, line in self.lines[function]]
        file = shown_path(function.__code__.co_filename)
        source = getattr(function, "checker_source", "") or ""
        return {"name": function.__name__, "file": file, "kernel": source, "text": text, "edited": self._edited(function, text)}

    def _edited(self, function: FunctionType, text: list[str]) -> list[int]:
        if function not in self.edits.functions():
            return []
        before = {line.rstrip() for _, line in edited(None).text(function)}
        return [row for row, line in enumerate(text) if line not in before]
