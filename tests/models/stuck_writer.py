"""A writer that never comes back once a flush has been lost, while another thread can always begin again.

With endless operations there is always a thread that moves; only where no further one may begin is the writer seen to be stuck.
"""

from checker.lang import Flag, Range, Struct, atomic, bug_on, constant, invariant, leads_to, scenario, thread, wait_until

MOST = constant(3, "writes before the flush is lost")


class File(Struct):
    """A file."""

    written = Range(0, MOST, "written")
    flushed = Flag("flushed")


file = File[0]


def write():
    """Write; wait for the flush of the write before."""
    if file.written == MOST:
        wait_until(file.flushed)
    else:
        with atomic("one locked instruction"):
            file.written += 1


def read():
    """Look at the file."""
    seen = file.written
    bug_on(seen > MOST)


@invariant
def one_write(f: File):
    """Violated by the second write."""
    return f.written < 2


def flush():
    """Flush, and be done with it."""
    file.flushed = True
    file.flushed = False


@leads_to(fair=("writer",))
def a_flush_ends():
    """A flush comes to its end."""
    return file.flushed, not file.flushed


both = scenario("Writes and reads.", thread("writer", write), thread("reader", read), bound=2)
flushes = scenario("Flushes only.", thread("writer", flush), bound=2)
