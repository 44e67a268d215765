"""A step that waits for one lock and takes another one of the same array."""

from checker.lang import held, invariant, is_locked, primitive, process, release, scenario, try_acquire, wait_until

from drawers import Clerk, Drawer, Slip, save


@primitive()
def copy():
    """Key 0 must hang on its hook, key 1 is taken."""
    wait_until(not is_locked(Drawer[0].key))
    taken = try_acquire(Drawer[1].key)
    if taken:
        Slip[0].coins = Drawer[0].coins


@primitive()
def hang_up():
    """Key 1, if it was taken."""
    if held(Drawer[1].key):
        release(Drawer[1].key)


def count():
    """One reader."""
    Clerk[0].sits = 1
    copy()
    hang_up()


@invariant
def no_coin_is_counted():
    """The coins are counted before there is one."""
    return Slip[0].coins == 0


shop = scenario("Two clerks.", process("counter", count), process("saver", save))
