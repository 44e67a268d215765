"""mm: Protect operations adding pages to page cache with invalidate_lock (v5.15).

A hole punch drops the page cache of a range and then frees its blocks.  A fault in between finds nothing cached,
looks up the block, which is still there, and reads it.  The page cache shows the old data, and once the block
belongs to somebody else, theirs.  A file of one block; the fault reads by filemap_fault().
"""

from __future__ import annotations

from checker.lang import atomic, drop, scenario, thread, variant

from model.fs.xfs.libxfs.xfs_bmap import xfs_bunmapi
from model.mm.filemap import filemap_fault
from model.mm.truncate import truncate_pagecache_range
from model.operations import ON_DISK, file_on_disk
from model.primitives import filemap_invalidate_lock, filemap_invalidate_lock_shared, filemap_invalidate_unlock
from model.primitives import filemap_invalidate_unlock_shared, folio_unlock, inode_lock, inode_unlock
from model.primitives import note_truncate, xfs_ilock_excl, xfs_iunlock_excl
from model.scenarios import COMPLETION, LOCK_ORDER, iomap
from model.state import BLOCKS, CELLS, FILE_SIZE, FOLIOS, IOENDS, Folio, inode, mapping


def punch_hole():
    """fallocate(2) with FALLOC_FL_PUNCH_HOLE over the whole file: xfs_free_file_space().

    Left out: writing back what is dirty, which is only dropped here.
    """
    with atomic("inode_lock(): nobody else changes the file"):
        inode_lock(inode)
        note_truncate(0, False)
    filemap_invalidate_lock(mapping)
    truncate_pagecache_range(inode, 0, FILE_SIZE - 1)
    with atomic("one transaction: under ILOCK"):
        xfs_ilock_excl(inode)
        xfs_bunmapi(0)
        note_truncate(0, True)
        xfs_iunlock_excl(inode)
    filemap_invalidate_unlock(mapping)
    inode_unlock(inode)


def read_fault():
    """A load through a mapping: the folio is read, if it is not cached."""
    if filemap_fault(Folio[0], 0):
        folio_unlock(Folio[0])


punch_and_fault = scenario(
    "A file of one block: a hole punch, and a page fault that reads.",
    thread("puncher", punch_hole),
    thread("mapper", read_fault),
    *COMPLETION,
    setup=file_on_disk,
    scope={FOLIOS: 1, BLOCKS: 1, CELLS: 1, ON_DISK: 1, IOENDS: 1},
    bound=2,
    of=iomap,
    lock_order=LOCK_ORDER,
    properties=("reads_return_what_was_written", "no_write_is_lost"),
)

hole_punch_vs_cache_fill = variant(
    "A page fault fills the page cache without invalidate_lock.",
    drop(filemap_invalidate_lock_shared, inside=filemap_fault),
    drop(filemap_invalidate_unlock_shared, inside=filemap_fault),
    of=iomap,
    undoes="730633f0b7f9",
    scenario=punch_and_fault,
)
