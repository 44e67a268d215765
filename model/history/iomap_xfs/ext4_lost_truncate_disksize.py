"""ext4: fix lost truncate due to race with writeback (v3.12).

A truncate lowers the on-disk size first and i_size later.  The completion of an I/O in between compares what it
has written with the old i_size and with the new on-disk size, and raises the latter again.  Expressed on XFS's
i_disk_size: xfs_setattr_size() records the size before truncate_setsize(), and not after it.
"""

from __future__ import annotations

from checker.lang import atomic, kernel, override, variant

from model.fs.xfs.xfs_iomap import xfs_truncate_page, xfs_zero_range
from model.fs.xfs.xfs_iops import xfs_itruncate_extents, xfs_setattr_size
from model.include.primitives import xfs_ilock_excl, xfs_iunlock_excl
from model.include.state import OK, Errno, Task, inode, loff_t
from model.mm.truncate import truncate_setsize
from model.systems.iomap_xfs.scenarios import iomap, one_block_folios


@kernel("fs/ext4/inode.c")
def setattr_records_the_size_first(current: Task, oldsize: loff_t, newsize: loff_t) -> Errno:
    """The on-disk size, then i_size and the page cache, then the extents."""
    error: Errno = OK
    did_zeroing = False
    if newsize > oldsize:
        error = xfs_zero_range(current, oldsize, newsize - oldsize, did_zeroing)
    else:
        error = xfs_truncate_page(current, newsize, did_zeroing)
    if error != OK:
        return error
    with atomic("xfs_trans_log_inode(): under ILOCK"):
        xfs_ilock_excl(inode)
        inode.i_disk_size = newsize
        inode.sized_from = newsize
        xfs_iunlock_excl(inode)
    truncate_setsize(inode, newsize)
    if newsize <= oldsize:
        xfs_ilock_excl(inode)
        xfs_itruncate_extents(newsize)
        xfs_iunlock_excl(inode)
    return OK


ext4_lost_truncate_disksize = variant(
    "Truncate records the new size on disk before it sets i_size.",
    override(xfs_setattr_size, by=setattr_records_the_size_first), of=iomap, undoes="90e775b71ac4",
    scenario=one_block_folios,
)  # fmt: skip
