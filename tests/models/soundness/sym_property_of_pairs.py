"""Invariants of all pairs: the pages are interchangeable."""

from checker.lang import Flag, Range, Ref, Struct, choose, each, implies, invariant, process, scenario


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
def what_is_kept_is_seen_alone(one: Page, two: Page):
    """Not so."""
    return implies(one.kept and one is not two, not two.seen)


@invariant
def one_is_kept(one: Page, two: Page):
    """True."""
    return implies(one.kept and two.kept, one is two)


run = scenario("Pages.", process("look", look), process("see", see, per=Page), process("fill", fill))
