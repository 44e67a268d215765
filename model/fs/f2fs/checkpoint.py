"""fs/f2fs/checkpoint.c and the part of node.c that fsync needs: what recovery will find."""

from __future__ import annotations

from checker.lang import each, kernel, primitive, wait_until

from model.fs.f2fs.segment import f2fs_submit_merged_write
from model.include.f2fs import IN_CACHED_BIO, SUBMITTED, Page, Sbi, sbi
from model.fs.f2fs.primitives import f2fs_lock_all, f2fs_unlock_all, lock_gc, queue_for_cp_rwsem, unlock_gc
from model.include.state import PAGE_SIZE, inode


@primitive("fs/f2fs/node.c")
def f2fs_write_node(sbi: Sbi):
    """The node of the file is durable as it is now: its addresses and its i_size; not if checkpoints have stopped.

    From the write of the node to its completion is one step: a new address has to wait for it (f2fs_set_data_blkaddr()).
    Left out: that the addresses and the size are in several blocks; a checkpoint or a chain of marked
    nodes makes them durable as one.
    """
    if not sbi.cp_error:
        for page in each(Page):
            page.image = page.addr
            page.moved = False
            for c in range(0, PAGE_SIZE):
                page.image_block[c] = page.block[c]
        sbi.image_size = inode.i_size


@primitive("fs/f2fs/node.c")
def f2fs_write_idle_node(sbi: Sbi) -> bool:
    """With the node locked, so that no page gets a new address: wait for I/O to new addresses, then write the node.

    False: nothing is written; a page is in a bio that nobody has submitted.
    """
    cached = any(page.io == IN_CACHED_BIO and page.moved for page in each(Page))
    wait_until(cached or not any((page.io == SUBMITTED and page.moved) or page.meta for page in each(Page)))
    if not cached:
        f2fs_write_node(sbi)
    return not cached


@primitive("fs/f2fs/checkpoint.c")
def f2fs_wait_on_all_pages(sbi: Sbi):
    """Wait until no page that the checkpoint depends on is on its way."""
    wait_until(sbi.wb_cp_data == 0)


@kernel("fs/f2fs/checkpoint.c")
def f2fs_write_checkpoint(sbi: Sbi):
    """Make the metadata durable as it is at one moment, at which no operation is half done.

    Left out: node_change and node_write, dentries, quota, NAT and SIT, orphans.
    """
    lock_gc(sbi)
    queue_for_cp_rwsem(sbi)
    f2fs_lock_all(sbi)
    f2fs_submit_merged_write(sbi)
    f2fs_wait_on_all_pages(sbi)
    f2fs_write_node(sbi)
    f2fs_unlock_all(sbi)
    unlock_gc(sbi)
