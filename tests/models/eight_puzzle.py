"""The sliding puzzle: ROWS x COLUMNS places, one of them empty, all others with a tile.

Half of the arrangements can be reached: 181,440 of the 8-puzzle, 360 of 2 x 3.  From the
solved one with the empty place in a corner the farthest takes 31 moves, or 21.
"""

from checker.lang import Array, Field, Range, Struct, atomic, choose, constant, process, pure, reachable, scenario

ROWS = constant(3, "rows")
COLUMNS = constant(3, "columns")
PLACES = ROWS * COLUMNS
Spot = Range(0, PLACES - 1)


class Board(Struct):
    """The board; tile 0 is the empty place."""

    tile = Array(Field(Spot, "tile"), PLACES)
    gap = Field(Spot, "where the empty place is")


board = Board[0]


@pure()
def adjacent(a: Spot, b: Spot) -> bool:
    """Are the places a and b next to each other?"""
    same_row = a // COLUMNS == b // COLUMNS
    return (same_row and (a == b + 1 or b == a + 1)) or a == b + COLUMNS or b == a + COLUMNS


def solved():
    """All tiles in order, the empty place first."""
    for place in range(0, PLACES):
        board.tile[place] = place


def slide():
    """Slide a tile into the empty place, again and again."""
    while True:
        with atomic("a move"):
            place = choose(p for p in range(0, PLACES) if adjacent(p, board.gap))
            board.tile[board.gap] = board.tile[place]
            board.tile[place] = 0
            board.gap = place


@reachable
def gap_in_the_last_place():
    """The empty place can be brought to the opposite corner."""
    return board.gap == PLACES - 1


puzzle = scenario("From the solved board.", process("player", slide), setup=solved)
