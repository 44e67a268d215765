"""fs/xfs/xfs_aops.c: what XFS does for iomap's writeback, before the I/O and after it.

Left out: the COW fork, shutdown, merging of ioends, error tags.
"""

from __future__ import annotations

from checker.lang import atomic, choose, each, kernel, primitive, wait_until, warn_on

from model.include.primitives import i_size_read, xfs_ilock_excl, xfs_ilock_shared, xfs_iunlock_excl
from model.include.primitives import xfs_iunlock_shared
from model.include.size import XFS_B_TO_FSBT, folio_pos, xfs_new_eof
from model.include.state import BLOCK_SIZE, EIO, ERRORS, FILE_SIZE, FOLIO_SIZE, IOMAP_DELALLOC, IOMAP_HOLE
from model.include.state import IOMAP_UNWRITTEN, IOMAP_WRITEPAGE_END_BIO, IO_DONE, IO_LISTED, OK, OTHER_FILE
from model.include.state import XFS_END_BIO, AddressSpace, Bio, Block, Errno, Folio, Ioend, Task, WritebackControl
from model.include.state import WritepageCtx, block_t, inode, loff_t, mapping

# ------------------------------------------------------------------- completion


@primitive("fs/xfs/xfs_aops.c")
def xfs_ioend_is_append(io_offset: loff_t, io_size: loff_t) -> bool:
    """Does an I/O reach beyond the on-disk size?"""
    return io_offset + io_size > inode.i_disk_size


@kernel("fs/xfs/xfs_aops.c")
def xfs_setfilesize(offset: loff_t, size: loff_t) -> Errno:
    """Raise the on-disk size to what an I/O has written.

    Left out: the wait for log space.
    """
    with atomic("one transaction: under ILOCK"):
        xfs_ilock_excl(inode)
        isize: loff_t = xfs_new_eof(offset + size, i_size_read(inode), inode.i_disk_size)
        if isize > 0:
            inode.i_disk_size = isize
            note_recorded_size(offset)
        xfs_iunlock_excl(inode)
    return OK


@kernel("fs/xfs/xfs_aops.c")
def xfs_end_ioend(ioend: Ioend, bio: Bio):
    """Convert, record the size, and only then end writeback."""
    error: Errno = bio.bi_status
    if error == OK:
        if bio.io_type == IOMAP_UNWRITTEN:
            error = xfs_iomap_write_unwritten(bio.io_offset, bio.io_size)
        if error == OK:
            if xfs_ioend_is_append(bio.io_offset, bio.io_size):
                error = xfs_setfilesize(bio.io_offset, bio.io_size)
    iomap_finish_ioends(ioend, bio, error)


@kernel("fs/xfs/xfs_aops.c")
def xfs_end_io():
    """The worker of the inode: finish the ioends on its list, lowest offset first.

    Left out: the list is looked at again for each ioend, and not taken as a whole; what comes onto it
    meanwhile may be finished a little earlier.
    """
    bio = Bio()
    with atomic("list_replace_init(): under i_ioend_lock"):
        wait_until(any(io.state == IO_LISTED for io in each(Ioend)))
        ioend: Ioend = None
        lowest: loff_t = FILE_SIZE
        for io in each(Ioend):
            if io.state == IO_LISTED and (ioend is None or io.io_offset < lowest):
                ioend = io
                lowest = io.io_offset
        ioend.state = IO_DONE
        bio_load(ioend, bio)
    xfs_end_ioend(ioend, bio)


@primitive("fs/xfs/xfs_aops.c")
def xfs_end_bio(ioend: Ioend):
    """Put an ioend on the inode's list, and wake the worker."""
    ioend.state = IO_LISTED


# --------------------------------------------------------------- before the I/O


@primitive("fs/xfs/xfs_aops.c")
def xfs_imap_valid(wpc: WritepageCtx, current: Task, offset: loff_t) -> bool:
    """Does the cached mapping cover offset, and is it still the inode's?"""
    return wpc.offset <= offset < wpc.end and current.imap_valid


@primitive("fs/xfs/xfs_iomap.c")
def xfs_bmbt_to_iomap(wpc: WritepageCtx, current: Task, offset: loff_t):
    """Cache the extent at offset, and remember if_seq."""
    first: block_t = XFS_B_TO_FSBT(offset)
    wpc.type = Block[first].extent
    wpc.offset = xfs_iext_start(first) * BLOCK_SIZE
    wpc.end = xfs_iext_end(first) * BLOCK_SIZE
    current.imap_valid = True


@kernel("fs/xfs/libxfs/xfs_bmap.c")
def xfs_bmapi_convert_delalloc(wpc: WritepageCtx, current: Task, offset: loff_t) -> Errno:
    """Allocate the delayed extent at offset, unless somebody has been faster."""
    error: Errno = OK
    first: block_t = XFS_B_TO_FSBT(offset)
    with atomic("one transaction: under ILOCK"):
        if OTHER_FILE > 0:
            wait_until(place_is_free(first))
        xfs_ilock_excl(inode)
        fails = False
        if ERRORS > 0:
            fails = choose(False, True)
        warn_on(Block[first].extent == IOMAP_HOLE)
        if fails and mapping.failures_left > 0:
            mapping.failures_left -= 1
            error = EIO
        else:
            if Block[first].extent == IOMAP_DELALLOC:
                xfs_bmapi_allocate(first)
            xfs_bmbt_to_iomap(wpc, current, offset)
        xfs_iunlock_excl(inode)
    return error


@kernel("fs/xfs/xfs_aops.c")
def xfs_map_blocks(wpc: WritepageCtx, wbc: WritebackControl, offset: loff_t) -> Errno:
    """The mapping for writeback of the block at offset; delayed extents are allocated."""
    if xfs_imap_valid(wpc, wbc.current, offset):
        return OK
    with atomic("lookup: under ILOCK"):
        xfs_ilock_shared(inode)
        xfs_bmbt_to_iomap(wpc, wbc.current, offset)
        xfs_iunlock_shared(inode)
    if wpc.type != IOMAP_DELALLOC:
        return OK
    return xfs_bmapi_convert_delalloc(wpc, wbc.current, offset)


@kernel("fs/xfs/xfs_aops.c")
def xfs_prepare_ioend(ioend: Ioend):
    """Who completes the I/O: the worker, if a transaction is needed."""
    ioend.bi_end_io = IOMAP_WRITEPAGE_END_BIO
    if xfs_ioend_is_append(ioend.io_offset, ioend.io_size) or ioend.io_type == IOMAP_UNWRITTEN:
        ioend.bi_end_io = XFS_END_BIO


@kernel("fs/xfs/xfs_aops.c")
def xfs_discard_folio(folio: Folio, pos: loff_t):
    """Writeback has failed from pos on: give back the reservations to the end of the folio."""
    with atomic("punch: under ILOCK"):
        xfs_ilock_excl(inode)
        xfs_bmap_punch_delalloc_range(folio, pos, folio_pos(folio) + FOLIO_SIZE)
        note_failure_of_folio(folio, pos)
        xfs_iunlock_excl(inode)


@kernel("fs/xfs/xfs_aops.c")
def xfs_vm_writepages(mapping: AddressSpace, wbc: WritebackControl) -> Errno:
    """->writepages."""
    wpc = WritepageCtx()
    wpc.current = wbc.current
    return iomap_writepages(mapping, wbc, wpc)


# Files of the kernel call each other in circles, so the imports of other files' functions come last.
from model.block.device import bio_load, note_failure_of_folio  # noqa: E402
from model.fs.iomap.buffered_io_writeback import iomap_finish_ioends, iomap_writepages  # noqa: E402
from model.fs.xfs.libxfs.xfs_bmap import place_is_free, xfs_bmap_punch_delalloc_range  # noqa: E402
from model.fs.xfs.libxfs.xfs_bmap import xfs_bmapi_allocate, xfs_iext_end, xfs_iext_start  # noqa: E402
from model.fs.xfs.xfs_iomap import note_recorded_size, xfs_iomap_write_unwritten  # noqa: E402
