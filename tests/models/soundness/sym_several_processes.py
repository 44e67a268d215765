"""Several processes of each instance, with locals that have a place, and owners of one lock."""

from checker.lang import Flag, Lock, Range, Struct, acquire, bug_on, each, primitive, process, release, scenario


Count = Range(0, 3)


class Page(Struct, count=2):
    """Interchangeable."""

    seen = Flag("seen")


class Hub(Struct):
    """What all share."""

    lock = Lock("lock")
    n = Range(0, 3, "n", guard=lock)


hub = Hub[0]


@primitive()
def enter():
    """Alone."""
    acquire(hub.lock)


@primitive()
def leave():
    """And out."""
    release(hub.lock)


@primitive()
def look(page: Page, n: Count):
    """Counted before the other page was seen, and that was seen: that can be."""
    bug_on(n == 1 and not page.seen and any(other.seen for other in each(Page)))


def count(page: Page):
    """Under the lock."""
    enter()
    n: Count = hub.n
    hub.n = min(n + 1, 3)
    leave()
    look(page, n)


def see(page: Page):
    """Each page once, under the lock."""
    enter()
    page.seen = True
    leave()


run = scenario("Counts.", process("count", count, per=Page), process("see", see, per=Page))
