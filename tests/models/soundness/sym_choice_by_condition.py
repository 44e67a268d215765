"""A choice of instances that are the one constant or the other."""

from checker.lang import bug_on, choose, each, primitive, process, scenario

from pages import Page, fill, hub, see


def look():
    """One page is kept; a page that is chosen in the same way may be the same one."""
    one = choose(page for page in each(Page) if page is (Page[1] if hub.full else Page[0]))
    one.kept = True
    two = choose(page for page in each(Page) if page is (Page[1] if hub.full else Page[0]))
    look_again(two)


@primitive()
def look_again(page: Page):
    """It was kept."""
    bug_on(page.kept)


run = scenario("Pages.", process("look", look), process("see", see, per=Page), process("fill", fill))
