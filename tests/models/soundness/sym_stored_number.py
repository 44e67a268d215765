"""The number of an instance is kept."""

from checker.lang import Flag, Range, Ref, Struct, bug_on, choose, each, number, primitive, process, scenario


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
def note(page: Page):
    """Its number."""
    hub.n = number(page)
    page.kept = True


@primitive()
def again(page: Page):
    """The page with this number was kept."""
    bug_on(page.kept and number(page) == hub.n)


def look():
    """Any page, and any page again."""
    one = choose(page for page in each(Page))
    note(one)
    two = choose(page for page in each(Page))
    again(two)


run = scenario("Pages.", process("look", look), process("see", see, per=Page), process("fill", fill))
