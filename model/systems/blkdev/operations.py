"""What threads may do to a block device, directly or as a filesystem on it."""

from __future__ import annotations

from checker.lang import atomic, choose, each, number, primitive, wait_until

from model.block.fops import blkdev_buffered_write, blkdev_fsync
from model.fs.buffer import __bread, mark_buffer_dirty, note_block_is_written, note_blocks_written, sync_dirty_buffer
from model.include.buffer_head import BLKDEV_BLOCKS, BLKDEV_WRITERS, BufferHead, JournalHead, folio_buffer, get_bh, put_bh
from model.include.buffer_head import writer_t
from model.fs.jbd2.checkpoint import commit_the_free, jbd2_cleanup_journal_tail, jbd2_journal_commit_transaction, jbd2_journal_forget
from model.fs.jbd2.checkpoint import jbd2_journal_try_remove_checkpoint
from model.include.primitives import filemap_invalidate_lock, filemap_invalidate_unlock
from model.include.state import BLOCKS, DATA, FOLIO_SIZE, NEW, UNDEFINED, ZERO, Cell, File, Folio, Task, block_t, inode
from model.include.state import mapping
from model.mm.filemap import note_fsync_returns
from model.mm.truncate import truncate_inode_pages_range
from model.mm.vmscan import shrink_folio_list


def blkdev_write_block():
    """write(2) of one block."""
    first: block_t = choose(range(0, BLKDEV_BLOCKS))
    blkdev_buffered_write(first, first + 1, 1)


def blkdev_write_folio():
    """write(2) of a folio, as far as the device has it."""
    folio = choose(f for f in each(Folio) if number(f) * BLOCKS < BLKDEV_BLOCKS)
    first: block_t = number(folio) * BLOCKS
    blkdev_buffered_write(first, min(first + BLOCKS, BLKDEV_BLOCKS), 1)


def blkdev_sync(file: File):
    """fsync(2) of the device, or the part of sync(2) that is about it."""
    error = blkdev_fsync(Task[number(file) + 2], file)
    note_fsync_returns(file, error)


@primitive()
def write_block(bh: BufferHead, by: writer_t):
    """A filesystem stores into the memory of a block."""
    bh.b_data = NEW
    note_blocks_written(number(bh), number(bh) + 1, by)



def update_block(bh: BufferHead, by: writer_t):
    """A filesystem without a journal changes a block of its own, as ext2_update_inode() does, and may write it at once."""
    __bread(bh)
    with atomic("store: who holds a reference may"):
        write_block(bh, by)
    mark_buffer_dirty(bh)
    note_block_is_written(bh, by)
    at_once = choose(False, True)
    if at_once:
        sync_dirty_buffer(bh)
    put_bh(bh)


def blkdev_update_metadata():
    """A filesystem changes a block."""
    bh = choose(b for b in each(BufferHead) if number(b) < BLKDEV_BLOCKS)
    update_block(bh, 2)


def blkdev_update_metadata_too():
    """Another one changes a block."""
    bh = choose(b for b in each(BufferHead) if number(b) < BLKDEV_BLOCKS)
    update_block(bh, BLKDEV_WRITERS)


def blkdev_reclaim():
    """Reclaim looks at a folio."""
    folio = choose(f for f in each(Folio))
    shrink_folio_list(folio)


@primitive()
def discard_blocks(folio: Folio):
    """The device forgets the blocks of a folio."""
    for b in range(0, BLOCKS):
        Cell[number(folio_buffer(folio, b))].volatile = ZERO
    note_blocks_are_undefined(folio)


@primitive()
def note_blocks_are_undefined(folio: Folio):
    """The blocks of a folio hold nothing in particular until they are written again."""
    for b in range(0, BLOCKS):
        cell = Cell[number(folio_buffer(folio, b))]
        cell.logical = UNDEFINED
        cell.promised = False
        for file in each(File):
            file.covered[number(cell)] = False


def blkdev_discard():
    """ioctl(BLKDISCARD) of one folio: blk_ioctl_discard().  What a write that comes meanwhile leaves is not said."""
    folio = choose(f for f in each(Folio) if number(f) * BLOCKS < BLKDEV_BLOCKS)
    with atomic("filemap_invalidate_lock(): discard begins"):
        filemap_invalidate_lock(mapping)
        note_blocks_are_undefined(folio)
    truncate_inode_pages_range(mapping, number(folio) * FOLIO_SIZE, number(folio) * FOLIO_SIZE + FOLIO_SIZE - 1)
    with atomic("the device discards"):
        discard_blocks(folio)
    filemap_invalidate_unlock(mapping)


def commit_and_write(jh: JournalHead):
    """A transaction with one block commits."""
    bh: BufferHead = BufferHead[number(jh)]
    jbd2_journal_commit_transaction(jh, bh, 2)


def free_block(jh: JournalHead):
    """A filesystem frees a block that a transaction before has committed; then that commits, and the block is given away.

    What the block holds as this filesystem's is nothing in particular from then on.
    """
    bh: BufferHead = BufferHead[number(jh)]
    with atomic("a block that is in use, and in no transaction"):
        wait_until(jh.b_cp_transaction and not jh.b_transaction and not jh.freed and bh.b_count == 0)
        get_bh(bh)
        note_blocks_are_undefined(Folio[number(jh) // BLOCKS])
    jbd2_journal_forget(jh, bh)
    commit_the_free(jh)


def checkpoint(jh: JournalHead):
    """The journal needs room, and tries to forget a block."""
    bh: BufferHead = BufferHead[number(jh)]
    if jh.b_cp_transaction:
        if jbd2_journal_try_remove_checkpoint(jh, bh):
            jbd2_cleanup_journal_tail(jh)


@primitive()
def blkdev_setup():
    """A device whose blocks are all written; nothing is cached."""
    inode.i_size = BLKDEV_BLOCKS
    for cell in each(Cell):
        if number(cell) < BLKDEV_BLOCKS:
            cell.logical = DATA
            cell.volatile = NEW
            cell.durable = NEW
