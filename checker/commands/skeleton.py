"""Two tasks add one to a counter, each under the lock: begin with this, and change it."""

from checker.lang import Field, Lock, Range, Struct, acquire, invariant, primitive, reachable, release, scenario, thread

Value = Range(0, 8)


class Counter(Struct):
    """What both of them write."""
    lock = Lock("lock")
    value = Field(Value, "value", guard=lock)


counter = Counter[0]


@primitive()
def counter_lock():
    """Wait until nobody holds it."""
    acquire(counter.lock)


@primitive()
def counter_unlock():
    """Let the others go on."""
    release(counter.lock)


@primitive()
def counter_value() -> Value:
    """What it is now."""
    return counter.value


@primitive()
def set_counter(value: Value):
    """What it is from now on."""
    counter.value = value


def increment():
    """Add one, in two steps: without the lock one of two could be lost."""
    counter_lock()
    before = counter_value()
    set_counter(before + 1)
    counter_unlock()


@reachable()
def both_have_added():
    """Two increments are seen."""
    return counter.value == 2


@invariant(witness=both_have_added)
def never_more_than_two():
    """With two operations the counter is two at most."""
    return counter.value <= 2


two = scenario("Two tasks.", thread("one", increment), thread("other", increment), bound=2)
