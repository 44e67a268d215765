"""The operations that threads may start, what they may ask for, and the files that they find."""

from __future__ import annotations

from checker.lang import atomic, choose, constant, each, is_locked, number, primitive, wait_until

from model.fs.fs_writeback import __mark_inode_dirty, sync_inodes_sb, writeback_sb_inodes
from model.fs.xfs.xfs_bmap_util import xfs_free_file_space
from model.fs.xfs.xfs_file import xfs_file_buffered_write, xfs_file_fsync
from model.fs.xfs.xfs_iops import xfs_setattr_size
from model.include.primitives import filemap_invalidate_lock, filemap_invalidate_unlock, i_size_read, inode_lock
from model.include.primitives import inode_unlock, note_hole, note_truncate, supersede
from model.include.state import CELLS, DATA, FILE_PAGES, FILE_SIZE, FOLIO_SIZE, IOMAP_MAPPED, I_DIRTY_SYNC, LONG_MAX
from model.include.state import NEW, OK
from model.include.state import AddressSpace, Errno, failures_t
from model.include.state import PAGE_SIZE, WB_SYNC_NONE, ZERO, Block, Cell, File, Folio, Pte, Task, inode, loff_t, log
from model.include.state import mapping
from model.mm.filemap import filemap_sample_wb_err, filemap_write_and_wait_range, note_fsync_returns
from model.mm.filemap import note_opened
from model.mm.memory import cpu_store, handle_pte_fault, unmap_mapping_range
from model.mm.truncate import invalidate_inode_pages2_range
from model.mm.vmscan import shrink_folio_list

ON_DISK = constant(3, "cells of the file at the start; they are on disk and not cached", size=True)
HOLE_AT_END = constant(0, "cells of a hole behind these, inside the file", size=True)
APPEND_A = constant(1, "cells of an append", size=True)
APPEND_B = constant(3, "or so many", size=True)
OVERWRITE_POS = constant(1, "where an overwrite begins", size=True)
OVERWRITE_LEN = constant(2, "how long it is", size=True)
PUNCH_POS = constant(0, "where a hole is punched", size=True)
PUNCH_LEN = constant(2, "how long it is", size=True)
SPARSE_POS = constant(4, "where a write begins that may be behind EOF", size=True)
SPARSE_LEN = constant(1, "how long it is", size=True)
STORE_A = constant(0, "where a store through a mapping goes", size=True)
STORE_B = constant(0, "or there", size=True)
TRUNCATE_A = constant(1, "the size that a truncate sets", size=True)
TRUNCATE_B = constant(7, "or this one", size=True)

# ------------------------------------------------------------------- operations


def append():
    """write(2) with O_APPEND.  How much to write is settled with the position, once i_rwsem is held."""
    with atomic("inode_lock(): i_size stays as it is"):
        inode_lock(inode)
        count = choose(APPEND_A, APPEND_B)
        pos: loff_t = i_size_read(inode)
        count = min(count, FILE_SIZE - pos)
    xfs_file_buffered_write(Task[0], pos, count)


def append_any():
    """write(2) with O_APPEND, up to any place behind EOF that the file has room for."""
    with atomic("inode_lock(): i_size stays as it is"):
        inode_lock(inode)
        end: loff_t = choose(range(1, FILE_SIZE + 1))
        pos: loff_t = i_size_read(inode)
        count: loff_t = end - pos if end > pos else FILE_SIZE - pos
    xfs_file_buffered_write(Task[0], pos, count)


def truncate_any():
    """truncate(2) to any size."""
    with atomic("inode_lock(): i_size stays as it is"):
        inode_lock(inode)
        newsize: loff_t = choose(range(0, FILE_SIZE + 1))
        oldsize: loff_t = i_size_read(inode)
        note_truncate(min(oldsize, newsize), False)
    filemap_invalidate_lock(mapping)
    error = xfs_setattr_size(Task[0], oldsize, newsize)
    filemap_invalidate_unlock(mapping)
    with atomic("inode_unlock(): truncate returns"):
        if error == OK:
            note_truncate(min(oldsize, newsize), True)
        inode_unlock(inode)


def overwrite():
    """write(2) inside the file."""
    with atomic("inode_lock(): i_size stays as it is"):
        inode_lock(inode)
        isize: loff_t = i_size_read(inode)
        count: loff_t = min(OVERWRITE_LEN, isize - OVERWRITE_POS) if isize > OVERWRITE_POS else 0
    xfs_file_buffered_write(Task[0], OVERWRITE_POS, count)


def truncate():
    """truncate(2), down or up."""
    with atomic("inode_lock(): i_size stays as it is"):
        inode_lock(inode)
        newsize: loff_t = choose(TRUNCATE_A, TRUNCATE_B)
        oldsize: loff_t = i_size_read(inode)
        note_truncate(min(oldsize, newsize), False)
    filemap_invalidate_lock(mapping)
    error = xfs_setattr_size(Task[0], oldsize, newsize)
    filemap_invalidate_unlock(mapping)
    with atomic("inode_unlock(): truncate returns"):
        if error == OK:
            note_truncate(min(oldsize, newsize), True)
        inode_unlock(inode)


def fsync(file: File):
    """fsync(2) on an open file."""
    error = xfs_file_fsync(Task[number(file) + 2], file)
    note_fsync_returns(file, error)


def reopen(file: File):
    """close(2) and open(2)."""
    with atomic("do_dentry_open(): nobody else has the new file yet"):
        file.f_wb_err = filemap_sample_wb_err(mapping)
        note_opened(file)


def background():
    """A background pass of the flusher, with a budget of one page or of more than there are."""
    nr_to_write = choose(1, LONG_MAX)
    writeback_sb_inodes(Task[1], nr_to_write, WB_SYNC_NONE)


def sparse_write():
    """write(2) at a fixed position, which may be behind EOF."""
    with atomic("inode_lock(): i_size stays as it is"):
        inode_lock(inode)
        count: loff_t = min(SPARSE_LEN, FILE_SIZE - SPARSE_POS)
    xfs_file_buffered_write(Task[0], SPARSE_POS, count)


def store():
    """A store through a shared mapping, inside the file or behind EOF in its last page; SIGBUS ends it."""
    pos: loff_t = choose(STORE_A, STORE_B)
    pte: Pte = Pte[pos // PAGE_SIZE]
    mapped = True
    while mapped:
        if cpu_store(pte, pos):
            break
        mapped = handle_pte_fault(pte)


def munmap():
    """munmap(2); the next store maps the file again."""
    unmap_mapping_range(0, FILE_PAGES)


def punch_hole():
    """fallocate(2) with FALLOC_FL_PUNCH_HOLE."""
    with atomic("inode_lock(): the hole is undefined from here on"):
        inode_lock(inode)
        note_hole(PUNCH_POS, PUNCH_POS + PUNCH_LEN, False)
    filemap_invalidate_lock(mapping)
    error = xfs_free_file_space(Task[0], PUNCH_POS, PUNCH_LEN)
    filemap_invalidate_unlock(mapping)
    with atomic("inode_unlock(): fallocate returns"):
        if error == OK:
            note_hole(PUNCH_POS, PUNCH_POS + PUNCH_LEN, True)
        inode_unlock(inode)


def sync():
    """sync(2): the flusher writes back everything, and the caller waits.  I_SYNC makes it one flusher at a time.

    Left out: what comes after it, the log and the device's cache; fsync does both.
    """
    sync_inodes_sb(Task[1])


def fsync_alone():
    """fsync(2) on the only open file."""
    fsync(File[0])


def sync_alone():
    """sync(2) by who alone writes to the file: when it returns, the device has what was written before."""
    sync_inodes_sb(Task[1])
    note_synced()


@primitive()
def note_synced():
    """sync(2) returns: is there anything that the device lacks?"""
    for cell in each(Cell):
        if cell.logical == DATA and cell.volatile != NEW:
            inode.unsynced = True


def invalidate():
    """What direct I/O does to the page cache: write it back, wait, drop it.

    Left out: the I/O itself.
    """
    inode_lock(inode)
    error = filemap_write_and_wait_range(Task[0], mapping, 0, FILE_SIZE - 1)
    if error == OK:
        invalidate_inode_pages2_range(mapping, 0, FILE_PAGES)
    inode_unlock(inode)


def flush_alone():
    """filemap_write_and_wait_range(), as truncate, hole punching and direct I/O call it: it tells of what has failed meanwhile."""
    before = failures_to_come(mapping)
    error = filemap_write_and_wait_range(Task[0], mapping, 0, FILE_SIZE - 1)
    note_flushed(before, error)


@primitive()
def failures_to_come(mapping: AddressSpace) -> failures_t:
    """How many failures the scope still has."""
    return mapping.failures_left


@primitive()
def note_flushed(before: failures_t, error: Errno):
    """A flush returns: was there a failure that it does not tell of?"""
    if error == OK and mapping.failures_left < before:
        inode.untold = True


def invalidate_alone():
    """invalidate(), where nobody maps the file: if it says that all is gone, all is gone."""
    inode_lock(inode)
    error = filemap_write_and_wait_range(Task[0], mapping, 0, FILE_SIZE - 1)
    if error == OK:
        if invalidate_inode_pages2_range(mapping, 0, FILE_PAGES):
            note_invalidated()
    inode_unlock(inode)


@primitive()
def note_invalidated():
    """Invalidation has succeeded: is anything cached?"""
    for folio in each(Folio):
        if folio.mapping:
            inode.cached_still = True


def touch():
    """utimes(2) on a filesystem that writes inodes by ->write_inode: the inode changes, and no page of it."""
    with atomic("inode_lock(), and the inode's new times"):
        inode_lock(inode)
        note_inode_changed()
    __mark_inode_dirty(inode, I_DIRTY_SYNC)
    inode_unlock(inode)


@primitive()
def note_inode_changed():
    """The inode is not on disk as it is."""
    inode.changed = True


@primitive()
def wait_for_idle(folio: Folio):
    """A folio of the page cache seems to be clean and idle."""
    wait_until(folio.mapping and not folio.dirty and not folio.writeback and not is_locked(folio.locked))


def reclaim(folio: Folio):
    """Memory reclaim comes to a folio.  It passes over those that do not look as if they could be dropped."""
    wait_for_idle(folio)
    shrink_folio_list(folio)


@primitive()
def file_on_disk():
    """A file with ON_DISK cells on disk, and then HOLE_AT_END cells of nothing; nothing is cached."""
    inode.i_size = ON_DISK + HOLE_AT_END
    inode.i_disk_size = ON_DISK + HOLE_AT_END
    inode.sized_from = ON_DISK + HOLE_AT_END
    log.di_size = ON_DISK + HOLE_AT_END
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
    dirty_file()
    mapping.writeback_index = FILE_PAGES - 1


@primitive()
def dirty_file():
    """A file that is on disk, cached and dirty."""
    file_on_disk()
    for folio in each(Folio):
        folio.mapping = True
        folio.uptodate = True
        folio.dirty = True
        folio.tag_dirty = True
        for k in range(0, FOLIO_SIZE):
            folio.data[k] = NEW
    for cell in each(Cell):
        supersede(cell)
