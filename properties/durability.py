"""What a power failure leaves.

Recovery finds the last checkpoint of the log, or one that is being written at this moment: the first
has the extents `logged` and the size `di_size`, and of each cell the durable content or the volatile
one; the second has the present extents and size, and of each cell the volatile content, because a
checkpoint is preceded by a flush.  Every property here is judged for both.
"""

from __future__ import annotations

from checker.lang import after_crash, implies, is_locked, number

from model.include.state import CELLS, DATA, HOLE, IOMAP_MAPPED, NEW, OLD, STALE, ZERO, Block, Cell, inode, log
from properties.witnesses import a_hole_is_below_the_disk_size, another_file_has_a_block


@after_crash
def fsync_makes_durable(cell: Cell):
    """What an fsync that returned 0 has covered is durable, and the size on disk covers it."""
    block = Block[number(cell) // CELLS]
    data = block.logged == IOMAP_MAPPED and cell.durable == NEW and cell.volatile == NEW
    zero = block.logged != IOMAP_MAPPED or (cell.durable == ZERO and cell.volatile == ZERO)
    return implies(cell.promised, number(cell) < log.di_size and (data if cell.logical == DATA else zero))


@after_crash
def the_next_checkpoint_keeps_what_fsync_promised(cell: Cell):
    """What an fsync that returned 0 has covered stays durable when the log is written again."""
    block = Block[number(cell) // CELLS]
    data = block.extent == IOMAP_MAPPED and cell.volatile == NEW
    zero = block.extent != IOMAP_MAPPED or cell.volatile == ZERO
    return implies(
        cell.promised, number(cell) < inode.i_disk_size and (data if cell.logical == DATA else zero)
    )


@after_crash
def no_stale_data_is_exposed(cell: Cell):
    """A written block below the size on disk never shows what the device held before it was the file's."""
    return implies(
        number(cell) < log.di_size and Block[number(cell) // CELLS].logged == IOMAP_MAPPED,
        cell.durable != STALE and cell.volatile != STALE,
    )


@after_crash
def the_next_checkpoint_exposes_no_stale_data(cell: Cell):
    """Writing the log exposes no block content from before the block was the file's."""
    return implies(
        number(cell) < inode.i_disk_size and Block[number(cell) // CELLS].extent == IOMAP_MAPPED,
        cell.volatile != STALE,
    )


@after_crash(witness=a_hole_is_below_the_disk_size)
def cut_data_stays_cut(cell: Cell):
    """Bytes that a truncate has cut off, and that nobody has written since, do not come back."""
    return implies(
        number(cell) < inode.i_disk_size and cell.logical == HOLE and not is_locked(inode.i_rwsem),
        Block[number(cell) // CELLS].extent != IOMAP_MAPPED or cell.volatile not in (OLD, NEW),
    )


@after_crash(witness=another_file_has_a_block)
def another_file_keeps_its_data(cell: Cell):
    """A place of another file, now or when the log is recovered, holds nothing that this file has written."""
    block = Block[number(cell) // CELLS]
    return implies(block.other or block.other_logged, cell.durable == STALE and cell.volatile == STALE)
