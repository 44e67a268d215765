"""How the search loop is compiled: by Numba, once for all programs, and kept on disk.

Numba knows a cached function by the file that it stands in, and does not see a change in
another file whose functions are part of it.  So the cache is a directory of its own for
each state of the loop's sources.
"""

from __future__ import annotations

import atexit
import hashlib
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import numba

from .disk_cache import cache_dir

SOURCES = (
    "visited.py", "chains.py", "search_loop.py", "partial_order.py", "native_atomic.py", "native_fold.py", "native_hash.py",
    "compiled.py", "symbolic/learning.py", "symbolic/store.py", "symbolic/frames.py", "symbolic/images.py", "symbolic/saturation.py", "symbolic/machine.py", "symbolic/collect.py", "symbolic/walk.py",
)  # fmt: skip


def _directory() -> str:
    """Where Numba keeps its code: with the other machine code, else in a temporary directory."""
    folder = Path(__file__).parent
    text = b"\0".join((folder / name).read_bytes() for name in SOURCES) + numba.__version__.encode()
    place = cache_dir() / ("loop-" + hashlib.sha256(text).hexdigest()[:16])
    with suppress(OSError):
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=place):
            return str(place)
    place = tempfile.mkdtemp(prefix="writeback-checker-")
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return place


numba.config.CACHE_DIR = _directory()

# Arrays live in Python for as long as these functions run; no reference needs counting.
compiled = numba.njit(cache=True, _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)  # called from the loop only
inlined = numba.njit(cache=True, _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True, forceinline=True)
compiled_nogil = numba.njit(cache=True, nogil=True, _nrt=False)
