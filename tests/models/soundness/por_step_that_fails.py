"""A step that touches nothing of others fails; what others violate meanwhile is violated all the same."""

from checker.lang import Flag, Range, Struct, bug_on, invariant, process, scenario, transition_invariant, implies, old


class Press(Struct):
    """Breaks."""

    pages = Range(0, 2, "pages")


class Mill(Struct):
    """Runs on."""

    wheel = Flag("wheel")
    stone = Flag("stone")


def print_pages():
    """Private work, then a failure."""
    Press[0].pages = 1
    bug_on(Press[0].pages == 1)


def grind():
    """Violates two properties of its own."""
    Mill[0].wheel = True
    Mill[0].stone = True
    Mill[0].stone = False


@invariant
def the_stone_lies_still():
    """Nothing is ground."""
    return not Mill[0].stone


@transition_invariant
def the_stone_never_stops():
    """Once it turns it goes on."""
    return implies(old(Mill[0].stone), Mill[0].stone)


town = scenario("A press and a mill.", process("printer", print_pages), process("miller", grind))
