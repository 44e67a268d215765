"""A property of the end that names one instance, and a witness of all."""

from checker.lang import process, reachable, scenario, terminal

from pages import Page, fill, look, see


@terminal
def the_first_page_is_not_kept_at_the_end():
    """Not so."""
    return not Page[0].kept


@reachable
def a_page_is_kept_unseen(page: Page):
    """It can be."""
    return page.kept and not page.seen


run = scenario("Pages.", process("look", look), process("see", see, per=Page), process("fill", fill))
