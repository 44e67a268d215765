"""Files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]  # where the checker lies, and the model with all that belongs to it


def belonging(path: str) -> str:
    """`path`, or the file of this name that belongs to the checker, wherever that is installed, if only that one exists."""
    own = ROOT / path
    return str(own) if own.is_file() and not os.path.exists(path) else path


@contextlib.contextmanager
def whole_file(path: str) -> Iterator[Path]:
    """A path to write to, which takes the place of `path` at the end: whole or not at all.

    A pipe or a device is written itself, never replaced.  OSError as from open().
    """
    target = Path(path)
    if target.exists() and not target.is_file():
        yield target
        return
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=target.stem + ".", suffix=target.suffix)
    os.close(handle)
    try:
        yield Path(name)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)
        os.replace(name, target)
    except BaseException as error:
        os.unlink(name)
        if isinstance(error, OSError) and error.filename in (None, name):
            raise OSError(error.errno, error.strerror, path) from None
        raise
