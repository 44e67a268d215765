"""Who runs what: the operations that threads may start, and the scopes in which they are checked."""

from __future__ import annotations

from checker.lang import atomic, baseline, choose, constant, each, interrupt, number, primitive, scenario
from checker.lang import thread, worker

from model.block.device import blk_mq_complete_request
from model.fs.fs_writeback import __writeback_single_inode
from model.fs.xfs.xfs_aops import xfs_end_io
from model.fs.xfs.xfs_file import xfs_file_buffered_write, xfs_file_fsync
from model.fs.xfs.xfs_iops import xfs_setattr_size
from model.primitives import filemap_invalidate_lock, filemap_invalidate_unlock, i_size_read, inode_lock
from model.primitives import inode_unlock, note_truncate, supersede
from model.state import BLOCKS, CELLS, DATA, ERRORS, FILE_PAGES, FILE_SIZE, FOLIOS, FOLIO_SIZE, IOENDS
from model.state import IOMAP_MAPPED, LONG_MAX, NEW, OK, OPENERS, PAGES, PAGEVEC_SIZE, SHORT_COPIES
from model.state import STABLE_WRITES, ZERO, AddressSpace, Block, Cell, File, Folio, Inode, Ioend, Task, inode
from model.state import loff_t, log, mapping
from model.mm.filemap import note_fsync_returns

ON_DISK = constant(3, "cells of the file at the start; they are on disk and not cached")
APPEND_A = constant(1, "cells of an append")
APPEND_B = constant(3, "or so many")
OVERWRITE_POS = constant(1, "where an overwrite begins")
OVERWRITE_LEN = constant(2, "how long it is")
TRUNCATE_A = constant(1, "the size that a truncate sets")
TRUNCATE_B = constant(7, "or this one")

iomap = baseline("Linux 6.13.1: iomap, the writeback core and XFS.")


# ------------------------------------------------------------------- operations


def append():
    """write(2) with O_APPEND.  How much to write is settled with the position, once i_rwsem is held."""
    with atomic("i_rwsem keeps i_size"):
        inode_lock(inode)
        count = choose(APPEND_A, APPEND_B)
        pos: loff_t = i_size_read(inode)
        count = min(count, FILE_SIZE - pos)
    xfs_file_buffered_write(Task[0], pos, count)


def overwrite():
    """write(2) inside the file."""
    with atomic("i_rwsem keeps i_size"):
        inode_lock(inode)
        isize: loff_t = i_size_read(inode)
        count: loff_t = min(OVERWRITE_LEN, isize - OVERWRITE_POS) if isize > OVERWRITE_POS else 0
    xfs_file_buffered_write(Task[0], OVERWRITE_POS, count)


def truncate():
    """truncate(2), down or up."""
    with atomic("i_rwsem keeps i_size"):
        inode_lock(inode)
        newsize: loff_t = choose(TRUNCATE_A, TRUNCATE_B)
        oldsize: loff_t = i_size_read(inode)
        note_truncate(min(oldsize, newsize), False)
    filemap_invalidate_lock(mapping)
    error = xfs_setattr_size(Task[0], oldsize, newsize)
    filemap_invalidate_unlock(mapping)
    with atomic("truncate returns"):
        if error == OK:
            note_truncate(min(oldsize, newsize), True)
        inode_unlock(inode)


def fsync(file: File):
    """fsync(2) on an open file."""
    error = xfs_file_fsync(Task[number(file) + 2], file)
    note_fsync_returns(file, error)


def background():
    """A background pass of the flusher, with a budget of one page or of more than there are."""
    nr_to_write = choose(1, LONG_MAX)
    __writeback_single_inode(Task[1], nr_to_write)


@primitive()
def file_on_disk():
    """A file of ON_DISK cells, all of it on disk; the rest of its last block is zero."""
    inode.i_size = ON_DISK
    inode.i_disk_size = ON_DISK
    inode.sized_from = ON_DISK
    log.di_size = ON_DISK
    for block in each(Block):
        if number(block) * CELLS < ON_DISK:
            block.extent = IOMAP_MAPPED
            block.logged = IOMAP_MAPPED
            for c in range(0, CELLS):
                cell = Cell[number(block) * CELLS + c]
                cell.volatile = NEW if number(cell) < ON_DISK else ZERO
                cell.durable = NEW if number(cell) < ON_DISK else ZERO
    for cell in each(Cell):
        if number(cell) < ON_DISK:
            cell.logical = DATA


@primitive()
def dirty_file_with_cursor():
    """A file that is on disk, cached and dirty, and a cyclic pass that stopped before its last folio."""
    file_on_disk()
    mapping.writeback_index = FILE_PAGES - 1
    for folio in each(Folio):
        folio.mapping = True
        folio.uptodate = True
        folio.dirty = True
        folio.tag_dirty = True
        for k in range(0, FOLIO_SIZE):
            folio.data[k] = NEW
    for cell in each(Cell):
        supersede(cell)


# -------------------------------------------------------------------- scenarios

LOCK_ORDER = (Inode.i_rwsem, AddressSpace.invalidate_lock, Folio.locked, Inode.i_lock)

default = scenario(
    "Two writers, truncate, fsync and the flusher on a file of two folios.",
    thread("writer", append, overwrite, count=2),
    thread("truncater", truncate),
    thread("fsync", fsync, per=File),
    thread("flusher", background),
    interrupt("irq", blk_mq_complete_request, per=Ioend),
    worker("kworker", xfs_end_io),
    setup=file_on_disk,
    bound=4,
    of=iomap,
    lock_order=LOCK_ORDER,
)

append_flush = scenario(
    "One folio, one writer that appends, and the flusher.",
    thread("writer", append),
    thread("flusher", background),
    interrupt("irq", blk_mq_complete_request, per=Ioend),
    worker("kworker", xfs_end_io),
    setup=file_on_disk,
    scope={FOLIOS: 1, ON_DISK: 0, APPEND_B: 2, IOENDS: 2},
    bound=4,
    of=iomap,
    lock_order=LOCK_ORDER,
)

PASSES = (
    thread("flusher", background),
    interrupt("irq", blk_mq_complete_request, per=Ioend),
    worker("kworker", xfs_end_io),
)

two_mappings = scenario(
    "One folio whose first block is on disk; a write covers it and appends, the flusher writes both.",
    thread("writer", append, overwrite),
    *PASSES,
    setup=file_on_disk,
    scope={FOLIOS: 1, ON_DISK: 2, APPEND_A: 2, APPEND_B: 2, OVERWRITE_POS: 0, IOENDS: 2},
    bound=3,
    of=iomap,
    lock_order=LOCK_ORDER,
)

cyclic = scenario(
    "Two folios of one block, a writer, the flusher with a cursor in the middle, and two that call fsync.",
    thread("writer", overwrite),
    thread("fsync", fsync, per=File),
    *PASSES,
    setup=dirty_file_with_cursor,
    scope={BLOCKS: 1, CELLS: 1, ON_DISK: 2, OVERWRITE_POS: 0, OPENERS: 2},
    bound=5,
    of=iomap,
    lock_order=LOCK_ORDER,
)

two_folios = scenario(
    "Two folios of one block, a writer and fsync.",
    thread("writer", append, overwrite),
    thread("fsync", fsync, per=File),
    *PASSES,
    setup=file_on_disk,
    scope={BLOCKS: 1, CELLS: 2, ON_DISK: 0, APPEND_A: 1, APPEND_B: 4, IOENDS: 2},
    bound=3,
    of=iomap,
    lock_order=LOCK_ORDER,
)

one_folio_batches = scenario(
    "Two folios of one block, looked up one at a time, a writer and fsync.",
    thread("writer", append, overwrite),
    thread("fsync", fsync, per=File),
    *PASSES,
    setup=file_on_disk,
    scope={BLOCKS: 1, CELLS: 1, ON_DISK: 0, APPEND_A: 1, APPEND_B: 1, IOENDS: 2, PAGEVEC_SIZE: 1},
    bound=3,
    of=iomap,
    lock_order=LOCK_ORDER,
)

one_block_folios = scenario(
    "Two folios of one block, a writer, the flusher, and truncate.",
    thread("writer", append),
    thread("truncater", truncate),
    *PASSES,
    setup=file_on_disk,
    scope={BLOCKS: 1, CELLS: 2, ON_DISK: 0, APPEND_A: 1, APPEND_B: 4, TRUNCATE_A: 1, TRUNCATE_B: 3},
    bound=3,
    of=iomap,
    lock_order=LOCK_ORDER,
)

errors = scenario(
    "One failure of the device or of an allocation, and two that call fsync.",
    thread("writer", append, overwrite),
    thread("fsync", fsync, per=File),
    *PASSES,
    setup=file_on_disk,
    scope={FOLIOS: 1, ON_DISK: 1, APPEND_A: 1, APPEND_B: 3, OPENERS: 2, ERRORS: 1, OVERWRITE_POS: 0},
    bound=3,
    of=iomap,
    lock_order=LOCK_ORDER,
)

short_copies = scenario(
    "A large folio of two pages, and copies from user memory that stop early.",
    thread("writer", append, overwrite),
    thread("fsync", fsync, per=File),
    *PASSES,
    setup=file_on_disk,
    scope={FOLIOS: 1, PAGES: 2, ON_DISK: 1, APPEND_A: 1, APPEND_B: 3, SHORT_COPIES: 1, OVERWRITE_POS: 0, IOENDS: 2},
    bound=3,
    of=iomap,
    lock_order=LOCK_ORDER,
)

stable_pages = scenario(
    "As append_flush, with a device that needs stable pages.",
    thread("writer", append, overwrite),
    *PASSES,
    setup=file_on_disk,
    scope={FOLIOS: 1, ON_DISK: 1, APPEND_B: 2, STABLE_WRITES: 1, IOENDS: 2},
    bound=4,
    of=iomap,
    lock_order=LOCK_ORDER,
)
