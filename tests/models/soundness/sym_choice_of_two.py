"""A choice of two instances out of three."""

from checker.lang import bug_on, choose, primitive, process, scenario

from pages import Page, fill, see


def look():
    """One page is kept; a page that is chosen in the same way may be the same one."""
    one = choose(Page[0], Page[1])
    one.kept = True
    two = choose(Page[0], Page[1])
    look_again(two)


@primitive()
def look_again(page: Page):
    """It was kept."""
    bug_on(page.kept)


run = scenario("Pages.", process("look", look), process("see", see, per=Page), process("fill", fill))
