"""A choice of instances whose number is small."""

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


def look():
    """One page is kept; a page that is chosen in the same way may be the same one."""
    one = choose(page for page in each(Page) if number(page) < 2)
    one.kept = True
    two = choose(page for page in each(Page) if number(page) < 2)
    look_again(two)


@primitive()
def look_again(page: Page):
    """It was kept."""
    bug_on(page.kept)


run = scenario("Pages.", process("look", look), process("see", see, per=Page), process("fill", fill))
