"""Where the laboratory keeps what it makes: below the user's cache directory, each thing whole or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from checker.base.disk_cache import cache_dir
from checker.base.errors import UsageError

UNFINISHED = ".new"


def lab() -> Path:
    """The laboratory's own directory; only this user writes there."""
    return cache_dir() / "lab"


def fetched() -> Path:
    """Kernels that apt fetched, by release."""
    return lab() / "kernels"


def prepared() -> Path:
    """Machines that are ready to go on, by what they are made of."""
    return lab() / "prepared"


@contextlib.contextmanager
def replaced(place: Path) -> Iterator[Path]:
    """A new directory to fill, which takes the place of `place` at the end, whole or not at all.

    What an earlier run left unfinished, killed or without room on the disk, is removed first.  Who comes second waits.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    new = place.with_name(place.name + UNFINISHED)
    with open(place.with_name(place.name + ".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
        try:
            yield new
            shutil.rmtree(place, ignore_errors=True)
            os.rename(new, place)
        except OSError as error:
            raise UsageError(f"{new}: {error.strerror or error}") from None
        finally:
            shutil.rmtree(new, ignore_errors=True)
