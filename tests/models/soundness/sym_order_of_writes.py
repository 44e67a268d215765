"""Statements of a step that may not change places: of several writes the last one counts."""

from checker.lang import Flag, Range, Ref, Struct, bug_on, each, primitive, process, scenario, wait_until


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
def gather():
    """The first page that was seen: what is written last counts."""
    for n in range(3):
        hub.last = Page[2 - n] if Page[2 - n].seen else hub.last


@primitive()
def keep():
    """The page that was found, if one was."""
    if hub.last is not None:
        hub.last.kept = True
        hub.last = None


@primitive()
def again():
    """The same page is found again, when all were seen."""
    for n in range(3):
        hub.last = Page[2 - n] if Page[2 - n].seen else hub.last
    bug_on(hub.last is not None and hub.last.kept and all(page.seen for page in each(Page)))


def look():
    """Twice, once all were seen."""
    wait_until(hub.full)
    gather()
    keep()
    again()


run = scenario("Pages.", process("look", look), process("see", see, per=Page), process("fill", fill))
