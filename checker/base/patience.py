"""Work that can be left at any moment: when its time is over, and at Ctrl-C also in the middle of a call of C."""

from __future__ import annotations

import ctypes
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")
LOOK = 0.05  # seconds between two looks at whether a call has ended
KEEPERS = ("llvmlite", "numba")  # packages that take locks in Python: left in the middle, they keep them for ever


class OutOfTime(BaseException):
    """The time is over.  No Exception, as it must not be taken for an error of what it comes in the middle of."""


@contextmanager
def within(seconds: float | None) -> Iterator[None]:
    """Raises OutOfTime, in this thread, if the block takes longer.  None: it may take as long as it likes."""
    if seconds is None:
        yield
        return
    over, left, lock = threading.Event(), threading.Event(), threading.Lock()
    thread = ctypes.c_ulong(threading.get_ident())

    def stop() -> None:
        while not left.is_set():
            with lock:
                with _alone():  # it arrives at the next call that the thread makes from where it is now
                    if not left.is_set() and not _keeps_locks(thread.value):
                        over.set()
                        ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(OutOfTime))
                        return
            time.sleep(LOOK)

    timer = threading.Timer(max(seconds, 0), stop)
    timer.daemon = True
    timer.start()
    try:
        yield
        with lock:
            left.set()
        while over.is_set():  # it was sent, and is about to arrive
            time.sleep(LOOK)
    finally:
        left.set()
        timer.cancel()


@contextmanager
def _alone() -> Iterator[None]:
    """No other thread runs Python meanwhile, as long as the block does not wait."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def _keeps_locks(thread: int) -> bool:
    """Is the thread in the middle of what may not be left?"""
    frame = sys._current_frames().get(thread)
    while frame is not None:
        if frame.f_globals.get("__name__", "").partition(".")[0] in KEEPERS:
            return True
        frame = frame.f_back
    return False


def waited(call: Callable[[], T]) -> T:
    """`call()`, in a thread of its own, so that who waits for it can be interrupted while it is in C.

    What is left behind then runs to its end, and nobody looks at it.  Raises what `call` raises."""
    done: dict[str, Any] = {}

    def run() -> None:
        try:
            done["value"] = call()
        except BaseException as error:
            done["error"] = error

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(LOOK)
    if "error" in done:
        raise done["error"]
    return done["value"]
