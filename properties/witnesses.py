"""The interesting situations that must occur, so that a property that holds says something."""

from __future__ import annotations

from checker.lang import each, is_locked, number, reachable

from model.include.state import BLOCKS, BLOCK_SIZE, ERRORS, FOLIO_SIZE, HOLE, INODE_LISTS, IO_BUILT, IO_LISTED
from model.include.state import IO_SUBMITTED, MAPPERS, NEW, OTHER_FILE, READ_FAILURES, Block, Cell, File, Folio, Ioend
from model.include.state import Pte
from model.include.state import Task, inode, mapping


@reachable(bound=2)
def io_is_in_flight(folio: Folio):
    """A folio has bytes pending."""
    return folio.writeback and folio.write_bytes_pending > 0


@reachable(bound=3)
def a_folio_is_in_two_ioends(folio: Folio):
    """Two unfinished ioends carry blocks of one folio."""
    carriers = sum(
        1
        for io in each(Ioend)
        if io.state in (IO_BUILT, IO_SUBMITTED, IO_LISTED)
        and io.io_offset // BLOCK_SIZE < (number(folio) + 1) * BLOCKS
        and number(folio) * BLOCKS < io.io_offset // BLOCK_SIZE + io.bi_blocks
    )
    return carriers >= 2


@reachable(bound=2)
def a_pass_locks_a_second_folio(task: Task, folio: Folio):
    """A pass has I/O of one folio not submitted while a later folio is dirty."""
    return task.unsubmitted > 0 and number(folio) >= task.unsubmitted and folio.dirty


@reachable(bound=2)
def io_ends_inside_a_block(ioend: Ioend):
    """An I/O on its way ends where the file ends, in the middle of a block."""
    end = ioend.io_offset + ioend.io_size
    return ioend.state == IO_SUBMITTED and end % BLOCK_SIZE != 0


@reachable(bound=2)
def io_raises_the_disk_size():
    """The on-disk size has been recorded by an I/O."""
    return inode.sized_from < inode.i_disk_size


@reachable(bound=3)
def a_write_goes_on_under_io(cell: Cell):
    """A byte is overwritten in the cache while an older version of it is with the device."""
    folio = Folio[number(cell) // FOLIO_SIZE]
    under_way = any(
        io.state == IO_SUBMITTED and io.io_offset <= number(cell) < io.io_offset + io.io_size
        for io in each(Ioend)
    )
    return under_way and folio.dirty and folio.data[number(cell) % FOLIO_SIZE] == NEW


@reachable(bound=2)
def a_hole_is_below_the_disk_size(cell: Cell):
    """A byte below the on-disk size was never written."""
    return number(cell) < inode.i_disk_size and cell.logical == HOLE


@reachable(bound=3)
def an_integrity_pass_finds_a_folio_that_was_dirtied_late(task: Task, folio: Folio):
    """A data-integrity pass is under way, and a folio is dirty that it was not asked to write."""
    return task.in_pass and folio.dirty and not task.snapshot[number(folio)]


@reachable
def fsync_returns_an_error(file: File):
    """A file has been told of an error, if the scope has any."""
    return ERRORS == 0 or file.f_wb_err > 0


@reachable
def a_page_is_mapped_writable(pte: Pte):
    """A page is mapped writable, if the scope has anybody who maps the file."""
    return MAPPERS == 0 or pte.write


@reachable
def another_file_has_a_block(block: Block):
    """Another file has got a block that may have been this one's, if the scope has another file."""
    return OTHER_FILE == 0 or block.other


@reachable
def the_flusher_has_the_inode(folio: Folio):
    """A folio becomes dirty while the flusher has the inode, if the scope has lists of inodes."""
    return INODE_LISTS == 0 or (inode.i_sync and folio.dirty)


@reachable
def the_flusher_is_about_to_write_the_inode():
    """The flusher has cleared I_DIRTY_SYNC of an inode that it still has to write, if the scope has lists of inodes."""
    return INODE_LISTS == 0 or (inode.i_sync and inode.changed and not inode.i_dirty_sync)


@reachable
def a_read_has_failed(folio: Folio):
    """A block could not be read, and its folio is cached and not uptodate, if the scope has such failures."""
    failed = mapping.read_failures_left < READ_FAILURES
    return READ_FAILURES == 0 or (failed and folio.mapping and not folio.uptodate and not is_locked(folio.locked))
