"""A choice under a condition that prefers an instance."""

from checker.lang import bug_on, choose, each, primitive, process, scenario

from pages import Page, fill, hub, see


def look():
    """One page is kept; a page that is chosen in the same way may be the same one."""
    one = choose(page for page in each(Page) if page is Page[0] or hub.full and page is Page[1])
    one.kept = True
    two = choose(page for page in each(Page) if page is Page[0] or hub.full and page is Page[1])
    look_again(two)


@primitive()
def look_again(page: Page):
    """It was kept."""
    bug_on(page.kept)


run = scenario("Pages.", process("look", look), process("see", see, per=Page), process("fill", fill))
