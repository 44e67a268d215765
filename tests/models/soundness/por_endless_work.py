"""A handler that can always move, and touches nothing of others, must not put them off for ever."""

from checker.lang import Flag, Struct, interrupt, invariant, process, scenario


class Wheel(Struct):
    """Turns for ever."""

    up = Flag("up")
    back = Flag("back")


class Lamp(Struct):
    """Lit once."""

    oiled = Flag("oiled")
    lit = Flag("lit")


def turn():
    """A round: half of it, and the other half."""
    Wheel[0].up = True
    Wheel[0].back = True
    Wheel[0].up = False
    Wheel[0].back = False


def light():
    """Once."""
    Lamp[0].oiled = True
    Lamp[0].lit = True


@invariant
def it_stays_dark():
    """Nobody lights the lamp."""
    return not Lamp[0].lit


mill = scenario("A wheel and a lamp.", interrupt("wheel", turn), process("lighter", light))
