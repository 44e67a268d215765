"""An index that is one constant or another."""

from checker.lang import bug_on, primitive, process, scenario

from pages import PAGES, Page, fill, hub, see


@primitive()
def keep():
    """The page is kept."""
    Page[2 if hub.full else 1].kept = True


@primitive()
def again():
    """The same page is found again, and was kept."""
    bug_on(Page[2 if hub.full else 1].kept)


def look():
    """Twice."""
    keep()
    again()


run = scenario("Pages.", process("look", look), process("see", see, per=Page), process("fill", fill), scope={PAGES: 4})
