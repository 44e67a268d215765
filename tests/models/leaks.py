"""Two tasks that take a lock, of which one may forget to give it back, and one that hands it over."""

from __future__ import annotations

from checker.lang import Flag, Lock, RwLock, Struct, acquire, acquire_shared, baseline, choose, drop, hand_over, interrupt
from checker.lang import primitive, release, release_shared, scenario, thread, variant, wait_until


class Counter(Struct):
    """What the lock protects."""

    lock = Lock("lock")
    rwlock = RwLock("rwlock")
    begun = Flag("begun")


@primitive("leaks.c")
def take():
    """Take the lock."""
    acquire(Counter[0].lock)


@primitive("leaks.c")
def give():
    """Give it back."""
    release(Counter[0].lock)


@primitive("leaks.c")
def read_lock():
    """Take the other lock shared."""
    acquire_shared(Counter[0].rwlock)


@primitive("leaks.c")
def read_unlock():
    """Give it back."""
    release_shared(Counter[0].rwlock)


@primitive("leaks.c")
def submit():
    """Leave the lock to the interrupt."""
    hand_over(Counter[0].lock)
    Counter[0].begun = True


def update():
    """Under both locks."""
    read_lock()
    take()
    give()
    read_unlock()


def forget():
    """The same, with a return in the middle."""
    take()
    fails = choose(False, True)
    if fails:
        return
    give()


def start():
    """Begin something that the interrupt ends."""
    take()
    submit()


@primitive("leaks.c")
def end():
    """The interrupt ends it."""
    wait_until(Counter[0].begun)
    Counter[0].begun = False
    release(Counter[0].lock)


def irq():
    """The interrupt."""
    end()


careful = baseline("Nobody forgets a lock.")

reader_forgets = variant("The other lock is not given back.", drop(read_unlock, inside=update), of=careful)

both = scenario("Two that give back what they take.", thread("one", update), thread("other", update), bound=2, of=careful)

one_forgets = scenario("One of them may forget it.", thread("one", update), thread("other", forget), bound=2, of=careful)

handed_over = scenario("One leaves its lock to an interrupt.", thread("one", start), interrupt("irq", irq), bound=2, of=careful)
