"""The towers of Hanoi: N discs on three pegs.

3^N states, 3 (3^N - 1) transitions; the farthest state takes 2^N - 1 moves.
"""

from checker.lang import Range, Struct, atomic, choose, constant, each, number, process, reachable, scenario

N = constant(4, "discs")
PEGS = constant(3, "pegs")


class Disc(Struct, count=N):
    """A disc; a lower number is a smaller disc."""

    peg = Range(0, PEGS - 1, "peg")


def move_discs():
    """Move the smallest disc of a peg to a peg where none is smaller, again and again."""
    while True:
        with atomic("a move"):
            move = choose(
                m
                for m in range(0, N * PEGS)
                if Disc[m // PEGS].peg != m % PEGS
                and all(
                    disc.peg != Disc[m // PEGS].peg and disc.peg != m % PEGS
                    for disc in each(Disc)
                    if number(disc) < m // PEGS
                )
            )
            Disc[move // PEGS].peg = move % PEGS


@reachable
def all_on_the_last_peg():
    """The tower can be moved."""
    return all(disc.peg == PEGS - 1 for disc in each(Disc))


towers = scenario("All discs on the first peg.", process("player", move_discs))
