"""btrfs: flush write bio if we loop in extent_write_cache_pages (v5.6).

Two threads are enough if a write locks several folios.  A cyclic pass has I/O of a high folio that it has not
submitted, wraps, and waits for the lock of a low folio; a writer holds that and waits for the writeback of the
high one.  btrfs keeps the wrap and submits before it, which holds as well (`wrap_after_submit`).
"""

from __future__ import annotations

from checker.lang import each, kernel, number, override, process, scenario, variant

from model.fs.iomap.buffered_io_writeback import iomap_submit_ioend, iomap_writepage_map, iomap_writepages
from model.history.iomap_xfs.wcp_cyclic_wrap_deadlock import writeback_iter_wraps
from model.include.primitives import copy_to_folio, folio_unlock, inode_lock, inode_unlock, note_written
from model.include.state import BLOCKS, CELLS, FOLIO_SIZE, OK, PAGE_SIZE, AddressSpace, Errno, Folio, WritebackControl
from model.include.state import WritepageCtx, inode, mapping, pgoff_t
from model.mm.filemap import __filemap_get_folio
from model.mm.page_writeback import filemap_dirty_folio, folio_wait_writeback, writeback_iter
from model.systems.iomap_xfs.operations import ON_DISK, background, dirty_file_with_cursor
from model.systems.iomap_xfs.scenarios import COMPLETION, LOCK_ORDER, iomap


def btrfs_buffered_write():
    """write(2) over the whole file, as btrfs does it: all folios are locked, then filled, then let go."""
    inode_lock(inode)
    for folio in each(Folio):
        __filemap_get_folio(mapping, folio)
        folio_wait_writeback(folio)
    for dirtied in each(Folio):
        copy_to_folio(dirtied, 0, FOLIO_SIZE)
        filemap_dirty_folio(mapping, dirtied)
        note_written(number(dirtied) * FOLIO_SIZE, number(dirtied) * FOLIO_SIZE + FOLIO_SIZE)
        folio_unlock(dirtied)
    inode_unlock(inode)


several_locks = scenario(
    "Two dirty folios; the flusher from the middle of the file, and a write that locks both.",
    process("writer", btrfs_buffered_write), process("flusher", background), *COMPLETION, setup=dirty_file_with_cursor,
    scope={BLOCKS: 1, CELLS: 1, ON_DISK: 2}, of=iomap, lock_order=LOCK_ORDER,
    properties=("no_write_is_lost", "nothing_is_left_behind"),
)  # fmt: skip


@kernel("fs/iomap/buffered-io.c")
def iomap_writepages_once(mapping: AddressSpace, wbc: WritebackControl, wpc: WritepageCtx) -> Errno:
    """iomap_writepages() as it is."""
    folio: Folio = None
    error: Errno = OK
    while (folio := writeback_iter(mapping, wbc, folio, error)) is not None:
        error = iomap_writepage_map(wpc, wbc, folio)
    return iomap_submit_ioend(wpc, error)


@kernel("fs/iomap/buffered-io.c")
def iomap_writepages_twice(mapping: AddressSpace, wbc: WritebackControl, wpc: WritepageCtx) -> Errno:
    """A cyclic pass submits what it has, and then goes on at index 0."""
    begin: pgoff_t = mapping.writeback_index
    error: Errno = iomap_writepages_once(mapping, wbc, wpc)
    if wbc.range_cyclic and wbc.nr_to_write > 0 and begin > 0:
        wbc.range_cyclic = False
        wbc.range_start = 0
        wbc.range_end = begin * PAGE_SIZE - 1
        error = iomap_writepages_once(mapping, wbc, wpc)
    return error


wrap_after_submit = variant(
    "A range_cyclic pass submits its I/O, and then goes on at index 0 inside the same call.",
    override(iomap_writepages, by=iomap_writepages_twice), of=iomap, scenario=several_locks,
)  # fmt: skip

btrfs_wrap_unsubmitted_bio = variant(
    "A range_cyclic pass goes on at index 0 inside the same call, with a writer that locks several folios.",
    override(writeback_iter, by=writeback_iter_wraps), of=iomap, undoes="42ffb0bf584a", scenario=several_locks,
)  # fmt: skip
