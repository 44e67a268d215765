"""One of two lamps is lit, and stays so: that the first one goes out again is promised, and of the first one only.

Symmetry stores the state in which the last one shines, and does not come across the beginning of what is promised.
"""

from checker.lang import Flag, Struct, choose, each, invariant, leads_to, process, scenario


class Lamp(Struct, count=2):
    """Shines."""

    lit = Flag("lit")


def light():
    """One of them."""
    lamp = choose(one for one in each(Lamp))
    lamp.lit = True


@leads_to(fair=("hand",))
def goes_out():
    """The first lamp does not shine for ever."""
    return Lamp[0].lit, not Lamp[0].lit


@leads_to(fair=("hand",))
def never_both():
    """Both shine, for ever: they never do."""
    return Lamp[0].lit and Lamp[1].lit, not Lamp[0].lit


@invariant
def one_at_most():
    """They do not shine together."""
    return not (Lamp[0].lit and Lamp[1].lit)


room = scenario("A hand and two lamps.", process("hand", light))
