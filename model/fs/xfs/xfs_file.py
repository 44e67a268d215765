"""fs/xfs/xfs_file.c: write(2) and fsync(2)."""

from __future__ import annotations

from checker.lang import atomic, kernel

from model.include.primitives import filemap_invalidate_lock, filemap_invalidate_lock_shared
from model.include.primitives import filemap_invalidate_unlock, filemap_invalidate_unlock_shared, i_size_read
from model.include.primitives import inode_unlock, xfs_ilock_shared, xfs_iunlock_shared
from model.include.state import FILE_SIZE, OK, SPARSE_WRITES, Errno, File, Folio, Task, VmFault, inode, loff_t, mapping


@kernel("fs/xfs/xfs_file.c")
def xfs_file_write_zero_eof(current: Task, pos: loff_t) -> Errno:
    """A write begins behind EOF: make what lies between read as zero.

    Left out: the wait for direct I/O, and the second look at i_size after it.
    """
    with atomic("i_size_read(): under i_rwsem"):
        isize = i_size_read(inode)
    if pos <= isize:
        return OK
    did_zero = False
    filemap_invalidate_lock(mapping)
    error = xfs_zero_range(current, isize, pos - isize, did_zero)
    filemap_invalidate_unlock(mapping)
    return error


@kernel("fs/xfs/xfs_file.c")
def xfs_file_buffered_write(current: Task, pos: loff_t, count: loff_t):
    """write(2), from where i_rwsem is held.

    Left out: the retry after -ENOSPC, O_SYNC.
    """
    error: Errno = OK
    if SPARSE_WRITES > 0:
        error = xfs_file_write_zero_eof(current, pos)
    if count > 0 and error == OK:
        iomap_file_buffered_write(current, pos, count)
    inode_unlock(inode)


@kernel("fs/xfs/xfs_file.c")
def xfs_write_fault(folio: Folio) -> VmFault:
    """->page_mkwrite: a folio that may be stored to, locked.

    Left out: freezing of the filesystem, timestamps, and invalidate_lock taken exclusively while a reflink
    is under way.
    """
    filemap_invalidate_lock_shared(mapping)
    ret = iomap_page_mkwrite(folio)
    filemap_invalidate_unlock_shared(mapping)
    return ret


@kernel("fs/xfs/xfs_file.c")
def xfs_fsync_flush_log(file: File) -> bool:
    """Force the log as far as this inode needs; was it forced by this call?

    Left out: the sequence number of the last change; the whole log is forced.
    """
    with atomic("xfs_log_force_seq(): under ILOCK"):
        xfs_ilock_shared(inode)
        log_flushed = xfs_ipincount()
        if log_flushed:
            xfs_log_force()
        xfs_iunlock_shared(inode)
    return log_flushed


@kernel("fs/xfs/xfs_file.c")
def xfs_file_fsync(current: Task, file: File) -> Errno:
    """fsync(2): data, then log, then the device's cache if the log has not flushed it.

    Left out: external logs and real-time devices.
    """
    error = file_write_and_wait_range(current, file, 0, FILE_SIZE - 1)
    if error != OK:
        return error
    log_flushed = False
    if xfs_ipincount():
        log_flushed = xfs_fsync_flush_log(file)
    if not log_flushed:
        error = blkdev_issue_flush()
    return error


from model.block.device import blkdev_issue_flush  # noqa: E402
from model.fs.iomap.buffered_io import iomap_file_buffered_write  # noqa: E402
from model.fs.iomap.buffered_io_fault import iomap_page_mkwrite  # noqa: E402
from model.fs.xfs.xfs_iomap import xfs_zero_range  # noqa: E402
from model.fs.xfs.xfs_log import xfs_ipincount, xfs_log_force  # noqa: E402
from model.mm.filemap import file_write_and_wait_range  # noqa: E402
