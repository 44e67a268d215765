"""A loop that takes the first free instance, as an allocator does."""

from checker.lang import Flag, Range, Ref, Struct, bug_on, each, primitive, process, scenario


class Page(Struct, count=3):
    """Alike, but for what is done with them."""

    seen = Flag("seen")
    kept = Flag("kept")


class Hub(Struct):
    """What all share."""

    full = Flag("full")
    n = Range(0, 2, "n")
    last = Ref(Page, "last")


hub = Hub[0]


def see(page: Page):
    """Once for each page."""
    page.seen = True


def fill():
    """At any moment."""
    hub.full = True
    hub.n = 1


@primitive()
def allocate():
    """The first one that was not seen; it may have been given out before."""
    found = False
    for page in each(Page):
        if not found and not page.seen:
            bug_on(page.kept and any(other is not page and not other.seen for other in each(Page)))
            page.kept = True
            found = True


def look():
    """The same one twice: that can be, although another one is free, too."""
    hub.n = 0
    allocate()
    hub.n = 2
    allocate()


run = scenario("Pages.", process("look", look), process("see", see, per=Page), process("fill", fill))
