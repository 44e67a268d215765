"""A step that prefers an instance by its number."""

from checker.lang import bug_on, primitive, process, scenario

from pages import Page, fill, see


@primitive()
def keep():
    """The page is kept."""
    Page[0].kept = True


@primitive()
def again():
    """The same page is found again, and was kept."""
    bug_on(Page[0].kept)


def look():
    """Twice."""
    keep()
    again()


run = scenario("Pages.", process("look", look), process("see", see, per=Page), process("fill", fill))
