"""xfs: don't free cowblocks from under dirty pagecache on unshare (v6.12).

Reservations that seem to be left over are freed although dirty folios stand on them.  Writeback finds a hole
there, skips it, and leaves the folio clean: the data exists in memory only.  Expressed on delayed extents of
the data fork instead of the COW fork: the garbage collection of reservations looks at them, but not at the cache.
As in the COW fork, writeback does not warn if a delayed extent has gone meanwhile.
"""

from __future__ import annotations

from checker.lang import drop, each, kernel, primitive, replace, scenario, thread, variant, warn_on

from model.fs.xfs.libxfs.xfs_bmap import xfs_iext_inc_seq
from model.fs.xfs.xfs_aops import xfs_bmapi_convert_delalloc
from model.include.primitives import filemap_invalidate_lock, filemap_invalidate_unlock, inode_lock, inode_unlock
from model.include.primitives import mapping_tagged, xfs_ilock_excl, xfs_iunlock_excl
from model.include.state import BLOCKS, CELLS, IOMAP_DELALLOC, IOMAP_HOLE, PAGECACHE_TAG_DIRTY
from model.include.state import PAGECACHE_TAG_WRITEBACK, Block, inode, mapping
from model.systems.iomap_xfs.operations import APPEND_A, APPEND_B
from model.systems.iomap_xfs.scenarios import append_flush, iomap


@kernel("fs/xfs/xfs_icache.c")
def xfs_prep_free_cowblocks() -> bool:
    """May reservations be freed?  Only if no folio is dirty or under writeback."""
    dirty = mapping_tagged(mapping, PAGECACHE_TAG_DIRTY)
    if dirty:
        return False
    writeback = mapping_tagged(mapping, PAGECACHE_TAG_WRITEBACK)
    return not writeback


@kernel("fs/xfs/xfs_icache.c")
def free_cowblocks_unasked() -> bool:
    """Nothing is asked."""
    return True


@primitive("fs/xfs/xfs_reflink.c")
def xfs_reflink_cancel_cow_blocks():
    """Give all delayed blocks back."""
    xfs_iext_inc_seq()
    for block in each(Block):
        if block.extent == IOMAP_DELALLOC:
            block.extent = IOMAP_HOLE


def xfs_inode_free_cowblocks():
    """The background collector of reservations; it holds what keeps writers and faults away, but not writeback."""
    inode_lock(inode)
    filemap_invalidate_lock(mapping)
    if xfs_prep_free_cowblocks():
        free_reservations()
    filemap_invalidate_unlock(mapping)
    inode_unlock(inode)


@kernel("fs/xfs/xfs_icache.c")
def free_reservations():
    """Under ILOCK."""
    xfs_ilock_excl(inode)
    xfs_reflink_cancel_cow_blocks()
    xfs_iunlock_excl(inode)


reservations = scenario(
    "One block: a writer, the flusher, and the collector of unused reservations.",
    like=append_flush, also=(thread("blockgc", xfs_inode_free_cowblocks),),
    scope={BLOCKS: 1, CELLS: 1, APPEND_A: 1, APPEND_B: 1}, bound=3
)  # fmt: skip

xfs_cow_prealloc_freed_under_dirty = variant(
    "Reservations are freed without asking whether the page cache is dirty.",
    replace(xfs_prep_free_cowblocks, by=free_cowblocks_unasked, inside=xfs_inode_free_cowblocks),
    drop(warn_on, inside=xfs_bmapi_convert_delalloc), of=iomap, undoes="4390f019ad78", scenario=reservations,
)  # fmt: skip
