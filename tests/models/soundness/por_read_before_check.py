"""A step reads what a lock guards, fails or not by what it reads, and only then shows that it has the lock."""

from checker.lang import bug_on, primitive, process, release, scenario

from drawers import Clerk, Drawer, pay


@primitive()
def peep():
    """Without the key, which it gives back."""
    bug_on(Drawer[0].coins == 1)
    release(Drawer[0].key)


def burgle():
    """Two violations, one of them while there is a coin."""
    Clerk[0].sits = 1
    peep()


def trade():
    """A coin comes and goes."""
    Clerk[1].sits = 1
    pay()


shop = scenario("A drawer.", process("burglar", burgle), process("trader", trade))
