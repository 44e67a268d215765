"""An invariant of pairs in order."""

from checker.lang import implies, invariant, number, process, scenario

from pages import Page, fill, look, see


@invariant
def no_page_before_another_one_is_kept(one: Page, two: Page):
    """Not so."""
    return implies(number(one) < number(two), not one.kept)


run = scenario("Pages.", process("look", look), process("see", see, per=Page), process("fill", fill))
