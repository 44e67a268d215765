"""fs/xfs/xfs_iops.c: truncate."""

from __future__ import annotations

from checker.lang import atomic, kernel

from model.fs.xfs.libxfs.xfs_bmap import xfs_bunmapi
from model.fs.xfs.xfs_iomap import xfs_truncate_page, xfs_zero_range
from model.include.primitives import READ_ONCE_i_disk_size, xfs_ilock_excl, xfs_iunlock_excl
from model.include.size import XFS_B_TO_FSB
from model.include.state import FILE_BLOCKS, OK, Errno, Task, block_t, inode, loff_t, mapping
from model.mm.filemap import filemap_write_and_wait_range
from model.mm.truncate import truncate_setsize


@kernel("fs/xfs/xfs_inode.c")
def xfs_itruncate_extents(new_size: loff_t):
    """Free the extents behind the new EOF, last first; each is a transaction of its own, under one ILOCK."""
    first_unmap_block: block_t = XFS_B_TO_FSB(new_size)
    more = True
    while more:
        more = xfs_bunmapi(first_unmap_block, FILE_BLOCKS)


@kernel("fs/xfs/xfs_iops.c")
def xfs_setattr_size(current: Task, oldsize: loff_t, newsize: loff_t) -> Errno:
    """Change the size of a file; i_rwsem and invalidate_lock are held.

    Left out: direct I/O, timestamps and rights, the wait for log space, the shortcut for empty files,
    XFS_ITRUNCATED (close(2) begins writeback then), the second look at i_disk_size, which only I/O may have raised meanwhile.
    """
    error: Errno = OK
    did_zeroing = False
    if newsize > oldsize:
        error = xfs_zero_range(current, oldsize, newsize - oldsize, did_zeroing)
    else:
        error = xfs_truncate_page(current, newsize, did_zeroing)
    if error != OK:
        return error
    truncate_setsize(inode, newsize)
    di_size = READ_ONCE_i_disk_size(inode)
    if did_zeroing or (newsize > di_size and oldsize != di_size):
        if di_size < newsize:
            error = filemap_write_and_wait_range(current, mapping, di_size, newsize - 1)
        if error != OK:
            return error
    with atomic("xfs_trans_log_inode(): under ILOCK"):
        xfs_ilock_excl(inode)
        inode.i_disk_size = newsize
        inode.sized_from = newsize
    if newsize <= oldsize:
        xfs_itruncate_extents(newsize)
    xfs_iunlock_excl(inode)
    return OK
