"""fs/xfs/xfs_log.c: when a transaction becomes durable.

A transaction is in the log as soon as it commits, in memory; all that are there become durable at once.
Recovery finds the on-disk size and the extents of the last moment at which the log was forced.  That
the log may be written at any time without being asked is not a step: what a power failure leaves is
judged both for the last checkpoint and for one written at this moment (properties/durability.py).
"""

from __future__ import annotations

from checker.lang import each, primitive

from model.include.state import IOMAP_DELALLOC, IOMAP_HOLE, Block, inode, log


@primitive("fs/xfs/xfs_inode.h")
def xfs_ipincount() -> bool:
    """Is there anything of the inode in the log that is not durable?"""
    changed = log.di_size != inode.i_disk_size
    for block in each(Block):
        logged = IOMAP_HOLE if block.extent == IOMAP_DELALLOC else block.extent
        changed = changed or block.logged != logged
    return changed


@primitive("fs/xfs/xfs_log.c")
def xfs_log_force():
    """Make all transactions durable: flush the device, then write a checkpoint with FUA.

    One step.  In between, what the flush has made durable is a subset of what a power failure may leave
    anyway; a size or an extent that changes in between belongs to the next checkpoint.  Left out: its failure,
    which shuts the filesystem down.
    """
    flush_volatile_cache()
    log.di_size = inode.i_disk_size
    for block in each(Block):
        block.logged = IOMAP_HOLE if block.extent == IOMAP_DELALLOC else block.extent
        block.other_logged = block.other
    forget_free_blocks()


from model.block.device import flush_volatile_cache  # noqa: E402
from model.fs.xfs.libxfs.xfs_bmap import forget_free_blocks  # noqa: E402
