"""What threads may do to a file on NFS."""

from __future__ import annotations

from checker.lang import atomic, bug_on, choose, each, number, primitive

from model.fs.fs_writeback import __writeback_single_inode
from model.fs.nfs.file import nfs_file_fsync, nfs_file_write, nfs_release_folio
from model.fs.nfs.server import nfs_server_reboots
from model.include.nfs import NFS_PARTS, NfsPage, memory
from model.include.primitives import folio_trylock, folio_unlock, inode_lock, supersede
from model.include.state import DATA, FILE_SIZE, FOLIOS, FOLIO_SIZE, LONG_MAX, NEW, WB_SYNC_NONE, Cell, File, Folio
from model.include.state import Task
from model.include.state import inode, loff_t, mapping
from model.mm.filemap import filemap_write_and_wait_range, note_fsync_returns


def nfs_write():
    """write(2) of one folio."""
    with atomic("nfs_start_io_write()"):
        inode_lock(inode)
        folio = choose(f for f in each(Folio))
    nfs_file_write(number(folio) * FOLIO_SIZE, FOLIO_SIZE)


def nfs_write_cell():
    """write(2) of one cell."""
    with atomic("nfs_start_io_write()"):
        inode_lock(inode)
        pos: loff_t = choose(range(0, FILE_SIZE))
    nfs_file_write(pos, 1)


def nfs_fsync(file: File):
    """fsync(2)."""
    error = nfs_file_fsync(Task[number(file) + 2], file)
    note_fsync_returns(file, error)


def nfs_flush(file: File):
    """Write everything and wait for it, as close(2) and locks do, without a COMMIT."""
    filemap_write_and_wait_range(Task[number(file) + 2], mapping, 0, FILE_SIZE - 1)


def nfs_background():
    """A background pass of the flusher, with more budget than there are folios."""
    __writeback_single_inode(Task[1], LONG_MAX, WB_SYNC_NONE)


def nfs_reboot():
    """The server reboots."""
    nfs_server_reboots()


def nfs_reclaim():
    """An allocation that may sleep looks for memory: it frees the first folio that lets itself be freed."""
    for folio in each(Folio):
        if folio_trylock(folio):
            if nfs_release_folio(folio):
                free_memory(folio)
            folio_unlock(folio)


@primitive()
def free_memory(folio: Folio):
    """There is memory again: nothing needs the folio."""
    bug_on(NfsPage[number(folio) * NFS_PARTS].mapped)
    memory.page = True


@primitive()
def nfs_file_on_server():
    """A file that the server has on disk; nothing is cached."""
    inode.i_size = FILE_SIZE
    for cell in each(Cell):
        cell.logical = DATA
        cell.volatile = NEW
        cell.durable = NEW


@primitive()
def nfs_dirty_file():
    """A file that the server has on disk, and of which the client has a newer version.  Folio 1 of three is not cached."""
    nfs_file_on_server()
    for folio in each(Folio):
        if FOLIOS < 3 or number(folio) != 1:
            nfs_dirty_folio(folio)


@primitive()
def nfs_dirty_folio(folio: Folio):
    """A folio is cached and dirty, and has a request."""
    folio.mapping = True
    folio.uptodate = True
    folio.dirty = True
    folio.tag_dirty = True
    NfsPage[number(folio) * NFS_PARTS].mapped = True
    for k in range(0, FOLIO_SIZE):
        folio.data[k] = NEW
        supersede(Cell[number(folio) * FOLIO_SIZE + k])


@primitive()
def nfs_cached_file():
    """The same, with all folios cached and clean."""
    nfs_file_on_server()
    for folio in each(Folio):
        folio.mapping = True
        folio.uptodate = True
        for k in range(0, FOLIO_SIZE):
            folio.data[k] = NEW
