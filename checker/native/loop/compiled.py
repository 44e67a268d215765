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

from ...base.disk_cache import cache_dir

HERE = Path(__file__).parent
SOURCES = (*sorted(HERE.glob("*.py")), HERE.parent / "hash.py", HERE.parents[1] / "reduce" / "partial_order.py")


def _directory() -> str:
    """Where Numba keeps its code: with the other machine code, else in a temporary directory."""
    text = b"\0".join(source.read_bytes() for source in SOURCES) + numba.__version__.encode()
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
compiled_nogil = numba.njit(cache=True, nogil=True, _nrt=False)
