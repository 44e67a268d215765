"""fs/xfs/xfs_iomap.c: mappings for writes, conversion of unwritten extents, zeroing."""

from __future__ import annotations

from checker.lang import Place, atomic, kernel, number, primitive

from model.include.primitives import filemap_invalidate_lock, filemap_invalidate_unlock, i_size_read, refused
from model.include.primitives import xfs_ilock_excl, xfs_iunlock_excl
from model.include.size import XFS_B_TO_FSB, XFS_B_TO_FSBT, round_down_to_block, round_up_to_block, xfs_new_eof
from model.include.state import BLOCKS, BLOCK_SIZE, EIO, IOMAP_DELALLOC, IOMAP_HOLE, OK, REFUSALS, Block, Errno, Folio
from model.include.state import IomapIter, Task, block_t, inode, loff_t, mapping


@primitive("fs/xfs/xfs_iomap.c")
def xfs_iomap_valid(iter: IomapIter) -> bool:
    """Is the mapping still the inode's?"""
    return iter.current.imap_valid


@kernel("fs/xfs/xfs_iomap.c")
def xfs_buffered_write_iomap_begin(iter: IomapIter, offset: loff_t, count: loff_t) -> Errno:
    """The extent at offset; for a write into a hole, reserve as much of it as the write needs, or fail to.

    Left out: delayed blocks behind EOF, which nobody preallocates here.
    """
    first: block_t = XFS_B_TO_FSBT(offset)
    with atomic("lookup and cookie: under ILOCK"):
        xfs_ilock_excl(inode)
        hole = Block[first].extent == IOMAP_HOLE and not iter.zero
        refuse = False
        if REFUSALS > 0:
            if hole:
                refuse = refused()
        if hole and not refuse:
            xfs_bmapi_reserve_delalloc(first, XFS_B_TO_FSB(offset + count))
            iter.new = True
        iter.type = Block[first].extent
        iter.end = xfs_iext_end(first) * BLOCK_SIZE
        if not iter.fault:
            iter.current.imap_valid = True
        xfs_iunlock_excl(inode)
    return EIO if refuse else OK


@kernel("fs/xfs/xfs_iomap.c")
def xfs_buffered_write_iomap_end(iter: IomapIter, offset: loff_t, length: loff_t, written: loff_t):
    """Give back the blocks that this mapping has reserved and the write has not used.

    For a page fault it does nothing.  Zeroing, which holds invalidate_lock already, reserves nothing.
    """
    if iter.fault:
        return
    if iter.type != IOMAP_DELALLOC or not iter.new:
        return
    start_byte: loff_t = round_down_to_block(offset) if written == 0 else round_up_to_block(offset + written)
    end_byte: loff_t = round_up_to_block(offset + length)
    if start_byte >= end_byte:
        return
    filemap_invalidate_lock(mapping)
    iomap_write_delalloc_release(start_byte, end_byte)
    filemap_invalidate_unlock(mapping)


@kernel("fs/xfs/xfs_iomap.c")
def xfs_buffered_write_delalloc_punch(folio: Folio, start: loff_t, end: loff_t):
    """Punch the blocks of a locked folio that are not dirty, or that lie behind EOF."""
    with atomic("punch: under ILOCK and the folio lock"):
        xfs_ilock_excl(inode)
        for b in range(0, BLOCKS):
            at: loff_t = number(folio) * BLOCKS * BLOCK_SIZE + b * BLOCK_SIZE
            dirty = folio.dirty and (folio.ifs_dirty[b] or not folio.private) and at < inode.i_size
            if start <= at < end and not dirty:
                xfs_bmap_punch_delalloc_range(folio, at, at + BLOCK_SIZE)
        xfs_iunlock_excl(inode)


@kernel("fs/xfs/xfs_iomap.c")
def xfs_iomap_write_unwritten(offset: loff_t, count: loff_t) -> Errno:
    """Convert what an I/O has written, and raise the on-disk size in the same transaction.

    Left out: one transaction for each extent; the blocks of an ioend are one extent.
    """
    first: block_t = XFS_B_TO_FSBT(offset)
    end: block_t = XFS_B_TO_FSB(offset + count)
    with atomic("one transaction: under ILOCK"):
        xfs_ilock_excl(inode)
        xfs_bmapi_convert_unwritten(first, end)
        i_size: loff_t = xfs_new_eof(offset + count, i_size_read(inode), inode.i_disk_size)
        if i_size > 0:
            inode.i_disk_size = i_size
            note_recorded_size(offset)
        xfs_iunlock_excl(inode)
    return OK


@primitive()
def note_recorded_size(offset: loff_t):
    """An I/O that began at offset has recorded the on-disk size."""
    inode.sized_from = min(offset, inode.i_disk_size)


@kernel("fs/xfs/xfs_iomap.c")
def xfs_zero_range(current: Task, pos: loff_t, len: loff_t, did_zero: Place) -> Errno:
    """Make a range read as zero."""
    return iomap_zero_range(current, pos, len, did_zero)


@kernel("fs/xfs/xfs_iomap.c")
def xfs_truncate_page(current: Task, pos: loff_t, did_zero: Place) -> Errno:
    """Zero the rest of the block at the new EOF."""
    return iomap_truncate_page(current, pos, did_zero)


from model.fs.iomap.buffered_io import iomap_truncate_page, iomap_write_delalloc_release  # noqa: E402
from model.fs.iomap.buffered_io import iomap_zero_range  # noqa: E402
from model.fs.xfs.libxfs.xfs_bmap import xfs_bmap_punch_delalloc_range  # noqa: E402
from model.fs.xfs.libxfs.xfs_bmap import xfs_bmapi_convert_unwritten, xfs_bmapi_reserve_delalloc  # noqa: E402
from model.fs.xfs.libxfs.xfs_bmap import xfs_iext_end  # noqa: E402
