"""iomap: keep on increasing i_size in iomap_write_end() (v6.10).

A file of a real-time device has blocks behind EOF, to the end of its allocation unit, which hold what a truncate
has cut off.  A write far behind EOF first zeroes them in the page cache.  If that does not raise i_size, the folios
lie behind EOF until the write itself is done: writeback skips them and leaves them clean, and the old data stays on
disk inside the file.  (6.13.1 makes such blocks unwritten when it truncates, so nothing is to be zeroed.)
"""

from __future__ import annotations

from checker.lang import drop, insert_after, kernel, pure, replace, scenario, thread, variant, warn_on

from model.fs.iomap.buffered_io import iomap_write_end, iomap_zero_iter
from model.fs.xfs.xfs_iops import xfs_itruncate_extents
from model.include.primitives import i_size_read, i_size_write
from model.include.size import XFS_B_TO_FSB
from model.include.state import BLOCKS, BLOCK_SIZE, CELLS, FILE_BLOCKS, FOLIOS, IOENDS, SPARSE_WRITES, block_t, inode
from model.include.state import loff_t
from model.systems.iomap_xfs.operations import ON_DISK, SPARSE_LEN, SPARSE_POS, TRUNCATE_A, TRUNCATE_B, background
from model.systems.iomap_xfs.operations import file_on_disk
from model.systems.iomap_xfs.operations import sparse_write, truncate
from model.systems.iomap_xfs.scenarios import COMPLETION, LOCK_ORDER, iomap


@pure("fs/xfs/xfs_inode.c")
def xfs_rtb_roundup(pos: loff_t) -> block_t:
    """The first block behind the allocation unit, of two blocks, that a position lies in."""
    return min((pos + 2 * BLOCK_SIZE - 1) // (2 * BLOCK_SIZE) * 2, FILE_BLOCKS)


@kernel("fs/iomap/buffered-io.c")
def raise_i_size(pos: loff_t, bytes: loff_t):
    """iomap_write_end() raises i_size, whatever it was called for, under the folio lock."""
    old_size = i_size_read(inode)
    if pos + bytes > old_size:
        i_size_write(inode, pos + bytes)


allocation_unit = scenario(
    "An allocation unit of two blocks on disk: truncate into it, a write behind it, and the flusher.",
    thread("truncater", truncate), thread("writer", sparse_write), thread("flusher", background), *COMPLETION,
    setup=file_on_disk,
    scope={
        FOLIOS: 3, BLOCKS: 1, CELLS: 1, ON_DISK: 2, TRUNCATE_A: 1, TRUNCATE_B: 1, SPARSE_WRITES: 1, SPARSE_POS: 2,
        SPARSE_LEN: 1, IOENDS: 2,
    }, bound=4, of=iomap, lock_order=LOCK_ORDER, properties=("clean_folios_may_be_dropped",),
)  # fmt: skip

LARGE_UNITS = (
    replace(XFS_B_TO_FSB, by=xfs_rtb_roundup, inside=xfs_itruncate_extents),
    drop(warn_on, inside=iomap_zero_iter, nth=1),
)

large_units = variant(
    "Blocks are freed in units of two, and zeroing raises i_size.",
    *LARGE_UNITS, insert_after(iomap_write_end, raise_i_size, inside=iomap_zero_iter), of=iomap,
    scenario=allocation_unit,
)  # fmt: skip

iomap_i_size_in_write_end = variant(
    "Blocks are freed in units of two, and zeroing behind EOF leaves i_size as it is.",
    *LARGE_UNITS, of=iomap, undoes="0841ea4a3b41", scenario=allocation_unit,
)  # fmt: skip
