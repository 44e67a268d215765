"""A step takes one lock of an array, and reads what another one of the array guards."""

from checker.lang import Lock, Range, Struct, acquire, invariant, primitive, process, release, scenario


class Drawer(Struct, count=2):
    """Written under its key, read by anybody."""

    key = Lock("key")
    coins = Range(0, 1, "coins", write_guard=key)


class Slip(Struct):
    """What was seen."""

    coins = Range(0, 1, "coins")


@primitive()
def peep():
    """Takes key 0, looks into drawer 1."""
    acquire(Drawer[0].key)
    Slip[0].coins = Drawer[1].coins


@primitive()
def turn_away():
    """Give key 0 back."""
    release(Drawer[0].key)


@primitive()
def open_drawer():
    """Take key 1."""
    acquire(Drawer[1].key)


@primitive()
def put_in():
    """A coin."""
    Drawer[1].coins = 1


@primitive()
def take_out():
    """The coin."""
    Drawer[1].coins = 0


@primitive()
def close_drawer():
    """Give key 1 back."""
    release(Drawer[1].key)


def pay():
    """Has a coin in the drawer for a moment."""
    open_drawer()
    put_in()
    take_out()
    close_drawer()


def count():
    """Sees it or not."""
    peep()
    turn_away()


@invariant
def no_coin_is_seen():
    """The drawer is empty when it is looked at."""
    return Slip[0].coins == 0


shop = scenario("Two drawers.", process("payer", pay), process("counter", count))
