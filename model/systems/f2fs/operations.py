"""The operations that threads may start on a file of f2fs, and the files that they find."""

from __future__ import annotations

from checker.lang import atomic, choose, constant, each, is_locked, kernel, number, primitive, wait_until

from model.fs.f2fs.checkpoint import f2fs_write_checkpoint
from model.fs.f2fs.data import f2fs_shrink_folio
from model.fs.f2fs.file import f2fs_buffered_write, f2fs_do_sync_file, f2fs_punch_hole, f2fs_setattr_size
from model.fs.f2fs.gc import f2fs_gc, f2fs_gc_block
from model.fs.f2fs.segment import f2fs_cp_error
from model.fs.fs_writeback import __writeback_single_inode
from model.include.f2fs import CDATA_ADDR, COMPRESS_ADDR, DATA_ADDR, F2FS_CLUSTER_SIZE, F2FS_META_GC, NEW_ADDR, Page
from model.include.f2fs import sbi
from model.fs.f2fs.primitives import f2fs_note_punch, f2fs_note_told, f2fs_note_truncate, f2fs_note_write_begins
from model.include.primitives import i_size_read, inode_lock, inode_unlock
from model.include.state import DATA, FILE_SIZE, LONG_MAX, NEW, OK, PAGES, PAGE_SIZE, Cell, File, Folio
from model.include.state import EIO, WB_SYNC_NONE, Errno, Task, inode, loff_t, pgoff_t
from model.mm.filemap import file_write_and_wait_range, note_fsync_returns

F2FS_ON_DISK = constant(1, "pages of the file at the start; they are on disk and not cached")
F2FS_WRITE_A = constant(0, "the page that a write begins at")
F2FS_WRITE_B = constant(1, "or this one")
F2FS_WRITE_LEN = constant(1, "pages of a write")
F2FS_TRUNCATE = constant(1, "the size in pages that a truncate sets")
F2FS_CUT = constant(0, "cells that such a truncate leaves off the last page; then it may also go up to the largest size")
F2FS_SHORT = constant(0, "cells that a write leaves off its last page")
F2FS_CLUSTERS_ON_DISK = constant(1, "clusters of a compressed file at the start")
F2FS_FOREGROUND_GC = constant(1, "1: garbage collection may be in the foreground")
F2FS_GC_PAGE = constant(0, "the page that garbage collection meets")

# ------------------------------------------------------------------- operations


def f2fs_write():
    """write(2) of pages, inside the file or at its end.  What it is going to write is not zero for certain any more.

    When checkpoints have stopped it fails, as truncate does; f2fs_file_write_iter() asks before it takes i_rwsem, which nobody can tell apart.
    """
    with atomic("inode_lock(): i_size stays as it is"):
        inode_lock(inode)
        index: pgoff_t = choose(F2FS_WRITE_A, F2FS_WRITE_B)
        isize: loff_t = i_size_read(inode)
        len: loff_t = min(F2FS_WRITE_LEN * PAGE_SIZE, FILE_SIZE - index * PAGE_SIZE) - F2FS_SHORT
        if F2FS_CUT > 0:
            f2fs_note_write_begins(index * PAGE_SIZE, len)
    stopped = f2fs_cp_error()
    if index * PAGE_SIZE <= isize and not stopped:
        f2fs_buffered_write(index * PAGE_SIZE, len)
    inode_unlock(inode)


def f2fs_truncate():
    """truncate(2), down or up."""
    with atomic("inode_lock(): i_size stays as it is"):
        inode_lock(inode)
        newsize: loff_t = F2FS_TRUNCATE * PAGE_SIZE - F2FS_CUT
        if F2FS_CUT > 0:
            newsize = choose(F2FS_TRUNCATE * PAGE_SIZE - F2FS_CUT, FILE_SIZE)
        oldsize: loff_t = i_size_read(inode)
        f2fs_note_truncate(min(oldsize, newsize), False)
    err: Errno = EIO
    stopped = f2fs_cp_error()
    if not stopped:
        err = f2fs_setattr_size(oldsize, newsize)
    with atomic("inode_unlock(): truncate returns"):
        if err == OK:
            f2fs_note_truncate(min(oldsize, newsize), True)
        inode_unlock(inode)


def f2fs_punch():
    """fallocate(2) that punches a hole: the first page."""
    with atomic("inode_lock(): i_size stays as it is"):
        inode_lock(inode)
        f2fs_note_punch(Page[0], False)
    f2fs_punch_hole(Page[0])
    with atomic("inode_unlock(): fallocate returns"):
        f2fs_note_punch(Page[0], True)
        inode_unlock(inode)


def f2fs_fsync(file: File):
    """fsync(2) on an open file: f2fs_sync_file(), which fails when checkpoints have stopped.

    f2fs_do_sync_file() looks again after it has written the node, which is its last step here.
    """
    error: Errno = EIO
    stopped = f2fs_cp_error()
    if not stopped:
        error = f2fs_do_sync_file(Task[number(file) + 2], file)
        stopped = f2fs_cp_error()
    f2fs_note_told(file, stopped)
    note_fsync_returns(file, EIO if stopped else error)


def f2fs_fsync_alone():
    """fsync(2) on the only open file."""
    f2fs_fsync(File[0])


def f2fs_background():
    """A background pass of the flusher, with a budget of one page or of more than there are."""
    nr_to_write = choose(1, LONG_MAX)
    __writeback_single_inode(Task[1], nr_to_write, WB_SYNC_NONE)


def f2fs_checkpoint():
    """A checkpoint: sync(2), or because it is time."""
    f2fs_write_checkpoint(sbi)


@primitive("fs/super.c")
def evict_inodes():
    """Nobody uses the file, and nothing of it is dirty or under writeback: evict() has waited for that."""
    idle = not any(folio.dirty or folio.writeback or is_locked(folio.locked) for folio in each(Folio))
    wait_until(idle and not is_locked(inode.i_rwsem) and not is_locked(sbi.writepages))


@primitive("fs/f2fs/super.c")
def iput_node_inode():
    """When no page of F2FS_WB_CP_DATA is on its way (f2fs_wait_on_all_pages()): iput(sbi->node_inode), which is NULL from now on."""
    wait_until(sbi.wb_cp_data == 0)
    sbi.node_inode_is_gone = True


@primitive("fs/f2fs/super.c")
def iput_meta_inode():
    """Eviction of sbi->meta_inode waits for writeback of its pages; then sbi is freed."""
    wait_until(not any(page.meta for page in each(Page)))
    sbi.freed = True


@kernel("fs/f2fs/super.c")
def f2fs_put_super():
    """umount(2), from the eviction of the file to kfree(sbi).  Left out: the last checkpoint."""
    evict_inodes()
    iput_node_inode()
    iput_meta_inode()


def f2fs_write_and_umount():
    """The last one who uses the file writes it and closes it; umount(2) writes what is dirty, waits, and frees sbi."""
    f2fs_write()
    file_write_and_wait_range(Task[2], File[0], 0, FILE_SIZE)
    f2fs_put_super()


def f2fs_collect_and_umount():
    """Garbage collection moves a block; umount(2) stops the thread that does so, waits, and frees sbi."""
    f2fs_collect()
    f2fs_put_super()


def f2fs_reclaim():
    """kswapd meets a folio of the file."""
    f2fs_shrink_folio(choose(folio for folio in each(Folio)))


def f2fs_collect():
    """Garbage collection meets a page of the file, or (F2FS_META_GC) any block of it."""
    foreground = False
    if F2FS_META_GC > 0:
        f2fs_gc_block(choose(page for page in each(Page)))
        return
    if F2FS_FOREGROUND_GC > 0:
        foreground = choose(False, True)
    f2fs_gc(Folio[F2FS_GC_PAGE // PAGES], foreground)


# ------------------------------------------------------------------------ files


@primitive()
def f2fs_file_on_disk():
    """A file with F2FS_ON_DISK pages on disk; nothing is cached."""
    inode.i_size = F2FS_ON_DISK * PAGE_SIZE
    sbi.image_size = F2FS_ON_DISK * PAGE_SIZE
    for page in each(Page):
        if number(page) < F2FS_ON_DISK:
            page.addr = DATA_ADDR
            page.image = DATA_ADDR
            for c in range(0, PAGE_SIZE):
                page.block[c] = NEW
                page.image_block[c] = NEW
    for cell in each(Cell):
        if number(cell) < F2FS_ON_DISK * PAGE_SIZE:
            cell.logical = DATA


@primitive()
def f2fs_compressed_file():
    """A file whose first clusters are on disk, compressed; nothing is cached."""
    size = F2FS_CLUSTERS_ON_DISK * F2FS_CLUSTER_SIZE
    inode.i_size = size * PAGE_SIZE
    sbi.image_size = size * PAGE_SIZE
    for page in each(Page):
        if number(page) < size:
            slot = number(page) % F2FS_CLUSTER_SIZE
            page.addr = COMPRESS_ADDR if slot == 0 else (CDATA_ADDR if slot == 1 else NEW_ADDR)
            page.image = page.addr
            for c in range(0, PAGE_SIZE):
                page.block[c] = NEW
                page.image_block[c] = NEW
    for cell in each(Cell):
        if number(cell) < size * PAGE_SIZE:
            cell.logical = DATA
