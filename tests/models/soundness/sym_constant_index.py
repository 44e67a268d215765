"""A step that prefers an instance by its number."""

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
def keep():
    """The page is kept."""
    Page[0].kept = True


@primitive()
def again():
    """The same page is found again, and was kept."""
    bug_on(Page[0].kept)


def look():
    """Twice."""
    keep()
    again()


run = scenario("Pages.", process("look", look), process("see", see, per=Page), process("fill", fill))
