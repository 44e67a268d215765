"""A step takes one lock of an array, and reads what another one of the array guards."""

from checker.lang import acquire, invariant, primitive, process, release, scenario

from drawers import Drawer, Slip, pay


@primitive()
def peep():
    """Takes key 1, looks into drawer 0."""
    acquire(Drawer[1].key)
    Slip[0].coins = Drawer[0].coins


@primitive()
def turn_away():
    """Give key 1 back."""
    release(Drawer[1].key)


def count():
    """Sees it or not."""
    peep()
    turn_away()


@invariant
def no_coin_is_seen():
    """The drawer is empty when it is looked at."""
    return Slip[0].coins == 0


shop = scenario("Two drawers.", process("payer", pay), process("counter", count))
