"""Repairs of what the model of 6.13.1 itself violates."""

from __future__ import annotations

from checker.lang import drop, insert_after, insert_before, kernel, variant

from model.fs.iomap.buffered_io import fill_block, iomap_set_range_uptodate, iomap_write_iter, note_size_grows
from model.fs.iomap.buffered_io_writeback import iomap_writepage_map
from model.fs.xfs.xfs_file import xfs_file_write_zero_eof
from model.fs.xfs.xfs_iomap import xfs_zero_range
from model.include.primitives import folio_unlock, i_size_read, i_size_write
from model.include.state import Errno, Task, inode, loff_t, mapping
from model.mm.filemap import filemap_write_and_wait_range, mapping_set_error
from model.systems.iomap_xfs.scenarios import errors, iomap, short_copy_in_hole
from model.systems.iomap_xfs.scenarios_cache import write_behind_eof
from model.systems.iomap_xfs.scenarios_in_turn import copies_fail_behind_eof


@kernel("fs/iomap/buffered-io.c")
def record_error(error: Errno):
    """mapping_set_error(), where the folio is still locked and under writeback."""
    mapping_set_error(mapping, error)


error_before_end_writeback = variant(
    "Record an error of ->map_blocks before writeback of the folio can end.",
    insert_before(folio_unlock, record_error, inside=iomap_writepage_map, nth=2),
    drop(mapping_set_error, inside=iomap_writepage_map), of=iomap, scenario=errors,
)  # fmt: skip

uptodate_after_copy = variant(
    "Do not call blocks uptodate before the copy, where they were zeroed for a part of them only.",
    drop(iomap_set_range_uptodate, inside=fill_block, nth=1), of=iomap, scenario=short_copy_in_hole,
)  # fmt: skip


@kernel("fs/xfs/xfs_file.c")
def write_zeroes(current: Task, isize: loff_t, pos: loff_t):
    """Bring the zeroes behind the old EOF to the device before a write can raise the size over them."""
    filemap_write_and_wait_range(current, mapping, isize, pos - 1)


zeroes_before_size = variant(
    "A write behind EOF writes what it has zeroed before it raises i_size.",
    insert_after(xfs_zero_range, write_zeroes, inside=xfs_file_write_zero_eof), of=iomap, scenario=write_behind_eof,
)  # fmt: skip


@kernel("fs/iomap/buffered-io.c")
def grow_by_what_is_written(pos: loff_t, written: loff_t, old_size: loff_t):
    """i_size grows up to what has been written, if anything has."""
    if written > 0 and pos + written > old_size:
        i_size_write(inode, pos + written)


size_of_what_is_written = variant(
    "A copy that was rejected leaves i_size as it was, also behind EOF.",
    insert_after(i_size_read, grow_by_what_is_written, inside=iomap_write_iter),
    drop(i_size_write, inside=iomap_write_iter), drop(note_size_grows, inside=iomap_write_iter), of=iomap,
    scenario=copies_fail_behind_eof,
)  # fmt: skip
