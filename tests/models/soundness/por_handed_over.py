"""A lock that is handed over: for a while nobody holds it, and anybody may release it.

Whoever holds a lock is alone with it as long as it has not handed it over; who waits for it, and who asks whether it is
locked, is not.
"""

from checker.lang import (
    Flag, Lock, Struct, acquire, atomic, hand_over, implies, interrupt, invariant, is_locked, primitive, process, release,
    scenario, terminal, wait_until,
)  # fmt: skip


class Page(Struct):
    """Locked by who writes it, and unlocked when it is written."""

    lock = Lock("lock")
    data = Flag("data", write_guard=lock)
    submitted = Flag("submitted")


class Seen(Struct):
    """By who waits for the page, and by who looks."""

    data = Flag("data")
    locked = Flag("locked")
    early = Flag("early")


@primitive()
def lock_page():
    """Waits for it."""
    acquire(Page[0].lock)


@primitive()
def submit():
    """From here on the page is its own."""
    Page[0].submitted = True
    hand_over(Page[0].lock)


def write():
    """Changes the page and sends it off."""
    lock_page()
    Page[0].data = True
    submit()


def end_io():
    """The page is written."""
    with atomic("end"):
        wait_until(Page[0].submitted and is_locked(Page[0].lock))
        release(Page[0].lock)


@primitive()
def take():
    """What is there when the lock is free."""
    acquire(Page[0].lock)
    Seen[0].data = Page[0].data


@primitive()
def look():
    """Without the lock."""
    Seen[0].locked = is_locked(Page[0].lock)


@primitive()
def peek():
    """The data, without the lock."""
    Seen[0].early = Page[0].data


def read():
    """Waits for the page."""
    take()


def watch():
    """Looks twice."""
    look()
    peek()


@invariant
def data_is_seen_by_who_waits_late_only():
    """Who waits finds the page as it was."""
    return not Seen[0].data


@invariant
def locked_is_not_seen_with_data():
    """Who finds it locked does not find the data."""
    return not (Seen[0].locked and Seen[0].early)


@invariant
def no_data_behind_a_free_lock():
    """Who finds it free does not find the data either."""
    return implies(Seen[0].early, Seen[0].locked)


@terminal
def the_reader_keeps_it():
    """In the end nobody holds the page."""
    return not is_locked(Page[0].lock)


disk = scenario("A page is written, waited for and looked at.", process("writer", write), interrupt("irq", end_io),
                process("reader", read), process("watcher", watch))  # fmt: skip
