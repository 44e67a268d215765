"""More process instances than a word has bits: numbers 3 and 67 wait for what the last one does."""

from checker.lang import Flag, Range, Struct, atomic, constant, interrupt, invariant, process, scenario, wait_until

BELLS = constant(64)


class Bell(Struct, count=BELLS):
    """Each is waited for by one handler."""

    wire = Flag("wire")
    heard = Flag("heard")


class Gate(Struct):
    """The last handler waits for it."""

    wire = Flag("wire")
    open = Flag("open")
    seen = Flag("seen")


class Hand(Struct, count=2):
    """What each does before."""

    n = Range(0, 1, "n")


def ring(bell: Bell):
    """Waits for its wire."""
    with atomic("wait"):
        wait_until(bell.wire and not bell.heard)
        bell.heard = True


def unlock():
    """Waits for the wire of the gate."""
    with atomic("wait"):
        wait_until(Gate[0].wire and not Gate[0].open)
        Gate[0].open = True


def look():
    """Whether the gate is open."""
    Hand[0].n = 1
    open_now = Gate[0].open
    Gate[0].seen = open_now


def pull():
    """Both wires."""
    Hand[1].n = 1
    Bell[0].wire = True
    Gate[0].wire = True


@invariant
def nobody_sees_it_open():
    """The gate is looked at while it is closed."""
    return not Gate[0].seen


tower = scenario(
    "Bells, a gate and two hands.",
    process("looker", look), interrupt("ringer", ring, per=Bell), interrupt("porter", unlock), process("puller", pull),
)  # fmt: skip
