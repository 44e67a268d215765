"""Where a run may get a size from, a scenario for each; a block has two cells, which hide what four show."""

from checker.lang import (
    Flag, Range, Struct, atomic, choose, constant, each, implies, invariant, measured, process, reachable, scenario, thread,
    worker,
)

CELLS = constant(2, "cells in a block")
BLOCKS = constant(1, "blocks in a folio")
PAGES = constant(1, "pages in a folio")
FIRST = constant(0, "where the file's first write ended before anything runs")
BLOCK_SIZE = CELLS * 1
FILE_SIZE = BLOCKS * CELLS
loff_t = Range(0, FILE_SIZE)
in_bytes = measured(cells=CELLS, blocks=BLOCKS, pages=PAGES)


class Cell(Struct, count=FILE_SIZE):
    """A byte of the file, or a run of bytes that are alike."""

    written = Flag("written")


class Ends(Struct):
    """Where a write ended, and where another one did."""

    first = Range(0, FILE_SIZE, "first", init=FIRST)
    second = Range(0, FILE_SIZE, "second")
    known = Flag("known")


ends = Ends[0]


class Other(Struct, count=2):
    """The ends again, by number."""

    end = Range(0, FILE_SIZE, "end")


def any_file():
    """A file whose first write ended anywhere."""
    ends.first = choose(range(0, FILE_SIZE + 1))


def write():
    """A write that ends anywhere; what ended before is kept."""
    end: loff_t = choose(range(0, FILE_SIZE + 1))
    with atomic("the last one becomes the first"):
        ends.first = ends.second
        ends.second = end
        ends.known = True


def write_first():
    """A write that ends anywhere."""
    first: loff_t = choose(range(0, FILE_SIZE + 1))
    ends.first = first
    ends.known = True


def extend():
    """Another one."""
    second: loff_t = choose(range(0, FILE_SIZE + 1))
    ends.second = second


def write_second():
    """Another one, after the setup's."""
    second: loff_t = choose(range(0, FILE_SIZE + 1))
    ends.second = second
    ends.known = True


def write_twice():
    """Two writes that end anywhere."""
    first: loff_t = choose(range(0, FILE_SIZE + 1))
    ends.first = first
    second: loff_t = choose(range(0, FILE_SIZE + 1))
    ends.second = second
    ends.known = True


def write_in_a_loop():
    """Two writes that end anywhere."""
    for turn in range(0, 2):
        end: loff_t = choose(range(0, FILE_SIZE + 1))
        with atomic("the last one becomes the first"):
            ends.first = ends.second
            ends.second = end
            ends.known = turn == 1


def write_at_once():
    """Two writes that end anywhere, in one statement that is unrolled."""
    with atomic("both writes"):
        for other in each(Other):
            other.end = choose(range(0, FILE_SIZE + 1))
        ends.first = Other[0].end
        ends.second = Other[1].end
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


BOTH = (both_end_inside, inside_is_one_place)
two_steps = scenario("One operation chooses two sizes, in two steps.", thread("writer", write_twice), bound=1, properties=BOTH)
one_statement = scenario("One statement chooses both sizes.", thread("writer", write_at_once), bound=1, properties=BOTH)
loop = scenario("One operation chooses sizes in a loop.", thread("writer", write_in_a_loop), bound=1, properties=BOTH)
of_before = scenario("An operation keeps the size of the one before.", thread("writer", write), bound=2, properties=BOTH)
again = scenario("A worker chooses sizes without end, and keeps two.", worker("writer", write), properties=BOTH)
alike = scenario("Two processes of one kind choose a size each.", process("writer", write, count=2), properties=BOTH)
beside = scenario(
    "An operation chooses a size, and so does a process beside it.",
    thread("writer", write_first), process("extender", extend), bound=1, properties=BOTH,
)  # fmt: skip
after = scenario(
    "The setup chooses a size, and an operation another.", thread("writer", write_second), setup=any_file, bound=1, properties=BOTH
)
initial = scenario(
    "A size inside the block that the file starts with, and one that is chosen.", thread("writer", write_second),
    scope={FIRST: 1}, bound=1, properties=BOTH,
)  # fmt: skip
