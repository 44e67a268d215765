"""A loop that takes the first free instance, as an allocator does."""

from checker.lang import bug_on, each, primitive, process, scenario

from pages import Page, fill, hub, see


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
