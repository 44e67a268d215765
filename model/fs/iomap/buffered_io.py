"""fs/iomap/buffered-io.c, the first part: block state, buffered writes, zeroing.

Left out of the whole file: readahead, inline data, NOWAIT, source mappings and shared extents, tracepoints.
"""

from __future__ import annotations

from checker.lang import Place, atomic, bug_on, choose, kernel, number, primitive, warn_on

from model.include.primitives import copy_to_folio, folio_lock, folio_test_dirty, folio_test_uptodate
from model.include.primitives import folio_test_writeback, folio_unlock, folio_zero_segment, i_size_read, i_size_write
from model.include.primitives import note_written, read_fails, refused
from model.include.size import end_block_of_range, first_block_of_range, folio_pos, offset_in_chunk, offset_in_folio
from model.include.size import round_up_to_block
from model.include.state import BLOCKS, BLOCK_SIZE, EIO, FOLIO_SIZE, INODE_LISTS, IOMAP_HOLE, IOMAP_MAPPED
from model.include.state import IOMAP_UNWRITTEN, I_DIRTY_PAGES, OK, PAGE_SIZE, READ_FAILURES, REFUSALS, SHORT_COPIES
from model.include.state import AddressSpace, Cell, Errno, Folio, Inode, IomapIter, Task, block_t, inode, loff_t
from model.include.state import mapping

# ------------------------------------------------------------- iomap_folio_state


@primitive("fs/iomap/buffered-io.c")
def ifs_alloc(folio: Folio):
    """Attach an ifs, unless there is one; its bits are what the folio's flags say."""
    if BLOCKS > 1 and not folio.private:
        folio.private = True
        for b in range(0, BLOCKS):
            folio.ifs_uptodate[b] = folio.uptodate
            folio.ifs_dirty[b] = folio.dirty


@primitive("fs/iomap/buffered-io.c")
def ifs_free(folio: Folio):
    """Detach the ifs, if there is one."""
    if folio.private:
        warn_on(folio.write_bytes_pending != 0)
        warn_on(all(folio.ifs_uptodate[b] for b in range(0, BLOCKS)) != folio.uptodate)
        folio.private = False
        for b in range(0, BLOCKS):
            folio.ifs_uptodate[b] = False
            folio.ifs_dirty[b] = False


@primitive("fs/iomap/buffered-io.c")
def iomap_set_range_uptodate(folio: Folio, off: loff_t, len: loff_t):
    """Set the uptodate bits of the blocks of a range, and PG_uptodate if all are set then."""
    if folio.private:
        for b in range(0, BLOCKS):
            if off < (b + 1) * BLOCK_SIZE and b * BLOCK_SIZE < off + len:
                folio.ifs_uptodate[b] = True
    if not folio.private or all(folio.ifs_uptodate[b] for b in range(0, BLOCKS)):
        folio.uptodate = True


@primitive("fs/iomap/buffered-io.c")
def iomap_set_range_dirty(folio: Folio, off: loff_t, len: loff_t):
    """Set the dirty bits of the blocks of a range."""
    if folio.private:
        for b in range(0, BLOCKS):
            if off < (b + 1) * BLOCK_SIZE and b * BLOCK_SIZE < off + len:
                folio.ifs_dirty[b] = True


@primitive("fs/iomap/buffered-io.c")
def iomap_clear_range_dirty(folio: Folio, off: loff_t, len: loff_t):
    """Clear the dirty bits of the blocks that lie wholly in a range.

    In 6.13.1 of all that it touches (88c265153133 of 2026 corrects it), which is the same: everybody clears whole folios.
    """
    if folio.private:
        for b in range(0, BLOCKS):
            if off <= b * BLOCK_SIZE and (b + 1) * BLOCK_SIZE <= off + len:
                folio.ifs_dirty[b] = False


@primitive("fs/iomap/buffered-io.c")
def iomap_find_dirty_range(folio: Folio, pos: Place, range_end: loff_t) -> loff_t:
    """Move pos to the next dirty block below range_end; how long is the run of dirty blocks there?"""
    if pos >= range_end:
        return 0
    if not folio.private:
        return range_end - pos
    start_blk: block_t = first_block_of_range(pos)
    end_blk: block_t = end_block_of_range(range_end)
    nblks: block_t = 0
    for b in range(0, BLOCKS):
        if start_blk <= b < end_blk and folio.ifs_dirty[b]:
            if nblks == 0:
                start_blk = b
            if start_blk + nblks == b:
                nblks += 1
    if nblks > 0:
        pos = folio_pos(folio) + start_blk * BLOCK_SIZE
    return nblks * BLOCK_SIZE


@kernel("fs/iomap/buffered-io.c")
def iomap_dirty_folio(mapping: AddressSpace, folio: Folio) -> bool:
    """->dirty_folio: every block of a folio is dirty, also those behind EOF."""
    ifs_alloc(folio)
    iomap_set_range_dirty(folio, 0, FOLIO_SIZE)
    return filemap_dirty_folio(mapping, folio)


@kernel("mm/page-writeback.c")
def folio_mark_dirty(folio: Folio) -> bool:
    """Make a folio dirty by its ->dirty_folio."""
    return iomap_dirty_folio(mapping, folio)


@kernel("fs/iomap/buffered-io.c")
def iomap_invalidate_folio(folio: Folio, offset: loff_t, len: loff_t):
    """A whole folio is thrown away: drop its dirty state and its ifs; of a part, nothing."""
    if offset == 0 and len == FOLIO_SIZE:
        warn_on(folio_test_writeback(folio))
        folio_cancel_dirty(folio)
        ifs_free(folio)


@kernel("fs/iomap/buffered-io.c")
def iomap_release_folio(folio: Folio) -> bool:
    """Free the ifs of a folio that is to be dropped; False: the folio is dirty."""
    if folio_test_dirty(folio):
        return False
    ifs_free(folio)
    return True


# ---------------------------------------------------------------- buffered write


@primitive("fs/iomap/buffered-io.c")
def iomap_read_boundary_blocks(iter: IomapIter, folio: Folio, from_: loff_t, to: loff_t):
    """Fill the blocks that the write [from_, to) of a folio does not cover, and all of their runs.

    Blocks that are not uptodate form runs, cut at EOF.  If an end of the write lies inside a run, its
    blocks become uptodate: read from the device, or zeroed outside of the write.  A read that fails ends this, and the write.
    Left out: the wait for the read (the folio is locked throughout).
    """
    isize = inode.i_size
    eof: block_t = BLOCKS
    if folio_pos(folio) < isize < folio_pos(folio) + round_up_to_block(to):
        eof = (isize - folio_pos(folio) - 1) // BLOCK_SIZE
    first: block_t = from_ // BLOCK_SIZE
    last: block_t = (to - 1) // BLOCK_SIZE
    cut_first = from_ % BLOCK_SIZE != 0
    cut_last = to % BLOCK_SIZE != 0
    for b in range(0, BLOCKS):
        if READ_FAILURES > 0:
            if iter.error != OK:
                return
        if first <= b <= last and not ifs_block_is_uptodate(folio, b):
            to_first = all(not ifs_block_is_uptodate(folio, i) for i in range(0, b) if first <= i)
            to_last = all(not ifs_block_is_uptodate(folio, i) for i in range(b + 1, BLOCKS) if i <= last)
            if (cut_first and to_first and (b <= eof or first > eof)) or (
                cut_last and to_last and (last <= eof or b > eof)
            ):
                fill_block(iter, folio, b, from_, to)


@primitive("fs/iomap/buffered-io.c")
def ifs_block_is_uptodate(folio: Folio, b: block_t) -> bool:
    """The uptodate bit of a block; without an ifs no block of a folio that is not uptodate is."""
    return folio.private and folio.ifs_uptodate[b]


@primitive("fs/iomap/buffered-io.c")
def fill_block(iter: IomapIter, folio: Folio, b: block_t, from_: loff_t, to: loff_t):
    """Make a block valid but for what the write will cover, and call all of it uptodate."""
    if iomap_block_needs_zeroing(iter, folio_pos(folio) + b * BLOCK_SIZE):
        folio_zero_segments(folio, b * BLOCK_SIZE, from_, to, (b + 1) * BLOCK_SIZE)
        iomap_set_range_uptodate(folio, b * BLOCK_SIZE, BLOCK_SIZE)
    else:
        if READ_FAILURES > 0:
            if read_fails():
                iter.error = EIO
                return
        iomap_read_folio_sync(folio, b)
        iomap_set_range_uptodate(folio, b * BLOCK_SIZE, BLOCK_SIZE)


@primitive("fs/iomap/buffered-io.c")
def iomap_block_needs_zeroing(iter: IomapIter, pos: loff_t) -> bool:
    """Is there nothing on disk to be read at pos?"""
    return iter.type != IOMAP_MAPPED or iter.new or pos >= inode.i_size


@primitive("include/linux/highmem.h")
def folio_zero_segments(folio: Folio, start1: loff_t, end1: loff_t, start2: loff_t, end2: loff_t):
    """Zero the bytes [start1, end1) and [start2, end2) of a folio."""
    folio_zero_segment(folio, start1, end1)
    folio_zero_segment(folio, start2, end2)


@primitive("fs/iomap/buffered-io.c")
def iomap_read_folio_sync(folio: Folio, b: block_t):
    """Read a block from the device."""
    for k in range(0, FOLIO_SIZE):
        if k // BLOCK_SIZE == b:
            folio.data[k] = Cell[number(folio) * FOLIO_SIZE + k].volatile


@kernel("fs/iomap/buffered-io.c")
def __iomap_write_begin(iter: IomapIter, pos: loff_t, len: loff_t, folio: Folio):
    """Make the boundary blocks of a partial write valid."""
    if pos <= folio_pos(folio) and pos + len >= folio_pos(folio) + FOLIO_SIZE:
        return
    with atomic("fill boundary blocks: under the folio lock and i_rwsem"):
        ifs_alloc(folio)
        if not folio_test_uptodate(folio):
            iomap_read_boundary_blocks(iter, folio, offset_in_folio(pos), offset_in_folio(pos) + len)


@kernel("fs/iomap/buffered-io.c")
def iomap_write_begin(iter: IomapIter, pos: loff_t, len: loff_t) -> Folio:
    """A locked folio for a write, ready to be copied to; or the mapping is stale, or there is an error.

    Left out: fatal signals.
    """
    bug_on(pos + len > iter.end)
    folio: Folio = Folio[pos // FOLIO_SIZE]
    if REFUSALS > 0:
        if refused():
            iter.error = EIO
            return folio
    __filemap_get_folio(mapping, folio)
    folio_wait_stable(folio)
    if not xfs_iomap_valid(iter):
        iter.stale = True
        __iomap_put_folio(iter, pos, 0, folio)
        return folio
    __iomap_write_begin(iter, pos, min(len, FOLIO_SIZE - offset_in_folio(pos)), folio)
    if READ_FAILURES > 0:
        if iter.error != OK:
            __iomap_put_folio(iter, pos, 0, folio)
    return folio


@kernel("fs/iomap/buffered-io.c")
def iomap_write_end(iter: IomapIter, pos: loff_t, len: loff_t, copied: loff_t, folio: Folio) -> bool:
    """What was copied is uptodate and dirty; False: a short copy into a folio that is not uptodate.

    The bits of the ifs are looked at under the folio lock only, so they may change with the mark.
    """
    accepted = True
    newly = False
    with atomic("filemap_dirty_folio(): under the folio lock"):
        if copied < len and not folio_test_uptodate(folio):
            accepted = False
        else:
            iomap_set_range_uptodate(folio, offset_in_folio(pos), len)
            iomap_set_range_dirty(folio, offset_in_folio(pos), copied)
            newly = filemap_dirty_folio(mapping, folio)
            if not iter.zero:
                note_written(pos, pos + copied)
    if INODE_LISTS > 0:
        if newly:
            __mark_inode_dirty(inode, I_DIRTY_PAGES)
    return accepted


@kernel("fs/iomap/buffered-io.c")
def __iomap_put_folio(iter: IomapIter, pos: loff_t, ret: loff_t, folio: Folio):
    """Let go of a folio.

    Left out: ->put_folio, which XFS does not have.
    """
    folio_unlock(folio)


@kernel("fs/iomap/buffered-io.c")
def iomap_write_failed(inode: Inode, pos: loff_t, len: loff_t):
    """Drop what a failed write has left in the cache behind EOF."""
    isize = i_size_read(inode)
    if pos + len > isize:
        truncate_pagecache_range(inode, max(pos, isize), pos + len - 1)


@kernel("lib/iov_iter.c")
def copy_folio_from_iter_atomic(folio: Folio, offset: loff_t, bytes: loff_t) -> loff_t:
    """Copy from user memory without faulting; how much was copied."""
    copied: loff_t = bytes
    if SHORT_COPIES > 0:
        copied = min(bytes, choose(range(2 - SHORT_COPIES, FOLIO_SIZE + 1)))
    copy_to_folio(folio, offset, copied)
    return copied


@kernel("lib/iov_iter.c")
def fault_in_iov_iter_readable(bytes: loff_t) -> loff_t:
    """Fault user memory in; how many bytes could not be: none, or all of them."""
    unreadable = choose(False, True)
    return bytes if unreadable else 0


@primitive()
def note_size_grows(written: loff_t):
    """i_size has grown: for something that was written, or (behind EOF) for a copy that was rejected."""
    inode.grown_by_nothing = written == 0


@kernel("fs/iomap/buffered-io.c")
def iomap_write_iter(iter: IomapIter) -> loff_t:
    """Copy into the folios that one mapping covers; how many bytes were written.

    Left out: balance_dirty_pages_ratelimited(), which only takes time here.
    """
    length: loff_t = iomap_length(iter)
    pos: loff_t = iter.pos
    total_written: loff_t = 0
    chunk: loff_t = FOLIO_SIZE
    bytes: loff_t = iter.count
    while True:
        bytes = min(min(chunk - offset_in_chunk(pos, chunk), bytes), length)
        if SHORT_COPIES > 0:
            if fault_in_iov_iter_readable(bytes) == bytes:
                break
        folio = iomap_write_begin(iter, pos, bytes)
        if iter.error != OK:
            iomap_write_failed(inode, pos, bytes)
            break
        if iter.stale:
            break
        offset: loff_t = offset_in_folio(pos)
        bytes = min(bytes, FOLIO_SIZE - offset)
        copied = copy_folio_from_iter_atomic(folio, offset, bytes)
        written: loff_t = copied
        if not iomap_write_end(iter, pos, bytes, copied, folio):
            written = 0
        with atomic("i_size_write(): under i_rwsem"):
            old_size = i_size_read(inode)
            if pos + written > old_size:
                i_size_write(inode, pos + written)
                note_size_grows(written)
        __iomap_put_folio(iter, pos, written, folio)
        if old_size < pos:
            pagecache_isize_extended(inode, old_size, pos)
        if written == 0:
            iomap_write_failed(inode, pos, bytes)
            if chunk > PAGE_SIZE:
                chunk = PAGE_SIZE
            bytes = copied if copied > 0 else iter.count
        else:
            pos += written
            total_written += written
            length -= written
            iter.count -= written
            bytes = iter.count
            if iter.count == 0 or length == 0:
                break
    if total_written > 0:
        iter.error = OK
    return total_written


@kernel("fs/iomap/buffered-io.c")
def iomap_file_buffered_write(current: Task, pos: loff_t, count: loff_t):
    """Write `count` bytes from user memory at `pos`, mapping by mapping."""
    iter = IomapIter()
    iter.current = current
    iter.pos = pos
    iter.len = count
    iter.count = count
    while iomap_iter(iter):
        iter.processed = iomap_write_iter(iter)


@kernel("fs/iomap/buffered-io.c")
def iomap_write_delalloc_release(start: loff_t, end: loff_t):
    """Give back the reservations of [start, end) that no dirty block stands on.

    Left out: the search for cached data; what is not cached is punched folio by folio too.
    """
    pos: loff_t = start
    while pos < end:
        folio: Folio = Folio[pos // FOLIO_SIZE]
        folio_lock(folio)
        xfs_buffered_write_delalloc_punch(folio, start, end)
        folio_unlock(folio)
        pos = folio_pos(folio) + FOLIO_SIZE


# ----------------------------------------------------------------------- zeroing


@kernel("fs/iomap/buffered-io.c")
def iomap_zero_iter(iter: IomapIter, did_zero: Place) -> loff_t:
    """Zero the part of the range that one mapping covers, through the page cache."""
    pos: loff_t = iter.pos
    length: loff_t = iomap_length(iter)
    written: loff_t = 0
    while True:
        bytes: loff_t = length
        folio = iomap_write_begin(iter, pos, bytes)
        if iter.error != OK or iter.stale:
            break
        offset: loff_t = offset_in_folio(pos)
        bytes = min(bytes, FOLIO_SIZE - offset)
        with atomic("folio_zero_range(): under the folio lock and i_rwsem"):
            warn_on(folio_pos(folio) > inode.i_size)
            folio_zero_segment(folio, offset, offset + bytes)
        accepted = iomap_write_end(iter, pos, bytes, bytes, folio)
        __iomap_put_folio(iter, pos, bytes, folio)
        warn_on(not accepted)
        pos += bytes
        length -= bytes
        written += bytes
        if length == 0:
            break
    did_zero = True
    return written


@kernel("fs/iomap/buffered-io.c")
def iomap_zero_iter_flush_and_stale(iter: IomapIter, error: Place):
    """Write back what is left of the range, so that its mappings say what is on disk."""
    iter.stale = True
    error = filemap_write_and_wait_range(iter.current, mapping, iter.pos, iter.pos + iter.len - 1)


@kernel("fs/iomap/buffered-io.c")
def iomap_zero_range(current: Task, pos: loff_t, len: loff_t, did_zero: Place) -> Errno:
    """Make [pos, pos + len) read as zero; what is a hole or unwritten and clean is already."""
    iter = IomapIter()
    iter.current = current
    iter.zero = True
    iter.pos = pos
    iter.len = len
    plen: loff_t = min(len, BLOCK_SIZE - pos % BLOCK_SIZE)
    if pos % BLOCK_SIZE != 0:
        if filemap_range_needs_writeback(mapping, pos, pos + plen - 1):
            iter.len = plen
            while iomap_iter(iter):
                iter.processed = iomap_zero_iter(iter, did_zero)
            iter.len = len - (iter.pos - pos)
            if iter.len == 0 or iter.error != OK:
                return iter.error
    error: Errno = OK
    range_dirty = filemap_range_needs_writeback(mapping, iter.pos, iter.pos + iter.len - 1)
    while iomap_iter(iter):
        if iter.type in (IOMAP_HOLE, IOMAP_UNWRITTEN):
            iter.processed = iomap_length(iter)
            if range_dirty:
                range_dirty = False
                iter.processed = 0
                iomap_zero_iter_flush_and_stale(iter, error)
                if error != OK:
                    break
        else:
            iter.processed = iomap_zero_iter(iter, did_zero)
    return error if error != OK else iter.error


@kernel("fs/iomap/buffered-io.c")
def iomap_truncate_page(current: Task, pos: loff_t, did_zero: Place) -> Errno:
    """Zero from `pos` to the end of its block."""
    if pos % BLOCK_SIZE == 0:
        return OK
    return iomap_zero_range(current, pos, BLOCK_SIZE - pos % BLOCK_SIZE, did_zero)


# Files of the kernel call each other in circles, so the imports of other files' functions come last.
from model.fs.fs_writeback import __mark_inode_dirty  # noqa: E402
from model.fs.iomap.iter import iomap_iter, iomap_length  # noqa: E402
from model.fs.xfs.xfs_iomap import xfs_buffered_write_delalloc_punch, xfs_iomap_valid  # noqa: E402
from model.mm.filemap import __filemap_get_folio, filemap_range_needs_writeback  # noqa: E402
from model.mm.filemap import filemap_write_and_wait_range  # noqa: E402
from model.mm.page_writeback import filemap_dirty_folio, folio_cancel_dirty, folio_wait_stable  # noqa: E402
from model.mm.truncate import pagecache_isize_extended, truncate_pagecache_range  # noqa: E402
