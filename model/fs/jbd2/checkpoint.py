"""fs/jbd2: a block that is committed to the journal, and the checkpoint that forgets it there.

Left out: everything else of jbd2.  There is one transaction for each block, which commits in one step; a block that
could not be written aborts the journal, which is not modelled, so devices do not fail here.
"""

from __future__ import annotations

from checker.lang import atomic, kernel, number, primitive

from model.block.device import blkdev_issue_flush
from model.fs.buffer import __bread, mark_buffer_dirty, note_block_is_written, note_blocks_written, unlock_buffer
from model.include.buffer_head import BufferHead, JournalHead, buffer_dirty, put_bh, test_clear_buffer_dirty, trylock_buffer
from model.include.buffer_head import writer_t
from model.include.state import NEW


@primitive("fs/jbd2/commit.c")
def commit_block(jh: JournalHead, bh: BufferHead, by: writer_t):
    """A new version of a block is in the journal, durably; it is on the checkpoint list, and not dirty yet."""
    bh.b_data = NEW
    note_blocks_written(number(bh), number(bh) + 1, by)
    jh.b_transaction = True
    jh.b_cp_transaction = True
    jh.copy = True
    jh.committed = True


@primitive("fs/jbd2/transaction.c")
def unfile_buffer(jh: JournalHead):
    """The committing transaction is through with the block."""
    jh.b_transaction = False


@kernel("fs/jbd2/commit.c")
def jbd2_journal_commit_transaction(jh: JournalHead, bh: BufferHead, by: writer_t):
    """Commit a new version of a block, and only then let writeback have it."""
    __bread(bh)
    with atomic("the commit record, under j_list_lock"):
        commit_block(jh, bh, by)
    mark_buffer_dirty(bh)
    note_block_is_written(bh, by)
    unfile_buffer(jh)
    put_bh(bh)


@primitive("include/linux/journal-head.h")
def b_transaction(jh: JournalHead) -> bool:
    """Is a running or committing transaction using the block?"""
    return jh.b_transaction


@primitive("fs/jbd2/checkpoint.c")
def __jbd2_journal_remove_checkpoint(jh: JournalHead):
    """Take a block off the checkpoint list."""
    jh.b_cp_transaction = False


@kernel("fs/jbd2/checkpoint.c")
def jbd2_journal_try_remove_checkpoint(jh: JournalHead, bh: BufferHead) -> bool:
    """Take a block off the checkpoint list if it has been written; the whole test is made under BH_Lock."""
    if b_transaction(jh):
        return False
    if not trylock_buffer(bh):
        return False
    dirty = buffer_dirty(bh)
    unlock_buffer(bh)
    if dirty:
        return False
    __jbd2_journal_remove_checkpoint(jh)
    return True


@primitive("fs/jbd2/transaction.c")
def __jbd2_journal_file_buffer(jh: JournalHead):
    """The block is on BJ_Forget of the running transaction: with its commit the checkpoint is done with, too."""
    jh.b_transaction = True


@kernel("fs/jbd2/transaction.c")
def jbd2_journal_forget(jh: JournalHead, bh: BufferHead):
    """A block that holds a reference is freed in the running transaction, and was used by none before.

    One that has been written leaves the checkpoint list.  One that has not, or is just being written, stays there until the transaction
    commits; it is clean from here on, but nobody waits for I/O that is under way.
    Left out: a block of the running or of the committing transaction; b_state_lock, which keeps out nobody who is here.
    """
    if jh.b_cp_transaction:
        if not jbd2_journal_try_remove_checkpoint(jh, bh):
            test_clear_buffer_dirty(bh)
            __jbd2_journal_file_buffer(jh)
    put_bh(bh)


@primitive("fs/jbd2/commit.c")
def commit_the_free(jh: JournalHead):
    """The transaction in which a block is freed has committed: the block may be given to somebody else."""
    jh.b_transaction = False
    jh.b_cp_transaction = False
    jh.copy = False
    jh.committed = False
    jh.freed = True


@primitive("fs/jbd2/journal.c")
def jbd2_update_log_tail(jh: JournalHead):
    """The journal begins behind the copy of a block, durably."""
    jh.copy = False


@kernel("fs/jbd2/checkpoint.c")
def jbd2_cleanup_journal_tail(jh: JournalHead):
    """What is checkpointed is made durable at its place before the journal forgets it."""
    blkdev_issue_flush()
    jbd2_update_log_tail(jh)
