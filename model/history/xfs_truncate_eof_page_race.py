"""xfs: flush new eof page on truncate to avoid post-eof corruption (v5.10).

The folio of the new EOF is dirty over an unwritten extent, so truncate has nothing to zero; then writeback
writes the folio, and only then truncate sets i_size and zeroes the tail, in memory, of a folio that is clean.
As iomap_zero_range_skips_dirty_unwritten, but of truncate alone: who extends a file still looks at the cache.
"""

from __future__ import annotations

from checker.lang import Place, kernel, override, variant

from model.fs.iomap.buffered_io import iomap_truncate_page, iomap_zero_iter
from model.fs.iomap.iter import iomap_iter, iomap_length
from model.history.iomap_zero_range_skips_dirty_unwritten import truncate_into_a_block
from model.scenarios import iomap
from model.state import BLOCK_SIZE, IOMAP_HOLE, IOMAP_UNWRITTEN, OK, Errno, IomapIter, Task, loff_t


@kernel("fs/iomap/buffered-io.c")
def iomap_truncate_page_by_mapping(current: Task, pos: loff_t, did_zero: Place) -> Errno:
    """Zero the rest of the block, unless the extent is a hole or unwritten."""
    if pos % BLOCK_SIZE == 0:
        return OK
    iter = IomapIter()
    iter.current = current
    iter.zero = True
    iter.pos = pos
    iter.len = BLOCK_SIZE - pos % BLOCK_SIZE
    while iomap_iter(iter):
        if iter.type in (IOMAP_HOLE, IOMAP_UNWRITTEN):
            iter.processed = iomap_length(iter)
        else:
            iter.processed = iomap_zero_iter(iter, did_zero)
    return OK


xfs_truncate_eof_page_race = variant(
    "Truncate decides by the extent whether to zero, and does not flush the folio of the new EOF.",
    override(iomap_truncate_page, by=iomap_truncate_page_by_mapping),
    of=iomap,
    undoes="869ae85dae64",
    scenario=truncate_into_a_block,
)
