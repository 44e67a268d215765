"""Writes need a lock and reads do not: who holds it is not alone in reading."""

from checker.lang import invariant, process, scenario

from drawers import Drawer, Slip, pay


def look():
    """Past the drawer."""
    coins = Drawer[0].coins
    Slip[0].coins = coins


@invariant
def no_coin_is_seen():
    """Nobody passes in the wrong moment."""
    return Slip[0].coins == 0


shop = scenario("A drawer.", process("payer", pay), process("passer", look))
