"""A step that waits for a lock only in one case, and reads what the lock guards in both."""

from checker.lang import Lock, Range, Struct, acquire, invariant, is_locked, primitive, process, release, scenario, try_acquire, wait_until

Polite = Range(0, 1)


class Board(Struct):
    """Written under its lock, read by anybody."""

    chalk = Lock("chalk")
    figure = Range(0, 1, "figure", write_guard=chalk)


class Pupil(Struct, count=2):
    """What each does before."""

    polite = Range(0, 1, "polite")


class Book(Struct):
    """What was copied."""

    figure = Range(0, 1, "copied")


@primitive()
def copy(polite: Polite):
    """The polite wait for the chalk, and hold it meanwhile."""
    wait_until(polite == 0 or not is_locked(Board[0].chalk))
    if polite == 1:
        taken = try_acquire(Board[0].chalk)
    Book[0].figure = Board[0].figure
    if polite == 1:
        release(Board[0].chalk)


@primitive()
def take():
    """Take the chalk."""
    acquire(Board[0].chalk)


@primitive()
def write():
    """Write a figure."""
    Board[0].figure = 1


@primitive()
def give():
    """Give the chalk back."""
    release(Board[0].chalk)


def learn():
    """Not polite."""
    Pupil[0].polite = 0
    polite = Pupil[0].polite
    copy(polite)


def teach():
    """Writes."""
    Pupil[1].polite = 1
    take()
    write()
    give()


@invariant
def nothing_is_copied():
    """The figure is copied before it is written."""
    return Book[0].figure == 0


school = scenario("A pupil and a teacher.", process("pupil", learn), process("teacher", teach))
