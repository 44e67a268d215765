"""A lock that alike threads take shared: who holds it, a flag of each of them says."""

from checker.lang import Range, RwLock, Struct, acquire, acquire_shared, bug_on, primitive, process, release, release_shared
from checker.lang import scenario


Count = Range(0, 3)


class Hub(Struct):
    """What all share."""

    gate = RwLock("gate")
    n = Range(0, 3, "n")


hub = Hub[0]


@primitive()
def enter():
    """Shared."""
    acquire_shared(hub.gate)


@primitive()
def leave():
    """And out."""
    release_shared(hub.gate)


@primitive()
def enter_alone():
    """Nobody else."""
    acquire(hub.gate)


@primitive()
def leave_alone():
    """And out."""
    release(hub.gate)


@primitive()
def look(n: Count):
    """Counted twice: that can be."""
    bug_on(n == 2)


def work():
    """Read, then write."""
    enter()
    n: Count = hub.n
    leave()
    enter_alone()
    hub.n = min(n + 1, 3)
    leave_alone()
    look(n)


run = scenario("Three threads.", process("work", work, count=3))
