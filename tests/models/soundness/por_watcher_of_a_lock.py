"""A step waits until a lock is free and does not take it; another one takes it for ever, and could go first."""

from checker.lang import Flag, Lock, Range, Struct, acquire, invariant, is_locked, primitive, process, scenario, wait_until


class Gate(Struct):
    """It closes."""

    bolt = Lock("bolt")
    passed = Flag("passed")


class Hand(Struct, count=2):
    """What each does before."""

    n = Range(0, 1, "n")


@primitive()
def shut():
    """For ever."""
    acquire(Gate[0].bolt)


@primitive()
def pass_through():
    """While it is open."""
    wait_until(not is_locked(Gate[0].bolt))
    Gate[0].passed = True


@primitive()
def watch():
    """For ever."""
    wait_until(Hand[0].n == 0)


def guard_gate():
    """Shuts it."""
    Hand[0].n = 1
    shut()
    watch()


def walk():
    """Passes it."""
    Hand[1].n = 1
    pass_through()


@invariant
def nobody_passes():
    """The gate is shut in time."""
    return not Gate[0].passed


wall = scenario("A gate.", process("guard", guard_gate), process("walker", walk))
