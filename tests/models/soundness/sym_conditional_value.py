"""A reference that is one constant or another."""

from checker.lang import primitive, process, scenario

from pages import PAGES, Page, again, fill, forget, hub, keep, see


@primitive()
def note():
    """Which page it is."""
    hub.last = Page[2] if hub.full else Page[1]


def look():
    """Twice."""
    note()
    keep()
    forget()
    note()
    again()


run = scenario("Pages.", process("look", look), process("see", see, per=Page), process("fill", fill), scope={PAGES: 4})
