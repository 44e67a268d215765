"""mm: Protect operations adding pages to page cache with invalidate_lock (v5.15).

A hole punch drops the page cache of a range and then frees its blocks.  A fault in between finds nothing cached,
looks up the block, which is still there, and reads it.  The page cache shows old data where there is a hole, and
another file may have the block by then.
"""

from __future__ import annotations

from checker.lang import drop, variant

from model.include.primitives import filemap_invalidate_lock_shared, filemap_invalidate_unlock_shared
from model.mm.filemap import filemap_fault
from model.systems.iomap_xfs.scenarios import iomap
from model.systems.iomap_xfs.scenarios_cache import mmap_punch

hole_punch_vs_cache_fill = variant(
    "A page fault fills the page cache without invalidate_lock.",
    drop(filemap_invalidate_lock_shared, inside=filemap_fault),
    drop(filemap_invalidate_unlock_shared, inside=filemap_fault), of=iomap, undoes="730633f0b7f9", scenario=mmap_punch,
)  # fmt: skip
