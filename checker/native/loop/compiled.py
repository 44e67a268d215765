"""How the search loop is compiled: by Numba, once for all programs, and kept on disk.

Numba's own files on disk are executed as they are, whatever has become of them, and it knows a cached
function by the file that it stands in, not by those whose functions are part of it.  So its code is kept
with our other machine code (`disk_cache`), under a hash of all sources of the loop.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba.core import serialize
from numba.core.caching import NullCache
from numba.core.compiler import CompileResult

from ...base import disk_cache

HERE = Path(__file__).parent
SOURCES = (
    *sorted(HERE.glob("*.py")), *sorted((HERE.parents[1] / "symbolic").glob("*.py")), HERE.parent / "hash.py",
    HERE.parents[1] / "reduce" / "partial_order.py",
)  # fmt: skip
USED = b"loop.compiled import"  # in the text of every file that has a compiled function


@cache
def _sources() -> bytes:
    texts = [source.read_bytes() for source in SOURCES]
    return b"\0".join(text for source, text in zip(SOURCES, texts) if source.parent == HERE or USED in text)


class _Kept(NullCache):
    """The compiled forms of one function, each in a file of its own."""

    def __init__(self, function: Callable) -> None:
        self.name = f"{function.__module__}.{function.__qualname__}"

    def load_overload(self, sig: Any, target_context: Any) -> CompileResult | None:
        """The code for these argument types, if it is there and what was written."""
        kept = disk_cache.read(self._place(sig, target_context))
        if kept is None:
            return None
        target_context.refresh()
        try:
            return CompileResult._rebuild(target_context, *pickle.loads(kept))
        except Exception:  # whatever another Numba says to it: it is compiled anew
            return None

    def save_overload(self, sig: Any, cres: CompileResult) -> None:
        """Keep code, unless it has addresses of this process in it."""
        if not cres.lifted and not cres.library.has_dynamic_globals:
            disk_cache.keep(self._place(sig, cres.target_context), serialize.dumps(cres._reduce()))

    def _place(self, sig: Any, target_context: Any) -> Path:
        made_by = (numba.__version__, pickle.format_version, target_context.codegen().magic_tuple())
        named = repr((self.name, sig, made_by)).encode()
        return disk_cache.cache_dir() / (hashlib.sha256(_sources() + named).hexdigest() + ".loop")


def _compiler(**options: bool) -> Callable[[Callable], Any]:
    """A decorator that has a function compiled when it is first called, or loaded."""

    def decorate(function: Callable) -> Any:
        dispatcher = numba.njit(_nrt=False, **options)(function)
        dispatcher._cache = _Kept(function)
        return dispatcher

    return decorate


# Arrays live in Python for as long as these functions run; no reference needs counting.
compiled = _compiler(no_cpython_wrapper=True, no_cfunc_wrapper=True)  # called from the loop only
compiled_nogil = _compiler(nogil=True)
inlined = _compiler(no_cpython_wrapper=True, no_cfunc_wrapper=True, forceinline=True)
