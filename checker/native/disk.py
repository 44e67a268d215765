"""Arrays in temporary files: what a search keeps but hardly reads, when memory runs short.

A file has no name from its first moment, so nothing of it remains, however the process ends.
Its blocks are asked for before they are written: on a full disk that is an error, where a
write through the mapping would end the process.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

PIECE = 64 << 20  # bytes that are asked for, or written, at a time
LEFT_TO_OTHERS = 1 << 30  # bytes of a disk that no search takes; of a small one a twentieth


class DiskFull(Exception):
    """There is no room in the directory; says what the system says."""


class DiskArray:
    """An array in a file in `directory`, which begins with the first `count` elements of `source`.

    values: all of it, `room` elements, of which only the first `allocated` may be touched.
    Raises DiskFull.
    """

    def __init__(self, directory: str, source: np.ndarray, count: int, room: int) -> None:
        self.directory, self.item, self.allocated = directory, source.itemsize, 0
        with _told(directory):
            self.file = tempfile.TemporaryFile(dir=directory, buffering=0)
            os.ftruncate(self.file.fileno(), max(room, 1) * self.item)
            self.allocate(count)
            self._fill(source, count)
            self.values = np.frombuffer(mmap.mmap(self.file.fileno(), max(room, 1) * self.item), source.dtype)

    def allocate(self, count: int) -> None:
        """Have room on the disk for `count` elements in all.  Raises DiskFull."""
        wanted = count * self.item - self.allocated * self.item
        if wanted <= 0:
            return
        with _told(self.directory):
            disk = os.statvfs(self.file.fileno())
            spare = min(LEFT_TO_OTHERS, disk.f_blocks * disk.f_frsize // 20)
            if disk.f_bavail * disk.f_frsize < wanted + spare:
                raise DiskFull(f"{self.directory} is full, but for {spare / (1 << 30):.1f} GiB that are left to others")
            os.posix_fallocate(self.file.fileno(), self.allocated * self.item, wanted)
        self.allocated = count

    def _fill(self, source: np.ndarray, count: int) -> None:
        rest = memoryview(source[:count]).cast("B")
        while rest:
            rest = rest[self.file.write(rest[:PIECE]) or 0 :]


@contextmanager
def _told(directory: str) -> Iterator[None]:
    """What the system refuses becomes DiskFull, with the directory's name."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise DiskFull(f"{directory}: {getattr(error, 'strerror', None) or error}") from error
