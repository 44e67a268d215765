"""Alike threads: one that takes the lock is compared with the owner, and locals have a value."""

from checker.lang import Flag, Lock, Range, Struct, acquire, bug_on, held, primitive, process, release, scenario, try_acquire


class Hub(Struct):
    """What all share."""

    lock = Lock("lock")
    n = Range(0, 3, "n")


hub = Hub[0]


@primitive()
def take() -> bool:
    """Perhaps."""
    return try_acquire(hub.lock)


@primitive()
def give():
    """Back."""
    release(hub.lock)


@primitive()
def look(taken: bool):
    """Taken by oneself while nobody counts: never.  Taken by another: that can be."""
    bug_on(not taken and not held(hub.lock) and hub.n == 2)


def work():
    """Count, with or without the lock."""
    taken = take()
    n = hub.n
    hub.n = min(n + 1, 3)
    look(taken)
    if taken:
        give()


run = scenario("Threads.", process("work", work, count=3))
