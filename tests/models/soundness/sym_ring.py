"""Instances that name each other: an index that is read from an array of references."""

from checker.lang import Flag, Ref, Struct, bug_on, choose, each, primitive, process, scenario


class Page(Struct, count=3):
    """A ring, or part of one."""

    behind = Ref("Page", "behind")
    seen = Flag("seen")


def link(page: Page):
    """To any page."""
    other = choose(other for other in each(Page))
    page.behind = other
    page.seen = True
    look(page)


@primitive()
def look(page: Page):
    """What is behind what is behind was not seen: that can be."""
    other = page.behind
    bug_on(other is not None and other.behind is not None and not other.behind.seen)


run = scenario("Links.", process("link", link, per=Page))
