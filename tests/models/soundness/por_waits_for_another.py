"""A step that waits for one lock and takes another one of the same array."""

from checker.lang import Lock, Range, Struct, acquire, held, invariant, is_locked, primitive, process, release, scenario, try_acquire, wait_until


class Drawer(Struct, count=2):
    """Locked while its letter is written."""

    key = Lock("key")
    letter = Range(0, 1, "letter", write_guard=key)


class Clerk(Struct, count=2):
    """What each does before."""

    sits = Range(0, 1, "sits")


class Copy(Struct):
    """What was read."""

    text = Range(0, 1, "text")


@primitive()
def copy():
    """The key of drawer 0 must hang on its hook, that of drawer 1 is taken."""
    wait_until(not is_locked(Drawer[0].key))
    taken = try_acquire(Drawer[1].key)
    if taken:
        Copy[0].text = Drawer[0].letter


@primitive()
def hang_up():
    """The key of drawer 1, if it was taken."""
    if held(Drawer[1].key):
        release(Drawer[1].key)


@primitive()
def open_drawer():
    """Take the key of drawer 0."""
    acquire(Drawer[0].key)


@primitive()
def write():
    """Write the letter."""
    Drawer[0].letter = 1


@primitive()
def close_drawer():
    """Put the key back."""
    release(Drawer[0].key)


def read():
    """One reader."""
    Clerk[0].sits = 1
    copy()
    hang_up()


def answer():
    """One writer."""
    Clerk[1].sits = 1
    open_drawer()
    write()
    close_drawer()


@invariant
def no_new_letter_is_copied():
    """The letter is copied before it is written."""
    return Copy[0].text == 0


office = scenario("Two clerks.", process("reader", read), process("writer", answer))
