"""The first instance or None: a reference that is computed as a truth value."""

from checker.lang import primitive, process, scenario

from pages import Page, again, fill, forget, hub, keep, see


@primitive()
def note():
    """Which page it is."""
    hub.last = Page[0] if hub.full else None


def look():
    """Twice."""
    note()
    keep()
    forget()
    note()
    again()


run = scenario("Pages.", process("look", look), process("see", see, per=Page), process("fill", fill))
