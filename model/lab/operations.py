"""What the threads of a counterexample do, as system calls on a file: sizes in bytes, data as letters.

A cell of the model is a part of a page of 4,096 bytes; what the model writes once is one letter, so that everybody can see whose it is.
"""

from __future__ import annotations

import string
from dataclasses import dataclass, field, replace

from checker.base.errors import UsageError
from checker.trace.trace import Trace

from .points import data

PAGE = 4096
OLD = "o"


@dataclass(frozen=True)
class Operation:
    """call: an operation of guest/workload.c.  numbers: its arguments.  letter: what it writes.  begins, ends: its steps in the trace
    (ends: None if it goes on at the end)."""

    call: str
    numbers: tuple[int, ...] = ()
    letter: str = ""
    begins: int = 0
    ends: int | None = None
    said: str = ""

    def __str__(self) -> str:
        return " ".join([self.call, *map(str, self.numbers), *([self.letter] if self.letter else [])])


@dataclass(frozen=True)
class Workload:
    """block: bytes of a block of the filesystem.  data, size: of the file at the start.  threads: what each does, by name."""

    fs: str
    block: int
    data: int
    size: int
    threads: dict[str, list[Operation]] = field(default_factory=dict)
    tune: str = ""

    def undisturbed(self) -> Workload:
        """The same operations, for which all memory is there."""

        def calm(op: Operation) -> Operation:
            return replace(op, call="write", numbers=op.numbers[:2]) if op.call == "short" else op

        return replace(self, threads={name: [calm(op) for op in ops] for name, ops in self.threads.items()})

    def text(self, end: list[str]) -> str:
        """The file `operations` of the guest."""
        lines = [f"file {self.data} {self.size} {self.block}"]
        for name, operations in self.threads.items():
            lines += [f"thread {name}", *map(str, operations)]
        return "\n".join([*lines, "at_end", *end]) + "\n"


def of(trace: Trace, system: str, actors: list[str]) -> Workload:
    """The workload of a counterexample; UsageError if it takes what cannot be had.

    system: the name of the baseline.  actors: what the thread of each step is called; "" where it is no thread of user space.
    """
    made, constants = _system(system, trace.facts.scenario), _constants(trace)
    page = constants["PAGE_SIZE"]
    cell = PAGE // page
    letters = iter(string.ascii_lowercase.replace(OLD, ""))
    size = _size(trace, 0)
    on_disk = min(size, constants[made["on_disk"]]) if "on_disk" in made else size
    load = Workload(made["fs"], cell * constants["CELLS"], on_disk * cell, size * cell, tune=made.get("tune", ""))
    for name in dict.fromkeys(filter(None, actors)):
        mine = [index for index, other in enumerate(actors) if other == name]
        load.threads[name] = [_operation(trace, part, constants, cell, letters) for part in _parts(trace, mine)]
    return load


def _system(name: str, scenario: str) -> dict[str, str]:
    """What of driven.toml a system is made of."""
    for start, why in data()["cannot"].items():
        if scenario.startswith(start):
            raise UsageError(f"cannot be driven: it takes {why}")
    systems = data()["systems"]
    if name not in systems:
        raise UsageError(f"cannot be driven: the laboratory has no {name}, only {', '.join(systems)}")
    return systems[name]


def _constants(trace: Trace) -> dict[str, int]:
    """The model's constants, and those that follow from them, as model/include/state.py has them."""
    given = dict(trace.program.constants)
    folio = given["BLOCKS"] * given["CELLS"]
    return {**given, "FOLIO_SIZE": folio, "PAGE_SIZE": folio // given["PAGES"], "FILE_SIZE": folio * given["FOLIOS"]}


def _size(trace: Trace, index: int) -> int:
    slot = next(n for n in ("Inode.i_size", "inode.i_size") if any(v.name == n for v in trace.program.variables))
    return trace.states[index][trace.judge.slots.at(slot)]


def _parts(trace: Trace, mine: list[int]) -> list[list[int]]:
    """The steps of one thread, an operation each."""
    parts: list[list[int]] = []
    for index in mine:
        step = trace.steps[index]
        block = trace.program.processes[step.process].blocks[step.label]
        if block.starts or not parts:
            parts.append([])
        parts[-1].append(index)
    return parts


def _operation(trace: Trace, steps: list[int], constants: dict[str, int], cell: int, letters) -> Operation:
    blocks = [trace.program.processes[trace.steps[i].process].blocks[trace.steps[i].label] for i in steps]
    name = next((b.frames[0].function for b in blocks if not b.starts), blocks[0].call.name)
    known = data()["operations"].get(name)
    if known is None:
        raise UsageError(f"cannot be driven: there is no system call for the operation {name}()")
    own = [i for i, b in zip(steps, blocks) if len(b.frames) == 1 and b.call.name != "start"]
    chosen = [trace.steps[i].choices[0] for i in own if trace.steps[i].choices]
    names = {**constants, "chosen": lambda only: chosen[0] if chosen else only, "i_size": _size(trace, steps[0]), "min": min, "max": max}
    numbers = tuple(_value(text, names, cell if known[0] not in ("collect",) else 1) for text in known[1:])
    call, writes = known[0], known[0] in ("write", "append")
    if call == "write" and (copied := _copied(trace, steps, blocks)) is not None:
        call, numbers = "short", (*numbers, copied * cell)
    return Operation(call, numbers, next(letters) if writes else "", steps[0], steps[-1], name)


def _value(text: str, names: dict, unit: int) -> int:
    return unit * int(eval(text, {"__builtins__": {}}, names))  # of driven.toml, which is ours


def _copied(trace: Trace, steps: list[int], blocks: list) -> int | None:
    """After how many cells user memory ends within a write; None if it does not."""
    for index, after in zip(steps, blocks[1:]):
        if after.call.name == "copy_to_folio" and trace.steps[index].choices:
            return trace.steps[index].choices[-1]
    return None
