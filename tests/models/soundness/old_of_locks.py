"""A transition invariant that asks who held a lock before the step: free, taken, and read by others.

Nothing else tells the two moments apart, so a lock that is read as it is now makes the premise never true.
"""

from checker.lang import Flag, Lock, RwLock, Struct, acquire, acquire_shared, implies, is_locked, old, primitive, process, release, release_shared, scenario, transition_invariant


class Door(Struct):
    """Has two locks, and a lamp that is never lit."""

    lock = Lock("lock")
    gate = RwLock("gate")
    lamp = Flag("lamp")
    open = Flag("open")


@primitive()
def enter():
    """Takes the lock."""
    acquire(Door[0].lock)


@primitive()
def leave():
    """Gives it back."""
    release(Door[0].lock)


@primitive()
def look():
    """Shared with others."""
    acquire_shared(Door[0].gate)


@primitive()
def look_away():
    """Gives that back."""
    release_shared(Door[0].gate)


def visit():
    """Comes and goes."""
    enter()
    Door[0].open = True
    leave()


def watch():
    """Comes and goes, too."""
    look()
    look_away()


@transition_invariant
def nobody_takes_it_in_the_dark():
    """Who takes the lock finds the lamp lit."""
    return implies(is_locked(Door[0].lock) and not old(is_locked(Door[0].lock)), old(Door[0].lamp))


@transition_invariant
def nobody_gives_it_back_in_the_dark():
    """Who gives it back does."""
    return implies(old(is_locked(Door[0].lock)) and not is_locked(Door[0].lock), Door[0].lamp)


@transition_invariant
def nobody_looks_in_the_dark():
    """Who looks does."""
    return implies(is_locked(Door[0].gate) and not old(is_locked(Door[0].gate)), Door[0].lamp)


house = scenario("A visitor and a watcher.", process("visitor", visit), process("watcher", watch))
