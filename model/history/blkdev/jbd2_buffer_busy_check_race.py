"""jbd2: fix a race when checking checkpoint buffer busy.

Checkpointing asked whether a block is written by two looks, at BH_Lock and then at BH_Dirty. Writeback that locks the
buffer and clears BH_Dirty between them is overlooked: the block seems written while its I/O has only begun, and the
journal forgets its copy.
"""

from __future__ import annotations

from checker.lang import kernel, override, variant

from model.include.buffer_head import BufferHead, JournalHead, buffer_dirty, buffer_locked
from model.fs.jbd2.checkpoint import __jbd2_journal_remove_checkpoint, b_transaction, jbd2_journal_try_remove_checkpoint
from model.systems.blkdev.scenarios import blkdev, blkdev_journal


@kernel("fs/jbd2/checkpoint.c")
def try_remove_checkpoint_without_the_lock(jh: JournalHead, bh: BufferHead) -> bool:
    """Take a block off the checkpoint list if it is neither locked nor dirty, one after the other."""
    if b_transaction(jh):
        return False
    if buffer_locked(bh):
        return False
    if buffer_dirty(bh):
        return False
    __jbd2_journal_remove_checkpoint(jh)
    return True


jbd2_buffer_busy_check_race = variant(
    "Checkpointing looks at BH_Lock and BH_Dirty without holding BH_Lock.",
    override(jbd2_journal_try_remove_checkpoint, by=try_remove_checkpoint_without_the_lock), of=blkdev,
    undoes="46f881b5b175", scenario=blkdev_journal,
)  # fmt: skip
