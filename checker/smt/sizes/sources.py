"""How many sizes a run of a program can have: every place where one comes from, as often as a run can come there.

A size is chosen (any number of bytes), or it is fixed: a constant of the scenario that is not zero, or the value that a
variable starts with.  A run chooses in the setup, in each operation that a thread starts, and in every other process; of
all paths through the blocks of a process the one with most choices counts.  A choice that can come again and again, as a
worker's does, makes that there is no such number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...ir import program as ir
from ...base.errors import shown_path
from .all_blocks import AllBlocks, Wide, statements
from .real_sizes import HOLDER


@dataclass(frozen=True)
class Sources:
    """chosen: the most sizes that a run chooses; None if there is no most, and `again` says why.

    fixed: sizes that do not vary, in cells.  read: of how many places where one is read a run has sizes.
    """

    chosen: int | None
    again: str
    fixed: dict[str, int]
    read: int

    @property
    def free(self) -> int:
        """All sizes of a run."""
        return max(1, (self.chosen or 0) + self.read)

    def no_room(self, cells: int) -> str:
        """Why `cells` in a block are too few for all places where sizes may lie; "" if they are not.

        A chosen size may lie anywhere among those that are fixed, so between any two of them there is a cell for each.
        """
        if self.chosen is None:
            return self.again
        if cells <= self.free:
            return f"{cells} of {self.free + 1} cells per block"
        ends = sorted({0, cells} | {value % cells for value in self.fixed.values()})
        least = min(b - a for a, b in zip(ends, ends[1:]))
        if self.chosen and least <= self.chosen:
            return f"{least} of {self.chosen + 1} cells between sizes that are fixed"
        return ""


def sources_of(every: AllBlocks, sized: set[str]) -> Sources:
    """The sources of sizes of a program; sized: its variables that hold sizes."""
    chosen, again = _chosen(every.program)
    if chosen is not None and every.real.named:
        chosen *= 2  # where a byte is named by a size, the byte behind it is told from it
    return Sources(chosen, again, _fixed(every, sized), _read(every))


def _chosen(program: ir.Program) -> tuple[int | None, str]:
    """How many sizes a run chooses at most; None and why if that has no bound."""
    total, operation = _choices(program.setup), 0
    for process in program.processes:
        most, place = _on_a_path(process)
        if most is None or (most and process.kind == "thread" and program.bound is None):
            return None, f"{process.kind} {process.name} chooses a size again and again ({place})"
        if process.kind == "thread":
            operation = max(operation, most)
        else:
            total += most * process.instances
    return total + operation * (program.bound or 0), ""


def _choices(body: Sequence[ir.Stmt]) -> int:
    """Sizes that one run of a body chooses at most."""
    total = 0
    for statement in body:
        if isinstance(statement, ir.If):
            total += max(_choices(statement.then), _choices(statement.other))
        total += isinstance(statement, Wide)
    return total


def _on_a_path(process: ir.Process) -> tuple[int | None, str]:
    """Sizes that an operation, or a process that has none, chooses at most, None if there is no most; and where."""
    chosen = {block.label: n for block in process.blocks if (n := _choices(block.body))}
    after = {label: _after(process, label) for label in chosen}
    most: dict[int, int] = {}

    def most_from(label: int) -> int:
        if label not in most:
            most[label] = chosen[label] + max((most_from(n) for n in chosen if n in after[label]), default=0)
        return most[label]

    for label in chosen:
        if label in after[label]:
            return None, _place(process.blocks[label])
    return max(map(most_from, chosen), default=0), _place(process.blocks[min(chosen)]) if chosen else ""


def _place(block: ir.Block) -> str:
    """Where a block chooses its first size."""
    pos = next(s.pos for s in statements(block.body) if isinstance(s, Wide))
    return f"{shown_path(pos.file)}:{pos.line}"


def _after(process: ir.Process, label: int) -> set[int]:
    """Labels that come after `label` before another operation starts."""
    found: set[int] = set()
    queue = [label]
    while queue:
        for statement in statements(process.blocks[queue.pop()].body):
            if isinstance(statement, ir.Goto) and statement.label not in found:
                if not process.blocks[statement.label].starts:
                    found.add(statement.label)
                    queue.append(statement.label)
    return found


# ------------------------------------------------------------------- fixed sizes


def _fixed(every: AllBlocks, sized: set[str]) -> dict[str, int]:
    """Constants that are sizes, and values inside a block that variables start with."""
    found = {name: value for name, value in every.real.sizes.items() if value}
    for variable in every.program.variables:
        if variable.name in sized:
            found |= {variable.name: value for value in variable.init if value % every.cells}
    return found


def _read(every: AllBlocks) -> int:
    """Places where a run reads fixed sizes: in the setup, in each operation, and in every other process."""
    program = every.program
    total, operation = len(_places(program.setup, every)), 0
    for process in program.processes:
        most = max((len(_places(block.body, every)) for block in process.blocks), default=0)
        if process.kind == "thread":
            operation = max(operation, most)
        else:
            total += most * process.instances
    return total + operation * (1 if program.bound is None else program.bound)


def _places(body: Sequence[ir.Stmt], every: AllBlocks) -> set[ir.Pos]:
    """Where a body reads constants that are sizes."""
    found = set()
    for statement in statements(body):
        for expr in _expressions(statement):
            if any(every.real.sizes.get(name) for name in _held(expr)):
                found.add(statement.pos)
    return found


def _expressions(statement: ir.Stmt) -> tuple[ir.Expr, ...]:
    match statement:
        case ir.Assign(value=value):
            return (value,)
        case ir.If(cond=cond) | ir.Check(cond=cond) | ir.Choose(where=cond):
            return (cond,)
    return ()


def _held(expr: ir.Expr) -> Iterator[str]:
    """Names of the holder's sizes that an expression reads."""
    match expr:
        case ir.Read(var, index):
            prefix, _, name = var.partition(".")
            if prefix == HOLDER:
                yield name
            yield from _held(index)
        case ir.Unary(_, operand):
            yield from _held(operand)
        case ir.Binary(_, left, right):
            yield from _held(left)
            yield from _held(right)
        case ir.Ite(cond, then, other):
            for inner in (cond, then, other):
                yield from _held(inner)
