"""An invariant of one instance: of any other one it would not be violated."""

from checker.lang import Flag, Range, Ref, Struct, choose, each, invariant, process, scenario


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


def look():
    """Any page."""
    page = choose(page for page in each(Page))
    page.kept = True
    hub.last = page


@invariant
def the_first_page_is_not_kept():
    """Not so."""
    return not Page[0].kept


run = scenario("Pages.", process("look", look), process("see", see, per=Page), process("fill", fill))
