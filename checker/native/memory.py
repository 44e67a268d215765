"""Memory for states: large arrays whose pages come into being when they are first touched."""

from __future__ import annotations

import mmap
import sys
from contextlib import suppress

import numpy as np

NO_RESERVE = getattr(mmap, "MAP_NORESERVE", 0x4000 if sys.platform == "linux" else 0)
HUGE_PAGE = 2 << 20  # bytes
LINES = 128  # bytes that processors pass between them in one piece: two lines of a cache


def reserve(count: int, dtype: type) -> np.ndarray:
    """An array of `count` zeros that takes address space only, until it is written.

    In huge pages where the system gives them.  Raises MemoryError if there is no address space.
    """
    size = max(count * np.dtype(dtype).itemsize, mmap.PAGESIZE)
    if not hasattr(mmap, "MAP_PRIVATE"):
        return np.zeros(count, dtype)
    try:
        memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | NO_RESERVE)
    except (OSError, ValueError, OverflowError) as error:
        raise MemoryError(f"{size} bytes of address space") from error
    if size >= HUGE_PAGE and hasattr(mmap, "MADV_HUGEPAGE"):
        with suppress(OSError):
            memory.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(memory, dtype, count)


def apart(count: int, dtype: type = np.uint64) -> np.ndarray:
    """An array of `count` zeros that shares no cache line with anything else.

    Threads that write into one line take it from each other again and again, although
    neither needs what the other writes.
    """
    size = count * np.dtype(dtype).itemsize
    memory = np.zeros(size + 2 * LINES, np.uint8)
    first = -memory.ctypes.data % LINES
    return memory[first : first + size].view(dtype)
