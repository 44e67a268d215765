"""A setup that chooses any instance: many initial states, and the pages are interchangeable."""

from checker.lang import Flag, Range, Ref, Struct, choose, each, invariant, process, scenario


class Page(Struct, count=3):
    """Perhaps interchangeable."""

    seen = Flag("seen")
    kept = Flag("kept")


class Hub(Struct):
    """What all share."""

    full = Flag("full")
    last = Ref(Page, "last")
    n = Range(0, 8, "n")


hub = Hub[0]


def see(page: Page):
    """Once for each page."""
    page.seen = True


def look():
    """The flag of what the setup has chosen."""
    last = hub.last
    if last is not None:
        last.kept = True


def start():
    """Any page."""
    hub.last = choose(page for page in each(Page))


@invariant
def what_is_kept_is_not_seen():
    """Not so."""
    return not any(page.kept and page.seen for page in each(Page))


run = scenario("Pages.", process("look", look), process("see", see, per=Page), setup=start)
