"""Witnesses of one instance: another one would do as well."""

from checker.lang import Flag, Range, Ref, Struct, choose, each, process, reachable, scenario


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


@reachable
def the_first_page_is_last():
    """It can be."""
    return hub.last is Page[0] and not any(page.seen for page in each(Page))


@reachable
def the_last_page_is_last():
    """It can be."""
    return hub.last is Page[2] and not any(page.seen for page in each(Page))


run = scenario("Pages.", process("look", look), process("see", see, per=Page), process("fill", fill))
