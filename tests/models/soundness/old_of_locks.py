"""A transition invariant that asks who held a lock before the step: free, taken, and read by others.

Nothing else tells the two moments apart, so a lock that is read as it is now makes the premise never true.
"""

from checker.lang import Flag, Struct, implies, is_locked, old, process, scenario, transition_invariant

from drawers import Drawer, Gate, close_drawer, enter, leave, open_drawer


class Door(Struct):
    """Has a lamp that is never lit."""

    lamp = Flag("lamp")
    open = Flag("open")


def visit():
    """Comes and goes."""
    open_drawer()
    Door[0].open = True
    close_drawer()


def watch():
    """Comes and goes, too."""
    enter()
    leave()


@transition_invariant
def nobody_takes_it_in_the_dark():
    """Who takes the lock finds the lamp lit."""
    return implies(is_locked(Drawer[0].key) and not old(is_locked(Drawer[0].key)), old(Door[0].lamp))


@transition_invariant
def nobody_gives_it_back_in_the_dark():
    """Who gives it back does."""
    return implies(old(is_locked(Drawer[0].key)) and not is_locked(Drawer[0].key), Door[0].lamp)


@transition_invariant
def nobody_looks_in_the_dark():
    """Who looks does."""
    return implies(is_locked(Gate[0].lock) and not old(is_locked(Gate[0].lock)), Door[0].lamp)


house = scenario("A visitor and a watcher.", process("visitor", visit), process("watcher", watch))
