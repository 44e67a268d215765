"""Dining philosophers: left fork, right fork, put both down.

All have their left fork: deadlock, after N steps.  With N philosophers there are
(1 + sqrt 2)^N + (1 - sqrt 2)^N states: 82, 198 and 1,154 for N = 5, 6 and 8.
In the scenario `ordered` the last one takes his forks in the other order.
"""

from checker.lang import Lock, Struct, acquire, atomic, constant, number, primitive, process, release, scenario

N = constant(5, "philosophers and forks")


class Fork(Struct, count=N):
    """A fork; the philosopher of the same number sits to its right."""

    taken = Lock("taken")


@primitive()
def take(fork: Fork):
    """Wait for a fork and pick it up."""
    acquire(fork.taken)


@primitive()
def put(fork: Fork):
    """Put a fork down."""
    release(fork.taken)


def dine(left: Fork):
    """Eat, again and again."""
    while True:
        take(left)
        take(Fork[(number(left) + 1) % N])
        with atomic("both forks go down at once"):
            put(left)
            put(Fork[(number(left) + 1) % N])


def dine_in_order(left: Fork):
    """Eat, again and again; the fork with the lower number first."""
    while True:
        take(left if number(left) < N - 1 else Fork[0])
        take(Fork[number(left) + 1] if number(left) < N - 1 else left)
        put(Fork[number(left) + 1] if number(left) < N - 1 else left)
        put(left if number(left) < N - 1 else Fork[0])


table = scenario("Everybody takes the left fork first.", process("philosopher", dine, per=Fork))
ordered = scenario(
    "The fork with the lower number first.",
    process("philosopher", dine_in_order, per=Fork),
    lock_order=(Fork.taken,),
)
