"""A property is violated between two steps of one process, and only if another one has moved."""

from checker.lang import Flag, Range, Struct, implies, invariant, process, scenario


class Valve(Struct):
    """Closed for a moment."""

    closed = Flag("closed")
    level = Range(0, 2, "level", init=2)


class Fire(Struct):
    """Needs the valve."""

    on = Flag("on")


def service():
    """Closes the valve, and opens it again."""
    Valve[0].closed = True
    Valve[0].level = 0
    Valve[0].level = 2
    Valve[0].closed = False


def burn():
    """Lights the fire."""
    Fire[0].on = True


@invariant
def fire_has_an_open_valve():
    """No fire without the valve."""
    return implies(Fire[0].on, not Valve[0].closed)


@invariant
def fire_has_pressure():
    """No fire below level 1."""
    return not Fire[0].on or Valve[0].level > 0


@invariant
def an_open_valve_is_level_without_fire():
    """Where the fire is on the level does not differ from 2."""
    return not Fire[0].on or Valve[0].level == 2


boiler = scenario("A valve and a fire.", process("fitter", service), process("stoker", burn))
