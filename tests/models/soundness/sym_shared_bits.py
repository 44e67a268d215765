"""Two references that one process holds one after the other stand on the same bits of a packed state."""

from checker.lang import Flag, Range, Struct, bug_on, choose, each, primitive, process, scenario, wait_until


class Page(Struct, count=3):
    """Interchangeable."""

    seen = Flag("seen")
    kept = Flag("kept")


class Hub(Struct):
    """How far the reader is."""

    at = Range(0, 2, "at")


hub = Hub[0]


@primitive()
def compare(page: Page):
    """Another page was seen, this one was not: that can be."""
    bug_on(not page.seen and any(other.seen for other in each(Page)))


def read():
    """One page after the other."""
    first = choose(page for page in each(Page))
    hub.at = 1
    compare(first)
    second = choose(page for page in each(Page))
    hub.at = 2
    second.kept = True


def see(page: Page):
    """Once the reader has begun."""
    wait_until(hub.at > 0)
    page.seen = True


run = scenario("A reader and the pages.", process("read", read), process("see", see, per=Page))
