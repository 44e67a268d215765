"""Writes need a lock and reads do not: who holds it is not alone in reading."""

from checker.lang import Lock, Range, Struct, acquire, invariant, primitive, process, release, scenario


class Sign(Struct):
    """Turned under its lock, seen by everybody."""

    chain = Lock("chain")
    shows = Range(0, 1, "shows", write_guard=chain)


class Driver(Struct):
    """What was seen."""

    saw = Range(0, 1, "saw")


@primitive()
def take():
    """The chain."""
    acquire(Sign[0].chain)


@primitive()
def turn():
    """To the wrong side."""
    Sign[0].shows = 1


@primitive()
def turn_back():
    """To the right one."""
    Sign[0].shows = 0


@primitive()
def give():
    """The chain."""
    release(Sign[0].chain)


def paint():
    """The back of the sign."""
    take()
    turn()
    turn_back()
    give()


def drive():
    """Past the sign."""
    shows = Sign[0].shows
    Driver[0].saw = shows


@invariant
def the_back_is_not_seen():
    """Nobody drives by in the wrong moment."""
    return Driver[0].saw == 0


road = scenario("A sign.", process("painter", paint), process("driver", drive))
