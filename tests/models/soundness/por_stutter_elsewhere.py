"""The step that violates a transition invariant without touching it is that of the first process."""

from checker.lang import Flag, Struct, implies, old, process, scenario, transition_invariant


class Bell(Struct):
    """It is struck, and falls silent."""

    rings = Flag("rings")


class Door(Struct):
    """Somewhere else."""

    open = Flag("open")


class Walk(Struct, count=2):
    """To where they are."""

    done = Flag("done")


def enter():
    """Says nothing of the bell."""
    Walk[0].done = True
    Door[0].open = True


def strike():
    """On and off."""
    Walk[1].done = True
    Bell[0].rings = True
    Bell[0].rings = False


@transition_invariant
def silence_follows_at_once():
    """The step after the one that rings the bell silences it."""
    return implies(old(Bell[0].rings), not Bell[0].rings)


ringing = scenario("A door and a bell.", process("guest", enter), process("sexton", strike))
