"""Arrays in each instance: a part that is reached by number, of one instance."""

from checker.lang import Array, Flag, Range, Struct, bug_on, choose, primitive, process, scenario

Part = Range(0, 2)


class Page(Struct, count=2):
    """Three parts each."""

    part = Array(Flag("part"), 3)
    done = Flag("done")


@primitive()
def fill(at: Part):
    """A part of the first page."""
    Page[0].part[at] = True


@primitive()
def again(at: Part):
    """The same one."""
    bug_on(Page[0].part[at])


def watch():
    """Any part, twice."""
    at: Part = choose(range(0, 3))
    fill(at)
    again(at)


def finish(page: Page):
    """Each page once."""
    page.done = True


run = scenario("Parts.", process("watch", watch), process("finish", finish, per=Page))
