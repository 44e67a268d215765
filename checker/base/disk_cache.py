"""What is kept on disk for the next run, in the user's cache directory.

A cache that cannot be read or written is ignored: everything in it can be made again.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

KEPT_BYTES = 512 << 20  # of all files together
HASH_BYTES = 32

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
    """What `write` put there, if it is whole: it follows its own hash."""
    try:
        kept = place.read_bytes()
        os.utime(place)  # used just now: the last to be removed
    except OSError:
        return None
    return kept[HASH_BYTES:] if kept[:HASH_BYTES] == hashlib.sha256(kept[HASH_BYTES:]).digest() else None


def write(place: Path, content: bytes) -> None:
    """Put `content` there in one piece, so that nobody reads half of it; make room if there is too much."""
    if _passing:
        return
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=place.parent, suffix=".new", delete=False) as file:
            file.write(hashlib.sha256(content).digest() + content)
        os.replace(file.name, place)
        _make_room(place.parent)


def _make_room(directory: Path) -> None:
    """Remove what was not used for longest until at most KEPT_BYTES are left."""
    files = sorted((f.stat().st_mtime, f.stat().st_size, f) for f in directory.iterdir() if f.is_file())
    excess = sum(size for _, size, _ in files) - KEPT_BYTES
    for _, size, file in files:
        if excess <= 0:
            return
        file.unlink()
        excess -= size
