"""An index that is a truth value: 0 or 1."""

from checker.lang import bug_on, primitive, process, scenario

from pages import Page, fill, hub, see


@primitive()
def keep():
    """The page is kept."""
    Page[0 if hub.full else 1].kept = True


@primitive()
def again():
    """The same page is found again, and was kept."""
    bug_on(Page[0 if hub.full else 1].kept)


def look():
    """Twice."""
    keep()
    again()


run = scenario("Pages.", process("look", look), process("see", see, per=Page), process("fill", fill))
