"""The first instance or None: a reference that is computed as a truth value."""

from checker.lang import bug_on, primitive, process, scenario

from pages import Page, fill, hub, see


@primitive()
def note():
    """Which page it is."""
    hub.last = Page[0] if hub.full else None


@primitive()
def keep():
    """The page that was noted, if one was."""
    if hub.last is not None:
        hub.last.kept = True


@primitive()
def again():
    """The same page again, and it was kept."""
    bug_on(hub.last is not None and hub.last.kept)


def look():
    """Twice."""
    note()
    keep()
    forget()
    note()
    again()


@primitive()
def forget():
    """No page is named."""
    hub.last = None


run = scenario("Pages.", process("look", look), process("see", see, per=Page), process("fill", fill))
