"""A size inside the block that the file starts with, and one that is chosen; a block has two cells."""

from checker.lang import (
    Flag, Range, Struct, choose, constant, implies, invariant, measured, reachable, scenario, thread,
)

CELLS = constant(2, "cells in a block")
BLOCKS = constant(1, "blocks in a folio")
PAGES = constant(1, "pages in a folio")
BLOCK_SIZE = CELLS * 1
FILE_SIZE = BLOCKS * CELLS
loff_t = Range(0, FILE_SIZE)
in_bytes = measured(cells=CELLS, blocks=BLOCKS, pages=PAGES)


class Cell(Struct, count=FILE_SIZE):
    """A byte of the file, or a run of bytes that are alike."""

    written = Flag("written")


class Ends(Struct):
    """Where a write ended, and where another one did."""

    first = Range(0, FILE_SIZE, "first", init=1)
    second = Range(0, FILE_SIZE, "second")
    known = Flag("known")


ends = Ends[0]


def write():
    """A write that ends anywhere."""
    second: loff_t = choose(range(0, FILE_SIZE + 1))
    ends.second = second
    ends.known = True


@reachable
def both_end_inside():
    """Both writes end inside the block."""
    return ends.known and ends.first % BLOCK_SIZE > 0 and ends.second % BLOCK_SIZE > 0


@invariant
def inside_is_one_place():
    """Writes that end inside the block end at the same place."""
    inside = ends.first % BLOCK_SIZE > 0 and ends.second % BLOCK_SIZE > 0
    return implies(ends.known and inside, ends.first == ends.second)


once = scenario("One operation.", thread("writer", write), bound=1)
