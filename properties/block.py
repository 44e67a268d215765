"""The block device: buffer heads, the folio they are in, and what has reached the device."""

from __future__ import annotations

from checker.lang import after_crash, drawing, each, implies, invariant, is_locked, number, reachable, terminal

from model.include.buffer_head import BufferHead, JournalHead
from model.include.state import BLOCKS, DATA, ERRORS, NEW, Cell, Folio, mapping
from model.systems.blkdev.scenarios import blkdev
from properties.drawings import LEGEND, LETTERS


@reachable(of=blkdev)
def blkdev_one_of_two_buffers_is_written(folio: Folio):
    """A folio under writeback has one buffer on its way to the device and another one that is not."""
    first = BufferHead[number(folio) * BLOCKS]
    last = BufferHead[number(folio) * BLOCKS + BLOCKS - 1]
    return folio.writeback and first.async_write != last.async_write


@reachable(of=blkdev)
def blkdev_a_buffer_is_dirtied_under_io(bh: BufferHead):
    """A buffer is dirty again while the device has an older version of it."""
    return bh.dirty and bh.async_write and bh.submitted


@reachable(of=blkdev)
def blkdev_a_clean_buffer_is_in_a_dirty_folio(folio: Folio):
    """The buffers of a dirty folio have been written by hand."""
    clean = all(not b.dirty and b.dirtying == 0 for b in each(BufferHead) if number(b) // BLOCKS == number(folio))
    return folio.dirty and folio.private and clean and not is_locked(folio.locked)


@reachable(of=blkdev)
def blkdev_a_pass_meets_a_locked_buffer(folio: Folio):
    """A folio that a pass has begun to write is dirty again before it is under writeback."""
    return is_locked(folio.locked) and folio.dirty and not folio.writeback and any(
        b.async_write for b in each(BufferHead)
    )


@reachable(of=blkdev)
def blkdev_a_block_is_freed(jh: JournalHead):
    """The transaction in which a block was freed has committed."""
    return jh.freed


@reachable(of=blkdev)
def blkdev_a_journalled_block_is_checkpointed(jh: JournalHead):
    """The journal has forgotten a block that was committed."""
    return jh.committed and not jh.copy


@invariant(of=blkdev)
def blkdev_writeback_lasts_as_long_as_its_io(bh: BufferHead):
    """A folio is under writeback as long as the device may take one of its buffers for this writeback."""
    return implies(bh.async_write and bh.submitted, Folio[number(bh) // BLOCKS].writeback)


@invariant(of=blkdev)
def blkdev_dirty_buffers_are_in_dirty_folios(bh: BufferHead):
    """A dirty buffer is in a dirty folio, or in a locked one, or its dirtier is about to dirty the folio."""
    folio = Folio[number(bh) // BLOCKS]
    return implies(bh.dirty and bh.dirtying == 0 and not is_locked(folio.locked), folio.dirty and folio.tag_dirty)


@invariant(of=blkdev)
def blkdev_written_blocks_are_marked(bh: BufferHead):
    """A dirty block whose newest version the device lacks, and whose write is over, is marked DIRTY or WRITEBACK."""
    folio = Folio[number(bh) // BLOCKS]
    lacking = bh.dirty and Cell[number(bh)].volatile != NEW
    return implies(lacking and bh.newest_by == 0, folio.tag_dirty or folio.tag_writeback)


@invariant(of=blkdev)
def blkdev_no_write_is_lost(bh: BufferHead):
    """The newest version of a block is at its place, or dirty, or on its way there."""
    cell = Cell[number(bh)]
    folio = Folio[number(bh) // BLOCKS]
    cached = folio.private and bh.b_data == NEW
    under_way = bh.dirty or bh.async_write or bh.submitted or is_locked(bh.lock) or bh.newest_by > 0
    return implies(cell.logical == DATA, cell.volatile == NEW or (cached and under_way))


@invariant(of=blkdev)
def blkdev_buffers_outlive_their_io(bh: BufferHead):
    """A buffer that is locked, under writeback or referenced is not freed."""
    return implies(
        bh.async_write or bh.submitted or is_locked(bh.lock) or bh.b_count > 0,
        Folio[number(bh) // BLOCKS].private,
    )


@invariant(of=blkdev)
def blkdev_dirty_buffers_are_uptodate(bh: BufferHead):
    """A dirty buffer whose block could be written all the time is uptodate: mark_buffer_dirty() warns of others."""
    return implies(bh.dirty and mapping.failures_left == ERRORS, bh.uptodate)


@invariant(of=blkdev)
def blkdev_buffers_are_of_cached_folios(folio: Folio):
    """Buffers that nobody holds go with their folio: none is left of one that has left the page cache."""
    held = any(b.b_count > 0 for b in each(BufferHead) if number(b) // BLOCKS == number(folio))
    return implies(folio.private and not held, folio.mapping)


@invariant(of=blkdev)
def blkdev_synced_blocks_are_written(bh: BufferHead):
    """When sync_dirty_buffer() has written a block and returns 0, the device has what is in the buffer."""
    return not bh.unwritten


@after_crash(of=blkdev)
def blkdev_fsync_makes_durable(cell: Cell):
    """A block that was written before an fsync that returned 0 is durable."""
    return implies(cell.promised, cell.durable == NEW and cell.volatile == NEW)


@after_crash(of=blkdev)
def blkdev_committed_blocks_are_recovered(jh: JournalHead):
    """A committed block is in the journal, or durable at its place."""
    cell = Cell[number(jh)]
    return implies(jh.committed, jh.copy or (cell.durable == NEW and cell.volatile == NEW))


@terminal(of=blkdev)
def blkdev_nothing_is_left_behind():
    """Where nothing can move any more, no lock is held, and nothing is under writeback or with the device."""
    folios = all(not is_locked(f.locked) and not f.writeback for f in each(Folio))
    buffers = all(
        not is_locked(b.lock) and not b.async_write and not b.submitted and b.b_count == 0 for b in each(BufferHead)
    )
    return folios and buffers and not is_locked(mapping.invalidate_lock)


blkdev_buffers = drawing(
    "buffers",
    BufferHead.b_data,
    LETTERS,
    group=BLOCKS,
    over={Folio.private: {False: " "}},
    legend=LEGEND,
)


@invariant(of=blkdev, witness=blkdev_a_block_is_freed)
def blkdev_freed_blocks_are_left_alone(jh: JournalHead):
    """When the transaction that frees a block has committed, no I/O of its former owner is under way to it, or will be."""
    bh = BufferHead[number(jh)]
    return implies(jh.freed, not bh.submitted and not bh.dirty and not bh.async_write)
