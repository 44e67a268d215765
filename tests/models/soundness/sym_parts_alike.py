"""Arrays in each instance, reached by computed numbers of parts: the pages are interchangeable."""

from checker.lang import Array, Flag, Range, Struct, bug_on, choose, primitive, process, scenario

Part = Range(0, 2)


class Page(Struct, count=3):
    """Three parts each."""

    part = Array(Flag("part"), 3)
    done = Flag("done")


@primitive()
def look(page: Page, at: Part):
    """The part behind it was filled, too: never, as each page is filled once."""
    bug_on(page.part[(at + 1) % 3] and page.done)


def fill(page: Page):
    """Any part, then a look at the one before it."""
    at: Part = choose(range(0, 3))
    page.part[at] = True
    look(page, (at + 2) % 3)
    page.done = True
    look(page, (at + 2) % 3)


run = scenario("Parts.", process("fill", fill, per=Page))
