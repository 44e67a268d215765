"""fs/buffer.c: buffer heads, the blocks of a folio; how they are dirtied, written and freed.

Left out of the whole file: buffers that are not mapped to blocks of the device (all of a block device's are),
delayed and unwritten ones, journalled data, reading ahead, the LRUs of buffer heads.
"""

from __future__ import annotations

from checker.lang import atomic, bug_on, choose, each, hand_over, is_locked, kernel, number, primitive
from checker.lang import release, wait_until, warn_on

from model.include.buffer_head import END_BUFFER_ASYNC_WRITE, END_BUFFER_WRITE_SYNC, BhEndIo, BufferHead, GetBlock
from model.include.buffer_head import bh_folio, buffer_async_write, buffer_dirty, buffer_uptodate, clear_buffer_uptodate
from model.include.buffer_head import folio_buffer, get_bh, lock_buffer, put_bh, set_buffer_uptodate, test_clear_buffer_dirty
from model.include.buffer_head import test_set_buffer_dirty, trylock_buffer, wait_on_buffer, writer_t
from model.include.primitives import folio_test_locked, folio_test_writeback, folio_unlock, i_size_read, supersede
from model.include.size import folio_pos
from model.include.state import BLOCKS, DATA, EIO, ERRORS, FOLIO_SIZE, NEW, OK, STALE, UNDEFINED, WB_SYNC_NONE, Cell
from model.include.state import Errno, File, Folio, WritebackControl, block_t, inode, loff_t, mapping
from model.mm.filemap import __filemap_get_folio, mapping_set_error
from model.mm.page_writeback import folio_cancel_dirty, folio_end_writeback, folio_start_writeback

# ---------------------------------------------------------------- buffer heads


@primitive("fs/buffer.c")
def unlock_buffer(bh: BufferHead):
    """Give BH_Lock back, or take it from the I/O that it was left to."""
    release(bh.lock)


@primitive("fs/buffer.c")
def create_empty_buffers(folio: Folio):
    """Attach a ring of buffer heads to a locked folio that has none."""
    if not folio.private:
        folio.private = True
        for b in range(0, BLOCKS):
            bh = folio_buffer(folio, b)
            bh.uptodate = False
            bh.b_data = STALE


# -------------------------------------------------------------------- dirtying


@primitive("include/linux/page-flags.h")
def folio_test_set_dirty(folio: Folio) -> bool:
    """Set PG_dirty; was it set?"""
    was_dirty = folio.dirty
    folio.dirty = True
    return was_dirty


@primitive("mm/page-writeback.c")
def __folio_mark_dirty(folio: Folio):
    """Set the DIRTY mark, if the folio is in the page cache.  One xa_lock section."""
    if folio.mapping:
        folio.tag_dirty = True


@kernel("fs/buffer.c")
def mark_buffer_dirty(bh: BufferHead):
    """Set BH_Dirty, then PG_dirty, then the mark; each only by who has set the one before.  No lock is needed.

    Left out: the second look at BH_Dirty behind a barrier, I_DIRTY_PAGES.
    """
    warn_on(not bh.uptodate)
    if buffer_dirty(bh):
        return
    if not test_set_buffer_dirty(bh):
        folio: Folio = bh_folio(bh)
        if not folio_test_set_dirty(folio):
            __folio_mark_dirty(folio)
        note_dirtied(bh)


@kernel("mm/page-writeback.c")
def folio_redirty_for_writepage(wbc: WritebackControl, folio: Folio):
    """A folio that is not written after all is dirty again.

    Left out: pages_skipped, accounting.
    """
    if not folio_test_set_dirty(folio):
        __folio_mark_dirty(folio)


# ------------------------------------------------------------------------- I/O


@primitive("fs/buffer.c")
def submit_bh(bh: BufferHead, b_end_io: BhEndIo):
    """A buffer belongs to the device now, and BH_Lock to its completion."""
    bug_on(not is_locked(bh.lock))
    bh.b_end_io = b_end_io
    bh.submitted = True
    hand_over(bh.lock)


@kernel("fs/buffer.c")
def mark_buffer_write_io_error(bh: BufferHead):
    """A block could not be written: the mapping hears of it.

    Left out: BH_Write_EIO, the error state of the superblock.
    """
    mapping_set_error(mapping, EIO)


@kernel("fs/buffer.c")
def end_buffer_async_write(bh: BufferHead, error: Errno):
    """Writing a block of a folio is over: after the last of them, end writeback of the folio.

    b_uptodate_lock of the first buffer is held, and interrupts are off, from the end of BH_Async_Write to the
    look at the other buffers: of two completions one sees that it is the last.
    """
    folio: Folio = bh_folio(bh)
    bug_on(not buffer_async_write(bh))
    if error == OK:
        set_buffer_uptodate(bh)
    else:
        mark_buffer_write_io_error(bh)
        clear_buffer_uptodate(bh)
    with atomic("b_uptodate_lock is held, interrupts are off"):
        bh.async_write = False
        unlock_buffer(bh)
        busy = folio_has_async_write(folio)
    if busy:
        return
    folio_end_writeback(folio)


@primitive("fs/buffer.c")
def folio_has_async_write(folio: Folio) -> bool:
    """Is a buffer of the folio under writeback?  It is locked then."""
    busy = False
    for b in range(0, BLOCKS):
        bh = folio_buffer(folio, b)
        if bh.async_write:
            bug_on(not is_locked(bh.lock))
            busy = True
    return busy


@kernel("fs/buffer.c")
def end_buffer_write_sync(bh: BufferHead, error: Errno):
    """Writing a block by itself is over."""
    if error == OK:
        set_buffer_uptodate(bh)
    else:
        mark_buffer_write_io_error(bh)
        clear_buffer_uptodate(bh)
    unlock_buffer(bh)
    put_bh(bh)


@kernel("fs/buffer.c")
def sync_dirty_buffer(bh: BufferHead) -> Errno:
    """Write a block and wait for it, with neither the folio lock nor PG_writeback."""
    lock_buffer(bh)
    if not test_clear_buffer_dirty(bh):
        unlock_buffer(bh)
        return OK
    get_bh(bh)
    submit_bh(bh, END_BUFFER_WRITE_SYNC)
    wait_on_buffer(bh)
    if not buffer_uptodate(bh):
        return EIO
    note_synced(bh)
    return OK


# ------------------------------------------------------------------- writeback


@primitive("fs/buffer.c")
def mark_buffer_async_write(bh: BufferHead):
    """Set BH_Async_Write."""
    bh.async_write = True


@primitive("fs/buffer.c")
def clean_buffer_beyond_eof(bh: BufferHead):
    """Clear BH_Dirty and set BH_Uptodate of a buffer behind the last block."""
    bh.dirty = False
    bh.uptodate = True


@kernel("fs/buffer.c")
def __block_write_full_folio(folio: Folio, wbc: WritebackControl) -> Errno:
    """Write the dirty buffers of a locked folio, which is clean by now, and unlock it.

    A WB_SYNC_NONE pass does not wait for a buffer that somebody else has locked: the folio is dirty again.
    Left out: get_block and what follows from its error; every buffer is mapped.  Buffers that are made here are dirty in
    the kernel, because only a store through a mapping dirties a folio without buffers; here nobody maps a device.
    """
    last_block: block_t = i_size_read(inode) - 1
    nr_underway: block_t = 0
    with atomic("create_empty_buffers(): under the folio lock"):
        create_empty_buffers(folio)
        for b in range(0, BLOCKS):
            if number(folio) * BLOCKS + b > last_block:
                clean_buffer_beyond_eof(folio_buffer(folio, b))
    for b in range(0, BLOCKS):
        bh: BufferHead = folio_buffer(folio, b)
        if wbc.sync_mode != WB_SYNC_NONE:
            lock_buffer(bh)
        else:
            locked = trylock_buffer(bh)
            if not locked:
                folio_redirty_for_writepage(wbc, folio)
                continue
        if test_clear_buffer_dirty(bh):
            mark_buffer_async_write(bh)
        else:
            unlock_buffer(bh)
    folio_start_writeback(folio)
    for b in range(0, BLOCKS):
        bh = folio_buffer(folio, b)
        if buffer_async_write(bh):
            submit_bh(bh, END_BUFFER_ASYNC_WRITE)
            nr_underway += 1
    folio_unlock(folio)
    if nr_underway == 0:
        folio_end_writeback(folio)
    return OK


@kernel("fs/buffer.c")
def block_write_full_folio(folio: Folio, wbc: WritebackControl, get_block: GetBlock) -> Errno:
    """The callback of write_cache_pages(): write a folio, as far as the device goes.

    Left out: zeroing behind the end of the device; no block is cut by it.
    """
    isize: loff_t = i_size_read(inode)
    if folio_pos(folio) >= isize:
        folio_unlock(folio)
        return OK
    return __block_write_full_folio(folio, wbc)


# ------------------------------------------------------- lookup, writing, freeing


@primitive("fs/buffer.c")
def __find_get_block(bh: BufferHead) -> bool:
    """A reference to the buffer head of a block, if its folio has buffers.  Under i_private_lock."""
    folio = bh_folio(bh)
    found = folio.mapping and folio.private
    if found:
        bh.b_count += 1
    return found


@kernel("fs/buffer.c")
def grow_dev_folio(bh: BufferHead):
    """Add the folio of a block to the page cache, with buffers."""
    folio: Folio = bh_folio(bh)
    __filemap_get_folio(mapping, folio)
    with atomic("create_empty_buffers(): under the folio lock and i_private_lock"):
        create_empty_buffers(folio)
    folio_unlock(folio)


@kernel("fs/buffer.c")
def __bread(bh: BufferHead):
    """A reference to the buffer head of a block, whose data is read if need be.

    The read is one step, under BH_Lock.  Left out: its errors.
    """
    while True:
        if __find_get_block(bh):
            break
        grow_dev_folio(bh)
    if buffer_uptodate(bh):
        return
    lock_buffer(bh)
    with atomic("read: BH_Lock is held"):
        read_block(bh)
        unlock_buffer(bh)


@primitive("fs/buffer.c")
def read_block(bh: BufferHead):
    """Read a block, unless somebody else has."""
    if not bh.uptodate:
        bh.b_data = Cell[number(bh)].volatile
        bh.uptodate = True


@kernel("fs/buffer.c")
def block_commit_write(folio: Folio, first: block_t, end: block_t, by: writer_t):
    """What a write has copied is valid and dirty.

    Left out: PG_uptodate of the folio, which only readers look at.
    """
    for b in range(0, BLOCKS):
        bh: BufferHead = folio_buffer(folio, b)
        if first <= number(bh) < end:
            set_buffer_uptodate(bh)
            mark_buffer_dirty(bh)
            note_block_is_written(bh, by)


@primitive("fs/buffer.c")
def drop_buffers(folio: Folio) -> bool:
    """Free the buffers of a folio if none is dirty, locked or referenced.  Under i_private_lock."""
    busy = any(
        bh.dirty or is_locked(bh.lock) or bh.b_count > 0 for bh in each(BufferHead) if bh_folio(bh) == folio
    )
    if not busy:
        folio.private = False
    return not busy


@kernel("fs/buffer.c")
def try_to_free_buffers(folio: Folio) -> bool:
    """Free the buffers of a locked folio that is not under writeback; a folio without dirty buffers is clean then.

    PG_dirty is cleared inside the section of i_private_lock, so that who dirties a folio under that lock is not lost.
    """
    bug_on(not folio_test_locked(folio))
    if folio_test_writeback(folio):
        return False
    with atomic("i_private_lock is held"):
        freed = drop_buffers(folio)
        if freed:
            folio_cancel_dirty(folio)
    return freed


@kernel("fs/buffer.c")
def discard_buffer(bh: BufferHead):
    """What a buffer holds is not going to be written.

    Left out: the flags that say where it is mapped; its folio loses its buffers next.
    """
    lock_buffer(bh)
    with atomic("clear_buffer_dirty(): BH_Lock is held"):
        test_clear_buffer_dirty(bh)
        unlock_buffer(bh)


@kernel("fs/buffer.c")
def block_invalidate_folio(folio: Folio, offset: loff_t, length: loff_t):
    """Discard the buffers of a part of a folio, and free all of them with the whole."""
    bug_on(not folio_test_locked(folio))
    for b in range(0, BLOCKS):
        if offset <= b < offset + length:
            discard_buffer(folio_buffer(folio, b))
    if length == FOLIO_SIZE:
        try_to_free_buffers(folio)


# --------------------------------------------------------------------- device


@kernel("block/blk-mq.c")
def blkdev_complete_request(bh: BufferHead):
    """The device writes a block, and its interrupt completes the buffer."""
    error: Errno = OK
    with atomic("the device writes the block"):
        wait_until(bh.submitted)
        fails = False
        if ERRORS > 0:
            fails = choose(False, True)
        if fails and mapping.failures_left > 0:
            mapping.failures_left -= 1
            error = EIO
        transfer_block(bh, error)
        b_end_io = bh.b_end_io
    if b_end_io == END_BUFFER_ASYNC_WRITE:
        end_buffer_async_write(bh, error)
    else:
        end_buffer_write_sync(bh, error)


@primitive()
def transfer_block(bh: BufferHead, error: Errno):
    """Write a block into the volatile cache of the device, or fail to."""
    bh.submitted = False
    if error == OK:
        Cell[number(bh)].volatile = bh.b_data
    else:
        note_block_failure(bh)


# --------------------------------------------------------------------- ghosts


@primitive()
def note_dirtied(bh: BufferHead):
    """Folio and mark know that a buffer is dirty."""
    bh.dirtying -= 1


@primitive()
def note_blocks_written(first: block_t, end: block_t, by: writer_t):
    """Blocks have a new version: what was the newest one elsewhere is now an old one.

    Whether it outlives a discard that is on its way is not said.
    """
    for cell in each(Cell):
        if first <= number(cell) < end:
            discarded = is_locked(mapping.invalidate_lock) and cell.logical == UNDEFINED
            cell.logical = UNDEFINED if discarded else DATA
            supersede(cell)
            BufferHead[number(cell)].newest_by = by


@primitive()
def note_block_is_written(bh: BufferHead, by: writer_t):
    """A write has marked its block dirty: if nobody else has begun a later one, fsync is about this version now."""
    if bh.newest_by == by:
        bh.newest_by = 0


@primitive()
def note_fsync_of_blocks(file: File):
    """fsync begins: what writes that are over have left is what it is about."""
    file.owed_now = file.owed
    for cell in each(Cell):
        written = cell.logical == DATA and BufferHead[number(cell)].newest_by == 0
        file.covered[number(cell)] = number(cell) < inode.i_size and written


@primitive()
def note_synced(bh: BufferHead):
    """A block is said to be written: has the device what is in memory, unless that is being changed?"""
    bh.unwritten = bh.newest_by == 0 and bh.b_data == NEW and Cell[number(bh)].volatile != NEW


@primitive()
def note_block_failure(bh: BufferHead):
    """A block could not be written: its newest version is nowhere but in memory; every file is owed the error."""
    cell = Cell[number(bh)]
    for file in each(File):
        file.owed = True
        if file.covered[number(cell)]:
            file.owed_now = True
    if cell.volatile != bh.b_data:
        cell.logical = UNDEFINED
