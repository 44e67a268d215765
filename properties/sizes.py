"""i_size, i_disk_size and the size of an I/O."""

from __future__ import annotations

from checker.lang import after_crash, implies, invariant, is_locked, number

from model.include.state import BLOCKS, CELLS, DATA, FOLIO_SIZE, IOMAP_HOLE, IOMAP_MAPPED, IO_BUILT, IO_SUBMITTED, NEW
from model.include.state import OLD, ZERO
from model.include.state import Block, Cell, Folio, Inode, Ioend, inode, mapping
from properties.witnesses import io_ends_inside_a_block, io_raises_the_disk_size


@invariant(witness=io_ends_inside_a_block)
def io_size_ends_at_eof(ioend: Ioend):
    """io_size does not reach beyond the end of the file, to the byte, unless a truncate is on its way."""
    truncating = is_locked(mapping.invalidate_lock) and is_locked(inode.i_rwsem)
    return implies(
        ioend.state in (IO_BUILT, IO_SUBMITTED) and not truncating,
        ioend.io_offset + ioend.io_size <= inode.i_size,
    )


@invariant(witness=io_raises_the_disk_size)
def disk_size_stays_below_i_size(inode: Inode):
    """The on-disk size does not exceed i_size, unless a truncate is on its way."""
    truncating = is_locked(mapping.invalidate_lock) and is_locked(inode.i_rwsem)
    return truncating or inode.i_disk_size <= inode.i_size


@after_crash
def recorded_size_is_backed(cell: Cell):
    """Every byte of an I/O below the on-disk size that it recorded holds written data on the device."""
    return implies(
        inode.sized_from <= number(cell) < inode.i_disk_size and cell.logical == DATA and not cell.filled,
        Block[number(cell) // CELLS].extent == IOMAP_MAPPED and cell.volatile in (OLD, NEW),
    )


@invariant
def the_block_of_eof_ends_in_zeros(cell: Cell):
    """Behind EOF its block is zero, in the cache and, if nothing newer is on its way, on disk: who maps it sees that."""
    folio = Folio[number(cell) // FOLIO_SIZE]
    block = Block[number(cell) // CELLS]
    uptodate = folio.uptodate or (folio.private and folio.ifs_uptodate[number(cell) // CELLS % BLOCKS])
    cached = folio.mapping and uptodate
    newer = folio.mapping and (folio.dirty or folio.writeback or is_locked(folio.locked))
    return implies(
        number(cell) // CELLS * CELLS < inode.i_size <= number(cell) and not is_locked(inode.i_rwsem),
        (folio.data[number(cell) % FOLIO_SIZE] == ZERO or not cached)
        and (cell.volatile == ZERO or newer or block.extent != IOMAP_MAPPED),
    )


@invariant
def blocks_end_at_eof(block: Block):
    """When neither a write nor a truncate is under way, no block behind EOF belongs to the file."""
    behind = number(block) * CELLS >= inode.i_size
    return implies(behind and not is_locked(inode.i_rwsem), block.extent == IOMAP_HOLE)
