"""What models of locks begin with: two drawers, and who opens the first one for a moment; a gate that readers share.

No model by itself: it has no scenario.
"""

from checker.lang import Lock, Range, RwLock, Struct, acquire, acquire_shared, primitive, release, release_shared


class Drawer(Struct, count=2):
    """Written under its key, read by anybody."""

    key = Lock("key")
    coins = Range(0, 1, "coins", write_guard=key)


class Slip(Struct):
    """What was seen."""

    coins = Range(0, 1, "coins")


class Clerk(Struct, count=2):
    """What each does before."""

    sits = Range(0, 1, "sits")


class Gate(Struct):
    """Of a garden."""

    lock = RwLock("lock")


@primitive()
def open_drawer():
    """Take key 0."""
    acquire(Drawer[0].key)


@primitive()
def put_in():
    """A coin."""
    Drawer[0].coins = 1


@primitive()
def take_out():
    """The coin."""
    Drawer[0].coins = 0


@primitive()
def close_drawer():
    """Give key 0 back."""
    release(Drawer[0].key)


def pay():
    """Has a coin in the drawer for a moment."""
    open_drawer()
    put_in()
    take_out()
    close_drawer()


def save():
    """Leaves a coin in the drawer."""
    Clerk[1].sits = 1
    open_drawer()
    put_in()
    close_drawer()


@primitive()
def enter():
    """The garden, shared with others."""
    acquire_shared(Gate[0].lock)


@primitive()
def leave():
    """And out again."""
    release_shared(Gate[0].lock)
