"""Processes that run for an instance are renamed with it: a page is seen once."""

from checker.lang import Flag, Struct, bug_on, primitive, process, scenario


class Page(Struct, count=3):
    """Interchangeable, with those who see them."""

    fresh = Flag("fresh", init=True)


@primitive()
def look(page: Page):
    """It was seen before: never."""
    bug_on(not page.fresh)


def see(page: Page):
    """Once for each page."""
    look(page)
    page.fresh = False


run = scenario("Pages.", process("see", see, per=Page))
