"""A setup that chooses from two instances of three."""

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
    """The flag of what the setup has chosen."""
    last = hub.last
    if last is not None:
        last.kept = True


def start():
    """Chosen at the start."""
    hub.last = choose(Page[0], Page[1])


@invariant
def what_is_kept_is_not_seen():
    """Not so."""
    return not any(page.kept and page.seen for page in each(Page))


run = scenario("Pages.", process("look", look), process("see", see, per=Page), process("fill", fill), setup=start)
