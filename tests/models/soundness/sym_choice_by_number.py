"""A choice of instances whose number is small."""

from checker.lang import bug_on, choose, each, number, primitive, process, scenario

from pages import Page, fill, see


def look():
    """One page is kept; a page that is chosen in the same way may be the same one."""
    one = choose(page for page in each(Page) if number(page) < 2)
    one.kept = True
    two = choose(page for page in each(Page) if number(page) < 2)
    look_again(two)


@primitive()
def look_again(page: Page):
    """It was kept."""
    bug_on(page.kept)


run = scenario("Pages.", process("look", look), process("see", see, per=Page), process("fill", fill))
