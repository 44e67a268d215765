"""An index that is a number which somebody has stored."""

from checker.lang import bug_on, primitive, process, scenario

from pages import Page, fill, hub, see


@primitive()
def keep():
    """The page is kept."""
    Page[hub.n].kept = True


@primitive()
def again():
    """The same page is found again, and was kept."""
    bug_on(Page[hub.n].kept)


def look():
    """Twice."""
    keep()
    again()


run = scenario("Pages.", process("look", look), process("see", see, per=Page), process("fill", fill))
