"""A small model of appends, writeback and a size that is recorded too early; and its drawings."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

from checker import lang
from checker.ir.program import (
    BOOL, Call, Expr, Fail, Frame, Goto, Instantiation, Note, Pos, Program, Property, int_type,
)  # fmt: skip
from checker.source.catalogue import Catalogue
from checker.trace.trace import Facts, fewest_switches
from tests.support.programs import assign, binary, block, process, program, read, rest, variable
from tests.support.small_search import shortest_violation

FAIL = Fail("bug_on", "not under writeback")
FACTS = Facts("broken", "two", 3, {"CELLS": 2})


SIZE, CELL = int_type(0, 4), int_type(0, 3)


def at(line: int, *functions: str) -> tuple[Frame, ...]:
    return tuple(Frame(name, Pos("file.py", line + depth)) for depth, name in enumerate(functions))


def append_program() -> Program:
    """A writer that appends two cells twice, and a completion that records the size too early.

    Cells are written behind the size; the completion takes the size of the moment for the
    size on disk, after the device got what was there before.
    """
    memory = variable("Cell.memory", BOOL, 4, label="memory", struct="Cell", field="memory")
    disk = variable("Cell.disk", BOOL, 4, label="disk", struct="Cell", field="disk")
    size = variable("Inode.i_size", SIZE, label="i_size", struct="Inode", field="i_size")
    on_disk = variable("Inode.i_disk_size", SIZE, label="i_disk_size", struct="Inode", field="i_disk_size")
    submitted = variable("Inode.submitted", SIZE, label="submitted", struct="Inode", field="submitted")
    shared = [memory, disk, size, on_disk, submitted]

    def ahead(n: int) -> Expr:
        return binary("+", read(size.name), n)

    write = process(
        "writer",
        block(
            0,
            Goto(1),
            shown=Call("append", (("len", binary("+", 1, 1), SIZE),)),
            guard=binary("<", read(size.name), 4),
            starts=True,
            frames=(),
        ),
        block(
            1,
            assign(memory.name, 1, ahead(0)),
            assign(memory.name, 1, ahead(1)),
            Goto(2),
            call="copy_data",
            frames=at(20, "append", "write_iter"),
            shown=Call("copy_data", (("pos", read(size.name), SIZE),)),
        ),
        block(
            2,
            assign(size.name, ahead(2)),
            Note("", ahead(0), SIZE),
            Goto(0),
            frames=at(30, "append"),
            call="i_size_write",
        ),
        rests=(0,),
        kind="thread",
        names=("writer 0",),
    )
    flush = process(
        "flusher",
        block(
            0,
            assign(submitted.name, read(size.name)),
            *(assign(disk.name, read(memory.name, c), c) for c in range(4)),
            Goto(1),
            call="submit",
            frames=at(40, "writepages"),
            guard=binary(">", read(size.name), 0),
        ),
        block(
            1,
            assign(on_disk.name, read(size.name)),
            Goto(2),
            call="end_io",
            frames=at(50, "writepages", "completion"),
        ),
        rest(2),
        rests=(0, 2),
    )
    backed = Property(
        "size_is_backed",
        "crash",
        "Every cell below the size on disk has its data on disk.",
        tuple(
            Instantiation(
                (("cell", f"cell {c}"),),
                binary("or", binary("<=", read(on_disk.name), c), read(disk.name, c)),
            )
            for c in range(4)
        ),
    )
    return program("file", shared, [write, flush], backed, structs=(("Cell", 4), ("Inode", 1)))


def append_trace():
    return fewest_switches(shortest_violation(append_program(), replace(FACTS, settings={})))


class Cell(lang.Struct, count=4):
    memory = lang.Flag()
    disk = lang.Flag()


class Inode(lang.Struct):
    i_size = lang.Range(0, 4)
    i_disk_size = lang.Range(0, 4)
    other = lang.Range(0, 4)


CELLS = lang.constant(2)


def drawings() -> Catalogue:
    module = ModuleType("drawn")
    letters = {False: "0", True: "D"}
    module.cache = lang.drawing(
        "page cache", Cell.memory, letters, CELLS, (Inode.i_size,), legend="D data, 0 zeros"
    )
    module.disk = lang.drawing(
        "disk", Cell.disk, letters, CELLS, (Inode.i_disk_size,), durable=True, legend="D data, 0 zeros"
    )
    module.absent = lang.drawing("absent", Inode.other, {}, 1)
    return Catalogue("file", modules=[module], constants={"CELLS": CELLS})
