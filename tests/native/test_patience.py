"""Time that is over does not come in the middle of what keeps a lock."""

from __future__ import annotations

import threading
import time
from types import ModuleType

import pytest

from checker.base.patience import OutOfTime, waited, within

KEEPER = ModuleType("llvmlite.something")
exec(  # as the wrapper of llvmlite does, but slowly
    """
import time
def kept(lock, seconds):
    lock.acquire()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.001)
    lock.release()
""",
    KEEPER.__dict__,
)


def test_a_lock_of_a_library_is_given_back_when_the_time_is_over() -> None:
    lock = threading.RLock()
    with pytest.raises(OutOfTime), within(0.01):
        KEEPER.kept(lock, 0.3)
        for _ in range(1000):
            time.sleep(0.01)

    assert waited(lambda: lock.acquire(timeout=10))


def test_it_does_come_elsewhere() -> None:
    start = time.monotonic()
    with pytest.raises(OutOfTime), within(0.01):
        while time.monotonic() < start + 60:
            time.sleep(0.001)

    assert time.monotonic() < start + 60
