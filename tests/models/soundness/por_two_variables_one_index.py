"""One step writes two variables at one index, and only both writes together repair the property."""

from checker.lang import Array, Flag, Range, Struct, implies, invariant, primitive, process, scenario

Side = Range(0, 1)


class Scale(Struct):
    """Has two pans, which are one granule."""

    pan = Array(Flag("pan"), 2)
    before = Flag("before")
    beside = Flag("beside")


class Weight(Struct, count=2):
    """Each is a granule."""

    on = Flag("on")


class Lamp(Struct):
    """Shines."""

    lit = Flag("lit")


class Hand(Struct, count=2):
    """What each does before."""

    side = Range(0, 1, "side")


@primitive()
def put(side: Side):
    """Both writes, and reads of both, so that nobody else can write them meanwhile."""
    Scale[0].before = Scale[0].pan[0]
    Scale[0].beside = Weight[0].on
    Scale[0].pan[side] = True
    Weight[side].on = True


def weigh():
    """On the side that was chosen."""
    Hand[0].side = 0
    side = Hand[0].side
    put(side)


def shine():
    """Light."""
    Hand[1].side = 1
    Lamp[0].lit = True


@invariant
def light_comes_last():
    """The lamp is lit when the weight is on the pan."""
    return implies(Lamp[0].lit, Scale[0].pan[0] and Weight[0].on)


shop = scenario("A scale and a lamp.", process("weigher", weigh), process("lighter", shine))
