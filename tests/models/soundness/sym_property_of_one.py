"""An invariant of one instance: of any other one it would not be violated."""

from checker.lang import invariant, process, scenario

from pages import Page, fill, look, see


@invariant
def the_first_page_is_not_kept():
    """Not so."""
    return not Page[0].kept


run = scenario("Pages.", process("look", look), process("see", see, per=Page), process("fill", fill))
