"""A reference that is made from a number."""

from checker.lang import primitive, process, scenario

from pages import Page, again, fill, forget, hub, keep, see


@primitive()
def note():
    """Which page it is."""
    hub.last = Page[hub.n]


def look():
    """Twice."""
    note()
    keep()
    forget()
    note()
    again()


run = scenario("Pages.", process("look", look), process("see", see, per=Page), process("fill", fill))
