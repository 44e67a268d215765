"""iomap: buffered write failure should not truncate the page cache (v6.2).

write(2) reserves space and cannot read its user memory.  A process that has the file mapped stores to the same
folio meanwhile.  The error path drops the page cache of what it has not written, and the store with it.
"""

from __future__ import annotations

from checker.lang import kernel, override, scenario, thread, variant

from model.fs.xfs.xfs_iomap import xfs_buffered_write_delalloc_punch, xfs_buffered_write_iomap_end
from model.include.primitives import folio_lock, folio_unlock
from model.include.size import round_down_to_block, round_up_to_block
from model.include.state import BLOCKS, CELLS, FOLIO_SIZE, FOLIOS, IOENDS, IOMAP_DELALLOC, MAPPERS, SHORT_COPIES, Folio
from model.include.state import IomapIter, inode, loff_t
from model.mm.truncate import truncate_pagecache_range
from model.systems.iomap_xfs.operations import HOLE_AT_END, ON_DISK, OVERWRITE_LEN, OVERWRITE_POS, STORE_A, STORE_B
from model.systems.iomap_xfs.operations import file_on_disk, overwrite, store
from model.systems.iomap_xfs.scenarios import COMPLETION, LOCK_ORDER, iomap

failing_copy = scenario(
    "One block, a hole: a store through a mapping, and a write whose user memory may be gone.",
    thread("mapper", store), thread("writer", overwrite), *COMPLETION, setup=file_on_disk,
    scope={
        FOLIOS: 1, BLOCKS: 1, CELLS: 1, ON_DISK: 0, HOLE_AT_END: 1, OVERWRITE_POS: 0, OVERWRITE_LEN: 1, STORE_A: 0,
        STORE_B: 0, SHORT_COPIES: 1, MAPPERS: 1, IOENDS: 2,
    }, bound=2, of=iomap, lock_order=LOCK_ORDER, properties=("no_write_is_lost", "reads_return_what_was_written"),
)  # fmt: skip


@kernel("fs/xfs/xfs_iomap.c")
def iomap_end_truncates_the_cache(iter: IomapIter, offset: loff_t, length: loff_t, written: loff_t):
    """Drop the page cache of what was not written, and give back its reservation."""
    if iter.fault or iter.type != IOMAP_DELALLOC or not iter.new:
        return
    start_byte: loff_t = round_down_to_block(offset) if written == 0 else round_up_to_block(offset + written)
    end_byte: loff_t = round_up_to_block(offset + length)
    if start_byte >= end_byte:
        return
    truncate_pagecache_range(inode, start_byte, end_byte - 1)
    folio: Folio = Folio[start_byte // FOLIO_SIZE]
    folio_lock(folio)
    xfs_buffered_write_delalloc_punch(folio, start_byte, end_byte)
    folio_unlock(folio)


iomap_failed_write_truncates_cache = variant(
    "A write that fails drops the page cache of what it has not written.",
    override(xfs_buffered_write_iomap_end, by=iomap_end_truncates_the_cache), of=iomap, undoes="f43dc4dc3eff",
    scenario=failing_copy,
)  # fmt: skip
