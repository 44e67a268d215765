"""A reference that is made from a number."""

from checker.lang import Flag, Range, Ref, Struct, bug_on, primitive, process, scenario


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
def note():
    """Which page it is."""
    hub.last = Page[hub.n]


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
