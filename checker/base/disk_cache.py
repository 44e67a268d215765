"""What is kept on disk for the next run, in the user's cache directory.

A cache that cannot be read or written is ignored: everything in it can be made again.  Much of it is
executed, so that nothing is taken from it but what this user has written there, under this very name: each
file begins with a hash of its name and content.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

KEPT_BYTES = 512 << 20  # of all files together
FORM = b"1"  # of the files; part of the hash
HASH_BYTES = 32
UNFINISHED = ".new"  # ends the name of a file that is being written
ABANDONED = 3600  # seconds after which nobody goes on with one

_passing = False


def cache_dir() -> Path:
    """Where machine code and compiled programs are kept between runs."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "writeback-checker"


@contextmanager
def passing() -> Iterator[None]:
    """Nothing is kept of what is made meanwhile: it will not be wanted again."""
    global _passing
    before, _passing = _passing, True
    try:
        yield
    finally:
        _passing = before


def is_passing() -> bool:
    """Is what is made now wanted only once?"""
    return _passing


def read(place: Path) -> bytes | None:
    """What `keep` put there; None if it is not there, not whole, of another name, or not this user's own."""
    try:
        with open(place, "rb") as file:
            status = os.fstat(file.fileno())
            if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & (stat.S_IWGRP | stat.S_IWOTH):
                return None
            kept = file.read()
    except OSError:
        return None
    if kept[:HASH_BYTES] != _hash(place, kept[HASH_BYTES:]):
        return None
    with suppress(OSError):  # of a directory that can only be read
        os.utime(place)  # used just now: the last to be removed
    return kept[HASH_BYTES:]


def write(place: Path, content: bytes) -> None:
    """Put `content` there, unless it is wanted only once."""
    if not _passing:
        keep(place, content)


def keep(place: Path, content: bytes) -> None:
    """Put `content` there in one piece, so that nobody reads half of it; make room if there is too much.

    If there is no room on the disk, or the directory cannot be written, nothing happens."""
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        file = tempfile.NamedTemporaryFile(dir=place.parent, suffix=UNFINISHED, delete=False)
        try:
            with file:
                file.write(_hash(place, content) + content)
            os.replace(file.name, place)
        except BaseException:
            os.unlink(file.name)
            raise
        _make_room(place.parent)


def _hash(place: Path, content: bytes) -> bytes:
    return hashlib.sha256(b"\0".join((FORM, place.name.encode(), content))).digest()


def _make_room(directory: Path) -> None:
    """Remove what nobody goes on writing, and what was not used for longest until at most KEPT_BYTES are left."""
    files = []
    for file in directory.iterdir():
        with suppress(OSError):  # another process may have removed it
            status = file.stat()
            if stat.S_ISREG(status.st_mode):
                files.append((status.st_mtime, status.st_size, file))
    excess, old = sum(size for _, size, _ in files) - KEPT_BYTES, time.time() - ABANDONED
    for used, size, file in sorted(files):
        if excess > 0 and file.suffix != UNFINISHED or used < old and file.suffix == UNFINISHED:
            file.unlink(missing_ok=True)
            excess -= size
