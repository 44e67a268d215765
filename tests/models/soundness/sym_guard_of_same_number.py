"""A field of one struct is guarded by the lock of the same number of another one: they are renamed together."""

from checker.lang import Flag, Lock, Struct, acquire, bug_on, choose, each, primitive, process, release, scenario


class Gate(Struct, count=2):
    """One for each page."""

    lock = Lock("lock")


class Page(Struct, count=2):
    """Written under the gate of its number."""

    data = Flag("data", write_guard=Gate.lock)
    seen = Flag("seen")


@primitive()
def enter(gate: Gate):
    """Alone."""
    acquire(gate.lock)


@primitive()
def leave(gate: Gate):
    """And out."""
    release(gate.lock)


def write():
    """Any page, under any gate: it may be that of the other page."""
    gate = choose(gate for gate in each(Gate))
    page = choose(page for page in each(Page))
    enter(gate)
    page.data = True
    leave(gate)


@primitive()
def look(page: Page):
    """Written before it was seen."""
    bug_on(page.data and not page.seen)


def see(page: Page):
    """Each page once."""
    look(page)
    page.seen = True


run = scenario("Gates.", process("write", write), process("see", see, per=Page))
