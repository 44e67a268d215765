"""fs/netfs/buffered_write.c in short, and what threads may do to a file on a network filesystem."""

from __future__ import annotations

from checker.lang import acquire, atomic, choose, each, kernel, number, primitive, release

from model.fs.fs_writeback import __writeback_single_inode
from model.fs.netfs.write_issue import netfs_folio_private
from model.include.netfs import NETFS_FOLIO_COPY_TO_CACHE, NETFS_NOTHING, NETFS_OTHER_GROUP, NETFS_STREAMING
from model.include.netfs import NetfsCache, NetfsFolioInfo, ictx
from model.include.primitives import copy_to_folio, folio_unlock, inode_lock, inode_unlock, note_written, supersede
from model.include.state import DATA, FILE_SIZE, FOLIOS, FOLIO_SIZE, LONG_MAX, NEW, UNDEFINED, WB_SYNC_NONE, ZERO, Cell
from model.include.state import File
from model.include.state import Folio, Task, inode, mapping
from model.mm.filemap import __filemap_get_folio, file_write_and_wait_range, note_fsync_returns
from model.mm.page_writeback import filemap_dirty_folio, folio_wait_writeback
from model.mm.truncate import truncate_inode_pages_range


@kernel("fs/netfs/buffered_write.c")
def netfs_perform_write(folio: Folio):
    """write(2) of one folio, which waits for its writeback if it has private data: that is writeback's until it is over.

    A folio that was only to be copied to the cache is an ordinary dirty folio from now on.  The copy and the mark are two steps: the server
    and the cache read the folio without its lock.  Which version is the newest is settled with the mark.
    Left out: partial folios and streaming writes, folios of another group (flush_content), short copies, a fatal signal in the wait.
    """
    __filemap_get_folio(mapping, folio)
    private = netfs_folio_private(folio)
    if private != NETFS_NOTHING:
        folio_wait_writeback(folio)
    with atomic("copy_folio_from_iter_atomic(), netfs_set_group(): under the folio lock"):
        copy_to_folio(folio, 0, 1)
        if NetfsFolioInfo[number(folio)].private == NETFS_FOLIO_COPY_TO_CACHE:
            NetfsFolioInfo[number(folio)].private = NETFS_NOTHING
    with atomic("folio_mark_dirty(): under the folio lock"):
        filemap_dirty_folio(mapping, folio)
        note_written(number(folio), number(folio) + 1)
    folio_unlock(folio)


def netfs_write():
    """write(2) of one folio."""
    with atomic("netfs_start_io_write()"):
        inode_lock(inode)
        folio = choose(f for f in each(Folio))
    netfs_perform_write(folio)
    inode_unlock(inode)


def netfs_fsync(file: File):
    """fsync(2): the data is with the server; what the server does with it is its own affair."""
    error = file_write_and_wait_range(Task[number(file) + 2], file, 0, FILE_SIZE - 1)
    note_fsync_returns(file, error)


def netfs_background():
    """A background pass of the flusher, with more budget than there are folios."""
    __writeback_single_inode(Task[1], LONG_MAX, WB_SYNC_NONE)


@primitive("fs/afs/inode.c")
def down_write_io_lock():
    """down_write() of the lock that calls to the server take."""
    acquire(ictx.io_lock)


@primitive("fs/afs/inode.c")
def up_write_io_lock():
    """up_write() of it."""
    release(ictx.io_lock)


@primitive()
def server_truncates():
    """The server cuts the file to nothing, and the client's size follows; what comes back is not said."""
    for cell in each(Cell):
        cell.logical = UNDEFINED
        cell.volatile = ZERO
        cell.promised = False
        for file in each(File):
            file.covered[number(cell)] = False


@kernel("fs/afs/inode.c")
def netfs_truncate():
    """truncate(2) to nothing: the server first, under the lock; the page cache behind it, without.

    Left out: i_size stays, so that there are no folios behind it.
    """
    inode_lock(inode)
    down_write_io_lock()
    server_truncates()
    up_write_io_lock()
    truncate_inode_pages_range(mapping, 0, FILE_SIZE)
    inode_unlock(inode)


@primitive()
def netfs_file_on_server():
    """A file that server and cache have; nothing is in the page cache."""
    inode.i_size = FILE_SIZE
    for cell in each(Cell):
        cell.logical = DATA
        cell.volatile = NEW
        cell.durable = NEW
        NetfsCache[number(cell) // FOLIO_SIZE].data = NEW


@primitive()
def netfs_dirty_folio(folio: Folio):
    """The client has a newer version of a folio than the server."""
    folio.mapping = True
    folio.uptodate = True
    folio.dirty = True
    folio.tag_dirty = True
    folio.data[0] = NEW
    supersede(Cell[number(folio) * FOLIO_SIZE])


@primitive()
def netfs_dirty_file():
    """Everything is dirty."""
    netfs_file_on_server()
    for folio in each(Folio):
        netfs_dirty_folio(folio)


@primitive()
def netfs_mixed_file():
    """The first folio has been read from the server and is only to be copied to the cache, the others are dirty."""
    netfs_dirty_file()
    NetfsFolioInfo[0].private = NETFS_FOLIO_COPY_TO_CACHE
    Cell[0].volatile = NEW
    Cell[0].durable = NEW


@primitive()
def netfs_file_with_a_gap():
    """The first folio and the last are dirty; those between them are clean, or only to be copied to the cache."""
    netfs_dirty_file()
    copied = choose(False, True)
    for folio in each(Folio):
        if 0 < number(folio) < FOLIOS - 1:
            folio.dirty = copied
            folio.tag_dirty = copied
            Cell[number(folio)].volatile = NEW
            Cell[number(folio)].durable = NEW
            if copied:
                NetfsFolioInfo[number(folio)].private = NETFS_FOLIO_COPY_TO_CACHE


@primitive()
def netfs_file_of_any_kind():
    """The first folio is dirty; the last is of any kind."""
    netfs_dirty_file()
    kind = choose(NETFS_NOTHING, NETFS_FOLIO_COPY_TO_CACHE, NETFS_OTHER_GROUP, NETFS_STREAMING)
    NetfsFolioInfo[FOLIOS - 1].private = kind
    if kind == NETFS_FOLIO_COPY_TO_CACHE:
        Cell[FOLIOS - 1].volatile = NEW
        Cell[FOLIOS - 1].durable = NEW


@primitive()
def netfs_file_of_groups():
    """The first folio holds a streaming write, the last belongs to another group, one between them is dirty."""
    netfs_dirty_file()
    NetfsFolioInfo[0].private = NETFS_STREAMING
    NetfsFolioInfo[FOLIOS - 1].private = NETFS_OTHER_GROUP
