"""Processes that run for an instance are renamed with it: a page is seen once."""

from checker.lang import Flag, Struct, bug_on, primitive, process, scenario


class Page(Struct, count=3):
    """Interchangeable, with those who see them."""

    seen = Flag("seen")
    kept = Flag("kept")


@primitive()
def look(page: Page):
    """It was seen before: never."""
    bug_on(page.seen)


def see(page: Page):
    """Once for each page."""
    look(page)
    page.seen = True
    page.kept = True


run = scenario("Pages.", process("see", see, per=Page))
