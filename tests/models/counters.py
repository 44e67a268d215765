"""N counters from 0 to K, each raised by a worker of its own.

(K + 1)^N states, N K (K + 1)^(N - 1) transitions, N K levels behind the first.
"""

from checker.lang import Range, Struct, atomic, constant, each, scenario, terminal, wait_until, worker

N = constant(3, "counters")
K = constant(3, "where a counter stops")


class Counter(Struct, count=N):
    """A counter."""

    value = Range(0, K, "value")


def count(counter: Counter):
    """Raise the counter by one."""
    with atomic("an increment"):
        wait_until(counter.value < K)
        counter.value += 1


@terminal
def all_at_the_top():
    """Nothing stops before every counter is at K."""
    return all(counter.value == K for counter in each(Counter))


counting = scenario("All count.", worker("count", count, per=Counter))
