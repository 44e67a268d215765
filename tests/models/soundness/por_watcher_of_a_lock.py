"""A step waits until a lock is free and does not take it; another one takes it for ever, and could go first."""

from checker.lang import Flag, Struct, invariant, is_locked, primitive, process, scenario, wait_until

from drawers import Clerk, Drawer, open_drawer


class Hall(Struct):
    """Behind the counter."""

    passed = Flag("passed")


@primitive()
def pass_through():
    """While nobody is at the drawer."""
    wait_until(not is_locked(Drawer[0].key))
    Hall[0].passed = True


@primitive()
def watch():
    """For ever."""
    wait_until(Clerk[0].sits == 0)


def guard():
    """Keeps the key."""
    Clerk[0].sits = 1
    open_drawer()
    watch()


def walk():
    """Passes."""
    Clerk[1].sits = 1
    pass_through()


@invariant
def nobody_passes():
    """The key is taken in time."""
    return not Hall[0].passed


wall = scenario("A counter.", process("guard", guard), process("walker", walk))
