"""The number of an instance is kept."""

from checker.lang import bug_on, choose, each, number, primitive, process, scenario

from pages import Page, fill, hub, see


@primitive()
def note(page: Page):
    """Its number."""
    hub.n = number(page)
    page.kept = True


@primitive()
def again(page: Page):
    """The page with this number was kept."""
    bug_on(page.kept and number(page) == hub.n)


def look():
    """Any page, and any page again."""
    one = choose(page for page in each(Page))
    note(one)
    two = choose(page for page in each(Page))
    again(two)


run = scenario("Pages.", process("look", look), process("see", see, per=Page), process("fill", fill))
