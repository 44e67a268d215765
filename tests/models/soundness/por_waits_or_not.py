"""A step that waits for a lock only in one case, and reads what the lock guards in both."""

from checker.lang import Range, invariant, is_locked, primitive, process, release, scenario, try_acquire, wait_until

from drawers import Clerk, Drawer, Slip, save

Polite = Range(0, 1)


@primitive()
def copy(polite: Polite):
    """The polite wait for the key, and hold it meanwhile."""
    wait_until(polite == 0 or not is_locked(Drawer[0].key))
    if polite == 1:
        taken = try_acquire(Drawer[0].key)
    Slip[0].coins = Drawer[0].coins
    if polite == 1:
        release(Drawer[0].key)


def count():
    """Not polite."""
    Clerk[0].sits = 0
    polite = Clerk[0].sits
    copy(polite)


@invariant
def no_coin_is_counted():
    """The coins are counted before there is one."""
    return Slip[0].coins == 0


shop = scenario("Two clerks.", process("counter", count), process("saver", save))
