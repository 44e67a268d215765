"""A transition invariant of one instance."""

from checker.lang import Flag, Range, Ref, Struct, choose, each, implies, old, process, scenario, transition_invariant


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


@transition_invariant
def the_first_page_is_not_kept_before_it_is_seen():
    """Not so."""
    return implies(old(not Page[0].kept) and Page[0].kept, Page[0].seen)


@transition_invariant
def what_is_last_stays(page: Page):
    """True of all."""
    return implies(old(hub.last is page), hub.last is page)


run = scenario("Pages.", process("look", look), process("see", see, per=Page), process("fill", fill))
