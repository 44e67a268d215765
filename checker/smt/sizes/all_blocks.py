"""One program for all block sizes: what is the same in the programs in bytes of several of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from ...ir import program as ir
from ...verdict.api import Task
from ...base.errors import shown_path
from .real_sizes import Geometry, RealProgram, Unmeasured, counts_bytes, geometry_of, real_program

SIZES = (1 << 12, 1 << 13, 1 << 16)  # block sizes of the programs that are compared to see which constants are sizes
OTHERWISE = "its steps are not the same for all block sizes"


@dataclass(frozen=True)
class Sized(ir.Const):
    """A constant that counts blocks: `blocks` of them in bytes, `value` in cells."""

    blocks: int = 0


@dataclass(frozen=True)
class Wide(ir.Choose):
    """A choice of any number of bytes; lo and hi are in cells."""


@dataclass(frozen=True)
class AllBlocks:
    """A task for all block sizes.

    program: its numbers are in cells, with Sized and Wide in place of what is larger in bytes.  real: the task in blocks
    of SIZES[0] bytes.
    """

    program: ir.Program
    real: RealProgram

    @property
    def cells(self) -> int:
        return self.real.geometry.cells


def in_all_blocks(task: Task) -> AllBlocks:
    """Raises Unmeasured for what is not the same for all block sizes."""
    each = [in_blocks_of(task, size) for size in SIZES]
    for pos in each[0].counted:
        raise Unmeasured(f"{shown_path(pos.file)}:{pos.line} counts cells, or chooses for each of them")
    return AllBlocks(_joined([one.program for one in each], each[0].geometry.cells), each[0])


def in_blocks_of(task: Task, size: int) -> RealProgram:
    """The task with blocks of so many bytes, and as many pages in a folio as the scope has."""
    scope = geometry_of(task)
    return real_program(task, Geometry(size, scope.order, size * (scope.folio // scope.block), scope.cells))


def statements(body: Sequence[ir.Stmt]) -> Iterator[ir.Stmt]:
    """Statements of a body, and those inside them."""
    for statement in body:
        yield statement
        if isinstance(statement, ir.If):
            yield from statements(statement.then + statement.other)


def _joined(each: Sequence[Any], cells: int) -> Any:
    """What is the same for several block sizes, with numbers that differ as multiples of a block."""
    one = each[0]
    if isinstance(one, ir.Const):
        blocks, number = _blocks([other.value for other in each], cells)
        return Sized(number, blocks) if blocks else ir.Const(number)
    if isinstance(one, bool) or one is None or isinstance(one, (str, frozenset, dict)):
        if isinstance(one, frozenset) and any(other != one for other in each):
            raise Unmeasured(OTHERWISE)
        return one
    if isinstance(one, int):
        return _blocks(each, cells)[1]
    if any(type(other) is not type(one) for other in each):
        raise Unmeasured(OTHERWISE)
    if isinstance(one, tuple):
        if any(len(other) != len(one) for other in each):
            raise Unmeasured(OTHERWISE)
        return tuple(_joined(parts, cells) for parts in zip(*each))
    if not is_dataclass(one) or isinstance(one, (ir.Pos, ir.Frame, ir.Call)):
        return one
    kept = {f.name: _joined([getattr(x, f.name) for x in each], cells) for f in fields(one) if f.name != "by_name"}
    if isinstance(one, ir.Choose) and _is_wide(each, cells):
        return Wide(**kept)
    return type(one)(**kept)


def _is_wide(each: Sequence[ir.Choose], cells: int) -> bool:
    """Does a choice stand for any number of bytes?

    It has to begin at a block or one byte behind, and to end no earlier than one byte before a block: else the cells of
    the scope have fewer places than the bytes.
    """
    (lo, first), (hi, last) = (_blocks([getattr(one, end) for one in each], cells) for end in ("lo", "hi"))
    if lo == hi == 0 and not counts_bytes(each[0].lo, each[0].hi):
        return False
    if lo == hi or first - lo * cells not in (0, 1) or last - hi * cells < -1:
        raise Unmeasured(f"{shown_path(each[0].pos.file)}:{each[0].pos.line}: the least or the greatest size to choose is inside a block")
    return True


def _blocks(each: Sequence[int], cells: int) -> tuple[int, int]:
    """How many blocks a number counts that has these values for SIZES, and what it is in cells."""
    blocks, rest = divmod(each[1] - each[0], SIZES[1] - SIZES[0])
    bytes_more = each[0] - blocks * SIZES[0]
    if rest or any(number != blocks * size + bytes_more for number, size in zip(each, SIZES)):
        raise Unmeasured(f"the number {each[0]} is no multiple of a block of {SIZES[0]} bytes, give or take a few bytes")
    return blocks, bytes_more + blocks * cells
