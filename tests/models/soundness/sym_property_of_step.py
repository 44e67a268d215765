"""A transition invariant of one instance."""

from checker.lang import implies, old, process, scenario, transition_invariant

from pages import Page, fill, hub, look, see


@transition_invariant
def the_first_page_is_not_kept_before_it_is_seen():
    """Not so."""
    return implies(old(not Page[0].kept) and Page[0].kept, Page[0].seen)


@transition_invariant
def what_is_last_stays(page: Page):
    """True of all."""
    return implies(old(hub.last is page), hub.last is page)


run = scenario("Pages.", process("look", look), process("see", see, per=Page), process("fill", fill))
