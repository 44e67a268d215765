"""mm: make wait_on_page_writeback() wait for multiple pending writebacks (v5.11).

The end of writeback is two things, the bit and the wake-up.  Between the two the folio goes under writeback
again, and another task begins to wait for that.  It is woken for the first one, does not look at the bit
again, and goes on under the second.  Both changes are made where this scenario comes by.
"""

from __future__ import annotations

from checker.lang import Flag, Struct, atomic, bug_on, kernel, number, primitive, process, replace, scenario
from checker.lang import thread, variant, wait_until

from model.fs.iomap.buffered_io_writeback import iomap_finish_folio_write
from model.include.primitives import folio_test_writeback
from model.include.state import BLOCKS, CELLS, FOLIOS, IOENDS, File, Folio
from model.mm.page_writeback import folio_end_writeback, folio_prepare_writeback, folio_wait_writeback
from model.systems.iomap_xfs.operations import ON_DISK, OVERWRITE_LEN, OVERWRITE_POS, background, dirty_file_with_cursor
from model.systems.iomap_xfs.operations import fsync
from model.systems.iomap_xfs.operations import overwrite
from model.systems.iomap_xfs.scenarios import COMPLETION, LOCK_ORDER, iomap


class FolioWaitQueue(Struct, count=FOLIOS):
    """folio_waitqueue(): who waits for the bits of a folio.  One entry stands for all."""

    sleeping = Flag("sleeping")


rewritten_under_io = scenario(
    "One dirty folio that is written again and again: a writer, the flusher, one fsync.",
    thread("writer", overwrite), thread("flusher", background), process("fsync", fsync, per=File), *COMPLETION,
    setup=dirty_file_with_cursor,
    scope={FOLIOS: 1, BLOCKS: 1, CELLS: 1, ON_DISK: 1, OVERWRITE_POS: 0, OVERWRITE_LEN: 1, IOENDS: 2}, bound=4,
    of=iomap, lock_order=LOCK_ORDER, properties=("writeback_lasts_as_long_as_its_io", "fsync_makes_durable"),
)  # fmt: skip


@primitive("mm/filemap.c")
def folio_clear_writeback(folio: Folio):
    """The bit and its mark."""
    bug_on(not folio.writeback)
    folio.writeback = False
    folio.tag_writeback = False


@primitive("mm/filemap.c")
def folio_wake_bit(folio: Folio):
    """Wake everybody who waits."""
    FolioWaitQueue[number(folio)].sleeping = False


@kernel("mm/filemap.c")
def folio_end_writeback_in_two_steps(folio: Folio):
    """Clear the bit, then wake."""
    folio_clear_writeback(folio)
    folio_wake_bit(folio)


@primitive("mm/filemap.c")
def io_schedule(folio: Folio):
    """Sleep until woken."""
    wait_until(not FolioWaitQueue[number(folio)].sleeping)


@kernel("mm/filemap.c")
def folio_wait_writeback_once(folio: Folio):
    """Sleep if the bit is set; do not look again afterwards."""
    with atomic("__add_wait_queue_entry_tail(): the bit is tested under the lock of the queue"):
        waits = folio_test_writeback(folio)
        if waits:
            FolioWaitQueue[number(folio)].sleeping = True
    if waits:
        io_schedule(folio)


wb_wait_stale_wakeup = variant(
    "The end of writeback clears the bit and wakes in two steps, and who is woken does not look again.",
    replace(folio_end_writeback, by=folio_end_writeback_in_two_steps, inside=iomap_finish_folio_write),
    replace(folio_wait_writeback, by=folio_wait_writeback_once, inside=folio_prepare_writeback), of=iomap,
    undoes="c2407cf7d22d", scenario=rewritten_under_io,
)  # fmt: skip
