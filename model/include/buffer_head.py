"""The state of a block device's page cache: buffer heads, and a journal that has a copy of a block.

A block is one cell here (CELLS is 1), and the device has no other place for it: block, buffer head and cell
have the same number.  folio->private (Folio.private) says that a folio has its ring of buffer heads.
"""

from __future__ import annotations

from checker.lang import Field, Flag, Ghost, Lock, Range, Record, Struct, constant, enum

from model.include.state import FILE_BLOCKS, OK, STALE, Content, Errno

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
