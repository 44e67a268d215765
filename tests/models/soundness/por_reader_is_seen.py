"""A reader holds a gate for a moment; another process looks whether anybody does, and takes nothing itself."""

from checker.lang import Flag, Struct, invariant, is_locked, primitive, process, scenario

from drawers import Gate, enter, leave


class Seen(Struct):
    """By who looks."""

    busy = Flag("busy")


class Hand(Struct, count=2):
    """What each does before."""

    ready = Flag("ready")


@primitive()
def look():
    """Is anybody in?"""
    Seen[0].busy = is_locked(Gate[0].lock)


def visit():
    """In and out."""
    Hand[0].ready = True
    enter()
    leave()


def watch():
    """Looks once."""
    Hand[1].ready = True
    look()


@invariant
def nobody_is_seen():
    """The garden is empty when it is looked at."""
    return not Seen[0].busy


garden = scenario("A garden.", process("visitor", visit), process("watcher", watch))
