"""A step that writes nothing of a transition invariant violates it, and only between two steps of another process."""

from checker.lang import Flag, Struct, implies, old, process, scenario, transition_invariant


class Bell(Struct):
    """It is struck, and falls silent."""

    rings = Flag("rings")


class Door(Struct):
    """Somewhere else."""

    open = Flag("open")


def strike():
    """On and off."""
    Bell[0].rings = True
    Bell[0].rings = False


def enter():
    """Says nothing of the bell."""
    Door[0].open = True


@transition_invariant
def silence_follows_at_once():
    """The step after the one that rings the bell silences it."""
    return implies(old(Bell[0].rings), not Bell[0].rings)


ringing = scenario("A bell and a door.", process("sexton", strike), process("guest", enter))
