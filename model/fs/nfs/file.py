"""fs/nfs/file.c: write(2), fsync(2), and what reclaim asks for."""

from __future__ import annotations

from checker.lang import kernel, primitive

from model.fs.nfs.write import nfs_folio_private_request, nfs_wb_folio, nfs_writepage_setup
from model.fs.nfs.write_commit import nfs_commit_inode
from model.include.nfs import NfsInode, nfsi, redirtied_t
from model.include.primitives import copy_to_folio, folio_unlock, inode_unlock, note_written
from model.include.size import offset_in_folio
from model.include.state import FILE_SIZE, FOLIO_SIZE, OK, WB_SYNC_ALL, Errno, File, Folio, Task, WritebackControl
from model.include.state import inode
from model.include.state import loff_t, mapping
from model.mm.filemap import __filemap_get_folio, file_check_and_advance_wb_err, file_write_and_wait_range
from model.mm.filemap import note_told


@kernel("fs/nfs/file.c")
def nfs_file_write(pos: loff_t, count: loff_t):
    """write(2) inside one folio of the file, from where i_rwsem is held.

    Left out: nfs_flush_incompatible() (all write through one open file), reading what a write does not cover, short
    copies, the options "eager" and "wait".  Which version is the newest is settled when it is marked dirty: a WRITE
    that takes the new data before that is counted as one that took the old.
    """
    folio: Folio = Folio[pos // FOLIO_SIZE]
    __filemap_get_folio(mapping, folio)
    copy_to_folio(folio, offset_in_folio(pos), count)
    nfs_writepage_setup(folio)
    note_written(pos, pos + count)
    folio_unlock(folio)
    inode_unlock(inode)


@primitive("include/linux/atomic.h")
def atomic_read_redirtied(nfsi: NfsInode) -> redirtied_t:
    """redirtied_pages."""
    return nfsi.redirtied_pages


@kernel("fs/nfs/file.c")
def nfs_file_fsync_commit(file: File) -> Errno:
    """Commit, wait for it, and look for errors."""
    ret = nfs_commit_inode(True)
    err2 = file_check_and_advance_wb_err(file)
    note_told(file, err2 != OK)
    return err2 if err2 != OK else ret


@primitive()
def note_told_so_far(file: File, told: bool):
    """fsync has looked for errors, and is going to look again behind the COMMIT: nothing is missed yet."""
    if told:
        note_told(file, True)


@kernel("fs/nfs/file.c")
def nfs_file_fsync(current: Task, file: File) -> Errno:
    """fsync(2): write, wait and commit, again as long as requests had to be written again meanwhile.

    Left out: pNFS.
    """
    save_nredirtied = atomic_read_redirtied(nfsi)
    while True:
        ret = file_write_and_wait_range(current, file, 0, FILE_SIZE - 1)
        if ret != OK:
            break
        ret = nfs_file_fsync_commit(file)
        if ret != OK:
            break
        nredirtied = atomic_read_redirtied(nfsi)
        if nredirtied == save_nredirtied:
            break
        save_nredirtied = nredirtied
    return ret


@kernel("fs/nfs/file.c")
def nfs_release_folio(folio: Folio) -> bool:
    """Drop the request of a locked folio, for reclaim: write and commit it first.

    Left out: the tests that keep kswapd and allocations that may not sleep from doing so; fscache.
    """
    wbc = WritebackControl()
    wbc.sync_mode = WB_SYNC_ALL
    if nfs_folio_private_request(folio):
        ret = nfs_wb_folio(folio, wbc)
        if ret != OK:
            return False
    return True
