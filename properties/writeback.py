"""PG_writeback, the I/O that it stands for, and the data on its way to the device."""

from __future__ import annotations

from checker.lang import each, implies, invariant, is_locked, leads_to, number, terminal

from model.include.size import bio_covers
from model.include.state import BLOCKS, BLOCK_SIZE, CELLS, DATA, FOLIO_SIZE, IOMAP_MAPPED, IOMAP_UNWRITTEN, IO_BUILT
from model.include.state import IO_FREE, IO_LISTED, IO_SUBMITTED, NEW, STALE, UNDEFINED, ZERO, Block
from model.include.state import Cell, Folio, Ioend, inode, mapping
from properties.witnesses import a_folio_is_in_two_ioends, io_is_in_flight


@invariant(witness=a_folio_is_in_two_ioends)
def writeback_lasts_as_long_as_its_io(ioend: Ioend, folio: Folio):
    """A folio is under writeback as long as any I/O that carries a block of it is not finished."""
    first = ioend.io_offset // BLOCK_SIZE
    carries = first < (number(folio) + 1) * BLOCKS and number(folio) * BLOCKS < first + ioend.bi_blocks
    return implies(ioend.state in (IO_BUILT, IO_SUBMITTED, IO_LISTED) and carries, folio.writeback)


@invariant
def folios_under_writeback_are_in_the_cache(folio: Folio):
    """A folio is not removed from the page cache while it is under writeback, nor does writeback begin after that."""
    return implies(folio.writeback, folio.mapping)


@invariant(witness=a_folio_is_in_two_ioends)
def pending_bytes_cover_the_io(folio: Folio):
    """write_bytes_pending counts every byte of a folio that unfinished I/O carries."""
    carried = sum(
        sum(
            BLOCK_SIZE
            for b in range(0, BLOCKS)
            if bio_covers(io.io_offset, io.bi_blocks, number(folio) * BLOCKS + b)
        )
        for io in each(Ioend)
        if io.state in (IO_BUILT, IO_SUBMITTED, IO_LISTED)
    )
    return BLOCKS == 1 or folio.write_bytes_pending >= carried


@invariant(witness=io_is_in_flight)
def no_bytes_pending_without_writeback(folio: Folio):
    """write_bytes_pending is zero while a folio is not under writeback."""
    return implies(not folio.writeback, folio.write_bytes_pending == 0)


@invariant
def io_goes_to_blocks_of_the_file(ioend: Ioend, block: Block):
    """I/O that the device may still carry out goes to a block that the file owns."""
    return implies(
        ioend.state in (IO_BUILT, IO_SUBMITTED)
        and bio_covers(ioend.io_offset, ioend.bi_blocks, number(block)),
        block.extent in (IOMAP_UNWRITTEN, IOMAP_MAPPED),
    )


@invariant(witness=io_is_in_flight)
def io_is_of_real_extents(ioend: Ioend):
    """An I/O has the type of the extent that it goes to, which is never a hole or a mere reservation."""
    return implies(ioend.state != IO_FREE, ioend.io_type in (IOMAP_UNWRITTEN, IOMAP_MAPPED))


@invariant
def no_write_is_lost(cell: Cell):
    """The newest data of a byte inside the file is dirty, on its way to the device, or there."""
    folio = Folio[number(cell) // FOLIO_SIZE]
    block = Block[number(cell) // CELLS]
    dirty = folio.dirty and (not folio.private or folio.ifs_dirty[number(cell) // CELLS % BLOCKS])
    under_way = any(
        io.state in (IO_BUILT, IO_SUBMITTED) and bio_covers(io.io_offset, io.bi_blocks, number(block))
        for io in each(Ioend)
    )
    cached = folio.mapping and folio.data[number(cell) % FOLIO_SIZE] == NEW
    written = cell.volatile == NEW and block.extent in (IOMAP_UNWRITTEN, IOMAP_MAPPED)
    return implies(
        cell.logical == DATA and number(cell) < inode.i_size and not is_locked(folio.locked),
        written or (cached and (dirty or under_way)),
    )


@invariant
def reads_return_what_was_written(cell: Cell):
    """Whenever read(2) could run, it finds the newest data, or zero where nothing was written."""
    folio = Folio[number(cell) // FOLIO_SIZE]
    uptodate = folio.uptodate or (folio.private and folio.ifs_uptodate[number(cell) // CELLS % BLOCKS])
    on_disk = cell.volatile if Block[number(cell) // CELLS].extent == IOMAP_MAPPED else ZERO
    found = folio.data[number(cell) % FOLIO_SIZE] if folio.mapping and uptodate else on_disk
    return implies(
        number(cell) < inode.i_size and cell.logical != UNDEFINED and not is_locked(inode.i_rwsem),
        found == (NEW if cell.logical == DATA else ZERO),
    )


@invariant(witness=io_is_in_flight)
def stable_pages_do_not_change(folio: Folio):
    """Memory that an unfinished I/O carries is not written to, if the device needs stable pages."""
    return not folio.disturbed


@invariant
def clean_folios_may_be_dropped(cell: Cell):
    """What a clean folio holds inside the file is on disk too, so reclaim may drop it."""
    folio = Folio[number(cell) // FOLIO_SIZE]
    on_disk = cell.volatile if Block[number(cell) // CELLS].extent == IOMAP_MAPPED else ZERO
    clean = folio.mapping and not folio.dirty and not folio.writeback and not is_locked(folio.locked)
    inside = number(cell) < inode.i_size and cell.logical != UNDEFINED and not is_locked(inode.i_rwsem)
    return implies(clean and inside, on_disk == (NEW if cell.logical == DATA else ZERO))


@invariant
def uptodate_blocks_are_initialised(cell: Cell):
    """A block that is marked uptodate in an unlocked folio holds data of the file or zeros."""
    folio = Folio[number(cell) // FOLIO_SIZE]
    uptodate = folio.uptodate or (folio.private and folio.ifs_uptodate[number(cell) // CELLS % BLOCKS])
    return implies(
        folio.mapping and uptodate and not is_locked(folio.locked),
        folio.data[number(cell) % FOLIO_SIZE] != STALE,
    )


@terminal
def nothing_is_left_behind():
    """Where nothing can move any more, no lock is held, no folio is under writeback, and no I/O is left."""
    folios = all(
        not is_locked(folio.locked) and not folio.writeback and folio.write_bytes_pending == 0
        for folio in each(Folio)
    )
    locks = is_locked(inode.i_rwsem) or is_locked(mapping.invalidate_lock) or is_locked(inode.i_lock)
    return folios and not locks and all(io.state == IO_FREE for io in each(Ioend))


@leads_to(fair=("writer", "truncater", "fsync", "flusher", "irq", "kworker"))
def writeback_ends(folio: Folio):
    """A folio that is under writeback is not for ever, if the device and the worker go on."""
    return folio.writeback, not folio.writeback
