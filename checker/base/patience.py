"""Work that can be left at any moment: when its time is over, and at Ctrl-C also in the middle of a call of C."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")
LOOK = 0.05  # seconds between two looks at whether a call has ended


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
        with lock:
            if not left.is_set():
                over.set()
                ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(OutOfTime))

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
