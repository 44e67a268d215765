"""fs/iomap/buffered-io.c, the third part: what a page fault needs, reading a folio and making it writable.

Left out of the whole file: readahead, inline data, tracepoints.
"""

from __future__ import annotations

from checker.lang import atomic, kernel, number, warn_on

from model.include.primitives import folio_lock, folio_test_uptodate, folio_unlock, folio_zero_segment, i_size_read
from model.include.primitives import read_fails
from model.include.size import folio_pos
from model.include.state import BLOCKS, BLOCK_SIZE, EIO, FOLIO_SIZE, INODE_LISTS, IOMAP_MAPPED, I_DIRTY_PAGES, OK
from model.include.state import READ_FAILURES, VM_FAULT_LOCKED, VM_FAULT_NOPAGE, VM_FAULT_SIGBUS, Block, Errno, Folio
from model.include.state import IomapIter, IomapReadpageCtx, VmFault, inode, loff_t


@kernel("fs/iomap/buffered-io.c")
def iomap_read_folio(folio: Folio) -> Errno:
    """Make the blocks of a locked folio valid that are not, and unlock it.  What cannot be read stays as it is.

    Between the lookup and the read nobody can free these blocks: that needs the folio lock.
    """
    error: Errno = OK
    ctx = IomapReadpageCtx()
    with atomic("xfs_read_iomap_begin(): under ILOCK"):
        for b in range(0, BLOCKS):
            block = Block[number(folio) * BLOCKS + b]
            ctx.from_disk[b] = block.extent == IOMAP_MAPPED and number(block) * BLOCK_SIZE < inode.i_size
    with atomic("iomap_finish_folio_read(): who reads a folio holds its lock"):
        ifs_alloc(folio)
        for b in range(0, BLOCKS):
            if not ifs_block_is_uptodate(folio, b):
                failed = False
                if READ_FAILURES > 0:
                    if ctx.from_disk[b]:
                        failed = read_fails()
                if failed:
                    error = EIO
                elif ctx.from_disk[b]:
                    iomap_read_folio_sync(folio, b)
                else:
                    folio_zero_segment(folio, b * BLOCK_SIZE, (b + 1) * BLOCK_SIZE)
                if not failed:
                    iomap_set_range_uptodate(folio, b * BLOCK_SIZE, BLOCK_SIZE)
        folio_unlock(folio)
    return error


@kernel("include/linux/pagemap.h")
def folio_mkwrite_check_truncate(folio: Folio) -> loff_t:
    """How much of a locked folio is inside the file; 0: nothing, or it is gone."""
    isize = i_size_read(inode)
    if not folio.mapping:
        return 0
    return min(max(isize, folio_pos(folio)) - folio_pos(folio), FOLIO_SIZE)


@kernel("fs/iomap/buffered-io.c")
def iomap_folio_mkwrite_iter(iter: IomapIter, folio: Folio) -> loff_t:
    """Make a folio dirty where one mapping covers it."""
    with atomic("folio_mark_dirty(): under the folio lock"):
        warn_on(not folio_test_uptodate(folio))
        newly = folio_mark_dirty(folio)
    if INODE_LISTS > 0:
        if newly:
            __mark_inode_dirty(inode, I_DIRTY_PAGES)
    return iomap_length(iter)


@kernel("fs/iomap/buffered-io.c")
def iomap_page_mkwrite(folio: Folio) -> VmFault:
    """Reserve space for all of a folio inside the file, and make it dirty; it stays locked, if nothing fails.

    A folio that is gone, or that lies behind EOF, is looked for again by another fault (VM_FAULT_NOPAGE).
    """
    iter = IomapIter()
    iter.fault = True
    folio_lock(folio)
    with atomic("folio_mkwrite_check_truncate(): under the folio lock"):
        ret = folio_mkwrite_check_truncate(folio)
    if ret == 0:
        folio_unlock(folio)
        return VM_FAULT_NOPAGE
    iter.pos = folio_pos(folio)
    iter.len = ret
    while iomap_iter(iter):
        iter.processed = iomap_folio_mkwrite_iter(iter, folio)
    if iter.error != OK:
        folio_unlock(folio)
        return VM_FAULT_SIGBUS
    folio_wait_stable(folio)
    return VM_FAULT_LOCKED


from model.fs.fs_writeback import __mark_inode_dirty  # noqa: E402
from model.fs.iomap.buffered_io import folio_mark_dirty, ifs_alloc, ifs_block_is_uptodate  # noqa: E402
from model.fs.iomap.buffered_io import iomap_read_folio_sync, iomap_set_range_uptodate  # noqa: E402
from model.fs.iomap.iter import iomap_iter, iomap_length  # noqa: E402
from model.mm.page_writeback import folio_wait_stable  # noqa: E402
