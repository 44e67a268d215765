"""fs/xfs/xfs_bmap_util.c: hole punching."""

from __future__ import annotations

from checker.lang import atomic, kernel

from model.fs.xfs.libxfs.xfs_bmap import xfs_bunmapi
from model.fs.xfs.xfs_iomap import xfs_zero_range
from model.include.primitives import i_size_read, xfs_ilock_excl, xfs_iunlock_excl
from model.include.size import XFS_B_TO_FSB, XFS_B_TO_FSBT, round_down_to_page, round_up_to_page
from model.include.state import FILE_SIZE, OK, PAGE_SIZE, Errno, Task, block_t, inode, loff_t, mapping
from model.mm.filemap import filemap_write_and_wait_range
from model.mm.truncate import truncate_pagecache_range


@kernel("fs/xfs/xfs_bmap_util.c")
def xfs_flush_unmap_range(current: Task, offset: loff_t, len: loff_t) -> Errno:
    """Write back the pages of a range, wait, and drop them."""
    start: loff_t = round_down_to_page(offset)
    end: loff_t = round_up_to_page(offset + len) - 1
    error = filemap_write_and_wait_range(current, mapping, start, end)
    if error != OK:
        return error
    truncate_pagecache_range(inode, start, end)
    return OK


@kernel("fs/xfs/xfs_bmap_util.c")
def xfs_unmap_extent(first: block_t, end: block_t) -> bool:
    """Free the last extent of the blocks [first, end); are there more?"""
    with atomic("one transaction: under ILOCK"):
        xfs_ilock_excl(inode)
        more = xfs_bunmapi(first, end)
        xfs_iunlock_excl(inode)
    return more


@kernel("fs/xfs/xfs_bmap_util.c")
def xfs_free_file_space(current: Task, offset: loff_t, len: loff_t) -> Errno:
    """Make a hole of [offset, offset + len); i_rwsem and invalidate_lock are held.

    Left out: quota, real-time extents.
    """
    did_zero = False
    error = xfs_flush_unmap_range(current, offset, len)
    if error != OK:
        return error
    startoffset_fsb: block_t = XFS_B_TO_FSB(offset)
    endoffset_fsb: block_t = XFS_B_TO_FSBT(offset + len)
    more = startoffset_fsb < endoffset_fsb
    while more:
        more = xfs_unmap_extent(startoffset_fsb, endoffset_fsb)
    with atomic("i_size_read(): under i_rwsem"):
        isize = i_size_read(inode)
    if offset >= isize:
        return OK
    len = min(len, isize - offset)
    error = xfs_zero_range(current, offset, len, did_zero)
    if error == OK and offset + len >= isize and (offset + len) % PAGE_SIZE != 0:
        start: loff_t = round_down_to_page(offset + len)
        error = filemap_write_and_wait_range(current, mapping, start, FILE_SIZE - 1)
    return error
