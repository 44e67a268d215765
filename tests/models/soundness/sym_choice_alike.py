"""A choice of any instance that was not seen: the pages are interchangeable."""

from checker.lang import bug_on, choose, each, primitive, process, scenario

from pages import Page, fill, see


def look():
    """One page is kept; a page that is chosen in the same way may be the same one."""
    one = choose(page for page in each(Page) if not page.seen)
    one.kept = True
    two = choose(page for page in each(Page) if not page.seen)
    look_again(two)


@primitive()
def look_again(page: Page):
    """It was kept."""
    bug_on(page.kept)


run = scenario("Pages.", process("look", look), process("see", see, per=Page), process("fill", fill))
