"""An invariant of pairs in order."""

from checker.lang import Flag, Range, Ref, Struct, choose, each, implies, invariant, number, process, scenario


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
def no_page_before_another_one_is_kept(one: Page, two: Page):
    """Not so."""
    return implies(number(one) < number(two), not one.kept)


run = scenario("Pages.", process("look", look), process("see", see, per=Page), process("fill", fill))
