"""A lock that two processes of each instance may own: two ways to name one identity in the same bits."""

from checker.lang import Flag, Lock, Struct, bug_on, each, held, primitive, process, release, scenario, try_acquire


class Page(Struct, count=2):
    """Interchangeable."""

    mine = Flag("mine")
    raised = Flag("raised")


class Hub(Struct):
    """What all share."""

    lock = Lock("lock")


hub = Hub[0]


@primitive()
def take(page: Page):
    """Perhaps."""
    page.mine = try_acquire(hub.lock)


@primitive()
def look(page: Page):
    """The owner sees the flag of the other page, and not that of its own: that can be."""
    bug_on(held(hub.lock) and not page.raised and any(other.raised for other in each(Page)))


def write(page: Page):
    """Takes the lock, and looks while it has it."""
    take(page)
    look(page)
    give(page)


def raise_it(page: Page):
    """Raises the flag, under the lock if it is free."""
    take(page)
    page.raised = True
    give(page)


@primitive()
def give(page: Page):
    """Give it back, if it is one's own."""
    if held(hub.lock):
        release(hub.lock)


run = scenario("Two processes for each page.", process("write", write, per=Page), process("raise", raise_it, per=Page))
