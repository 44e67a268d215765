"""What the models of symmetry begin with: pages that are alike, and who sees them.

No model by itself: it has no scenario.
"""

from checker.lang import Flag, Range, Ref, Struct, bug_on, choose, constant, each, primitive

PAGES = constant(3, "pages")


class Page(Struct, count=PAGES):
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


@primitive()
def keep():
    """The page that was noted, if one was."""
    if hub.last is not None:
        hub.last.kept = True


@primitive()
def again():
    """The same page again, and it was kept."""
    bug_on(hub.last is not None and hub.last.kept)


@primitive()
def forget():
    """No page is named."""
    hub.last = None
