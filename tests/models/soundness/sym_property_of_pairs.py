"""Invariants of all pairs: the pages are interchangeable."""

from checker.lang import implies, invariant, process, scenario

from pages import Page, fill, look, see


@invariant
def what_is_kept_is_seen_alone(one: Page, two: Page):
    """Not so."""
    return implies(one.kept and one is not two, not two.seen)


@invariant
def one_is_kept(one: Page, two: Page):
    """True."""
    return implies(one.kept and two.kept, one is two)


run = scenario("Pages.", process("look", look), process("see", see, per=Page), process("fill", fill))
