"""What a thread does in its next operation counts while it ends the one before."""

from checker.lang import Flag, Range, Struct, invariant, primitive, process, scenario, thread


class Door(Struct):
    """Opened once."""

    open = Flag("open")


class Log(Struct):
    """Of who looks at the door."""

    looks = Range(0, 2, "looks")
    last = Flag("last")
    filed = Flag("filed")


@primitive()
def look():
    """Whether it is open."""
    Log[0].last = Door[0].open
    Log[0].looks = Log[0].looks + 1


def watch():
    """Looks, and does something else."""
    look()
    Log[0].filed = True


def enter():
    """Opens the door."""
    Door[0].open = True


@invariant
def the_second_look_finds_it_open():
    """The door is opened between two looks."""
    return Log[0].looks < 2 or Log[0].last


house = scenario("A door.", process("guest", enter), thread("watchman", watch), bound=2)
