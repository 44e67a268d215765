"""A step reads what a lock guards, fails or not by what it reads, and only then shows that it has the lock."""

from checker.lang import Lock, Range, Struct, acquire, bug_on, primitive, process, release, scenario


class Safe(Struct):
    """Written under its lock."""

    dial = Lock("dial")
    gold = Range(0, 1, "gold", write_guard=dial)


class Hand(Struct, count=2):
    """What each does before."""

    n = Range(0, 1, "n")


@primitive()
def peep():
    """Without the lock, which it gives back."""
    bug_on(Safe[0].gold == 1)
    release(Safe[0].dial)


@primitive()
def open_safe():
    """Take the lock."""
    acquire(Safe[0].dial)


@primitive()
def fill():
    """Under the lock."""
    Safe[0].gold = 1


@primitive()
def empty():
    """Under the lock."""
    Safe[0].gold = 0


@primitive()
def close():
    """Give the lock back."""
    release(Safe[0].dial)


def burgle():
    """Two violations, one of them while there is gold."""
    Hand[0].n = 1
    peep()


def trade():
    """Gold comes and goes."""
    Hand[1].n = 1
    open_safe()
    fill()
    empty()
    close()


bank = scenario("A safe.", process("burglar", burgle), process("trader", trade))
