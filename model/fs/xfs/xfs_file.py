"""fs/xfs/xfs_file.c: write(2) and fsync(2)."""

from __future__ import annotations

from checker.lang import atomic, kernel

from model.primitives import inode_unlock, xfs_ilock_shared, xfs_iunlock_shared
from model.state import FILE_SIZE, OK, Errno, File, Task, inode, loff_t


@kernel("fs/xfs/xfs_file.c")
def xfs_file_buffered_write(current: Task, pos: loff_t, count: loff_t):
    """write(2), from where i_rwsem is held.

    Left out: xfs_file_write_checks() (no operation here writes beyond EOF), the retry after
    -ENOSPC, O_SYNC.
    """
    if count > 0:
        iomap_file_buffered_write(current, pos, count)
    inode_unlock(inode)


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
        blkdev_issue_flush()
    return OK


from model.block.device import blkdev_issue_flush  # noqa: E402
from model.fs.iomap.buffered_io import iomap_file_buffered_write  # noqa: E402
from model.fs.xfs.xfs_log import xfs_ipincount, xfs_log_force  # noqa: E402
from model.mm.filemap import file_write_and_wait_range  # noqa: E402
