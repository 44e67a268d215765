"""The state of a block device's page cache, with its inline functions: buffer heads, and a journal that has a copy of a block.

A block is one cell here (CELLS is 1), and the device has no other place for it: block, buffer head and cell
have the same number.  folio->private (Folio.private) says that a folio has its ring of buffer heads.
"""

from __future__ import annotations

from checker.lang import Field, Flag, Ghost, Lock, Range, Record, Struct, acquire, bug_on, constant, enum, is_locked, number
from checker.lang import primitive, pure, try_acquire, wait_until

from model.include.state import BLOCKS, FILE_BLOCKS, OK, STALE, Content, Errno, Folio, block_t

BLKDEV_BLOCKS = constant(2, "blocks of the device; the last folio need not be full")
BLKDEV_HOLDERS = constant(1, "how many may hold a reference to a buffer head at a time")
BLKDEV_WRITERS = constant(3, "number of the last one who may write a block")

writer_t = Range(0, BLKDEV_WRITERS)

BhEndIo = enum("BhEndIo", "END_BUFFER_ASYNC_WRITE END_BUFFER_WRITE_SYNC")
END_BUFFER_ASYNC_WRITE, END_BUFFER_WRITE_SYNC = BhEndIo


class BufferHead(Struct, count=FILE_BLOCKS):
    """struct buffer_head of a block, as long as its folio has buffers; b_data is that part of the folio.

    Who sets BH_Dirty, or writes to b_data, need not hold BH_Lock.
    """

    lock = Lock("BH_Lock")
    dirty = Flag("BH_Dirty")
    uptodate = Flag("BH_Uptodate")
    async_write = Flag("BH_Async_Write")
    b_count = Field(Range(0, 3 * BLKDEV_HOLDERS), "b_count")  # the holder, and I/O that it waits for or has waited for
    b_end_io = Field(BhEndIo, "b_end_io", init=END_BUFFER_ASYNC_WRITE)
    submitted = Flag("with the device")
    b_data = Field(Content, "b_data", init=STALE)
    # How many have set BH_Dirty and not yet passed it on to the folio and the mark.
    dirtying = Ghost(Range(0, BLKDEV_WRITERS, "being marked dirty"))
    # Who is writing the newest version, as long as that write has not marked it dirty; 0: nobody.
    newest_by = Ghost(Range(0, BLKDEV_WRITERS, "being written"))
    # sync_dirty_buffer() has said that it is written, and it is not.
    unwritten = Ghost(Flag("told to be written, and is not"))


class JournalHead(Struct, count=FILE_BLOCKS):
    """struct journal_head of a block, and the copy of the block that recovery would find in the journal."""

    b_transaction = Flag("b_transaction")
    b_cp_transaction = Flag("b_cp_transaction")
    copy = Flag("copy in the journal")
    freed = Flag("freed: the block may be somebody else's")
    committed = Ghost(Flag("committed"))


class GetBlock(Record):
    """blkdev_get_block() as data of the callback.  Every buffer of a device is mapped, so it is not called."""

    error = Field(Errno, init=OK)


# ------------------------------------------------------------ inline functions


@pure("include/linux/buffer_head.h")
def bh_folio(bh: BufferHead) -> Folio:
    """bh->b_folio."""
    return Folio[number(bh) // BLOCKS]


@pure("include/linux/buffer_head.h")
def folio_buffer(folio: Folio, b: block_t) -> BufferHead:
    """Block b of a folio: bh->b_this_page, followed b times from folio_buffers()."""
    return BufferHead[number(folio) * BLOCKS + b]


@primitive("include/linux/buffer_head.h")
def lock_buffer(bh: BufferHead):
    """Wait for BH_Lock."""
    acquire(bh.lock)


@primitive("include/linux/buffer_head.h")
def trylock_buffer(bh: BufferHead) -> bool:
    """Take BH_Lock if it is free."""
    return try_acquire(bh.lock)


@primitive("include/linux/buffer_head.h")
def wait_on_buffer(bh: BufferHead):
    """Wait until BH_Lock is free."""
    wait_until(not is_locked(bh.lock))


@primitive("include/linux/buffer_head.h")
def buffer_locked(bh: BufferHead) -> bool:
    """BH_Lock."""
    return is_locked(bh.lock)


@primitive("include/linux/buffer_head.h")
def buffer_dirty(bh: BufferHead) -> bool:
    """BH_Dirty."""
    return bh.dirty


@primitive("include/linux/buffer_head.h")
def buffer_uptodate(bh: BufferHead) -> bool:
    """BH_Uptodate."""
    return bh.uptodate


@primitive("include/linux/buffer_head.h")
def buffer_async_write(bh: BufferHead) -> bool:
    """BH_Async_Write.  Looking at a buffer head that is freed is a bug."""
    bug_on(not bh_folio(bh).private)
    return bh.async_write


@primitive("include/linux/buffer_head.h")
def test_clear_buffer_dirty(bh: BufferHead) -> bool:
    """Clear BH_Dirty; was it set?"""
    was_dirty = bh.dirty
    bh.dirty = False
    return was_dirty


@primitive("include/linux/buffer_head.h")
def test_set_buffer_dirty(bh: BufferHead) -> bool:
    """Set BH_Dirty; was it set?"""
    was_dirty = bh.dirty
    bh.dirty = True
    if not was_dirty:
        bh.dirtying += 1
    return was_dirty


@primitive("include/linux/buffer_head.h")
def get_bh(bh: BufferHead):
    """Take a reference."""
    bh.b_count += 1


@primitive("include/linux/buffer_head.h")
def put_bh(bh: BufferHead):
    """Give a reference back."""
    bh.b_count -= 1


@primitive("include/linux/buffer_head.h")
def set_buffer_uptodate(bh: BufferHead):
    """Set BH_Uptodate."""
    bh.uptodate = True


@primitive("include/linux/buffer_head.h")
def clear_buffer_uptodate(bh: BufferHead):
    """Clear BH_Uptodate."""
    bh.uptodate = False
