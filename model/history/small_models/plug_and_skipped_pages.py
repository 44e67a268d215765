"""fs-writeback: writeback_sb_inodes: Recalculate 'wrote' according skipped pages (v5.19).

The flusher has requests on its plug: they own tags of the device and are not dispatched.  fsync holds a buffer and
waits for a tag.  The flusher cannot lock that buffer and skips its page, but counts it as written, so it makes
another round, and another, and never comes to where the plug is flushed.  A small model of its own: a device
with one tag.
"""

from __future__ import annotations

from checker.lang import Flag, Lock, Struct, acquire, baseline, kernel, override, primitive, process, release
from checker.lang import scenario, try_acquire, variant, wait_until

plugging = baseline("Linux 5.19: a flusher with a plug.")


class Queue(Struct):
    """The device's request queue, a buffer, and the page that it belongs to."""

    tag_free = Flag("tag free", init=True)
    plugged = Flag("a request on the plug")
    buffer = Lock("BH_Lock")
    dirty = Flag("dirty", init=True, write_guard=buffer)


queue = Queue[0]


@primitive("block/blk-mq-tag.c")
def blk_mq_get_tag():
    """Wait for a tag."""
    wait_until(queue.tag_free)
    queue.tag_free = False


@primitive("block/blk-mq-tag.c")
def blk_mq_put_tag():
    """The request is done."""
    queue.tag_free = True


@primitive("block/blk-core.c")
def blk_add_rq_to_plug():
    """A request that owns its tag waits on the plug."""
    queue.plugged = True


@primitive("block/blk-core.c")
def blk_finish_plug():
    """Dispatch what is on the plug; it completes."""
    queue.plugged = False
    queue.tag_free = True


@primitive("include/linux/buffer_head.h")
def trylock_buffer() -> bool:
    """Take the buffer if it is free."""
    return try_acquire(queue.buffer)


@primitive("include/linux/buffer_head.h")
def lock_buffer():
    """Wait for the buffer."""
    acquire(queue.buffer)


@primitive("include/linux/buffer_head.h")
def unlock_buffer():
    """Give the buffer back."""
    release(queue.buffer)


@primitive("fs/buffer.c")
def clear_buffer_dirty():
    """The page's only buffer is written with the request that is on the plug."""
    queue.dirty = False


@kernel("fs/fs-writeback.c")
def writeback_sb_inodes() -> bool:
    """Write the page; was anything written?  A page that was skipped does not count."""
    if not trylock_buffer():
        return False
    clear_buffer_dirty()
    unlock_buffer()
    return True


@kernel("fs/fs-writeback.c")
def writeback_sb_inodes_counts_skipped() -> bool:
    """Write the page; a page that was skipped counts as written."""
    if trylock_buffer():
        clear_buffer_dirty()
        unlock_buffer()
    return True


@primitive("fs/fs-writeback.c")
def inode_is_dirty() -> bool:
    """Is there anything left to write?"""
    return queue.dirty


@kernel("fs/fs-writeback.c")
def wb_writeback():
    """Rounds over what is dirty, as long as there is progress, under one plug."""
    blk_mq_get_tag()
    blk_add_rq_to_plug()
    progress = True
    while progress:
        progress = writeback_sb_inodes()
        if progress:
            progress = inode_is_dirty()
    blk_finish_plug()


@kernel("fs/buffer.c")
def sync_dirty_buffer():
    """fsync: write the buffer and wait."""
    lock_buffer()
    blk_mq_get_tag()
    blk_mq_put_tag()
    unlock_buffer()


plug_and_fsync = scenario(
    "The flusher with a request on its plug, and an fsync that needs the only tag.",
    process("flusher", wb_writeback), process("fsync", sync_dirty_buffer), of=plugging,
    properties=("plugs_are_flushed", "a_request_owns_its_tag", "a_request_waits_on_the_plug", "the_queue_is_idle"),
)  # fmt: skip

plug_and_skipped_pages = variant(
    "A round of the flusher counts a page that it has skipped as written.",
    override(writeback_sb_inodes, by=writeback_sb_inodes_counts_skipped), of=plugging, undoes="68f4c6eba70d",
    scenario=plug_and_fsync,
)  # fmt: skip
