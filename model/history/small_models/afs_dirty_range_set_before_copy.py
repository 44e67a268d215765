"""afs: Fix where page->private is set during write (v5.10).

write_begin records which bytes of a page are going to be dirty.  The copy stops early, and what it did not reach is
recorded all the same: writeback sends bytes that nobody has written.  A small model of its own: a page of two
bytes.
"""

from __future__ import annotations

from checker.lang import Field, Flag, Lock, Range, Struct, acquire, baseline, choose, kernel, override, primitive
from checker.lang import process, release, scenario, variant

afs_dirty_range = baseline("Linux 5.10: AFS records the dirty range of a page.")

afs_bytes_t = Range(0, 2)


class AfsPage(Struct):
    """A page with the dirty range in page->private, and what the server has been sent."""

    locked = Lock("PG_locked")
    dirty = Field(Range(0, 2), "dirty up to", guard=locked)
    valid = Field(Range(0, 2), "written up to", guard=locked)
    sent = Flag("the server has been sent what was written")
    garbage_sent = Flag("bytes sent that nobody has written")


afs_page = AfsPage[0]


@primitive("mm/filemap.c")
def lock_afs_page():
    """Wait for PG_locked."""
    acquire(afs_page.locked)


@primitive("mm/filemap.c")
def unlock_afs_page():
    """Give PG_locked back."""
    release(afs_page.locked)


@primitive("lib/iov_iter.c")
def copy_some() -> afs_bytes_t:
    """Copy from user memory; how much?"""
    copied = choose(0, 1, 2)
    afs_page.valid = max(afs_page.valid, copied)
    return copied


@primitive("fs/afs/write.c")
def set_dirty_range(to: afs_bytes_t):
    """Record that the page is dirty up to a byte."""
    afs_page.dirty = max(afs_page.dirty, to)


@kernel("fs/afs/write.c")
def afs_write():
    """write(2) of two bytes: lock, copy, record, unlock."""
    lock_afs_page()
    copied = copy_some()
    set_dirty_range(copied)
    unlock_afs_page()


@kernel("fs/afs/write.c")
def afs_write_records_first():
    """write(2) of two bytes: lock, record, copy, unlock."""
    lock_afs_page()
    set_dirty_range(2)
    copy_some()
    unlock_afs_page()


@primitive("fs/afs/write.c")
def afs_store_data():
    """Send the dirty range."""
    if afs_page.dirty > afs_page.valid:
        afs_page.garbage_sent = True
    afs_page.sent = afs_page.dirty > 0
    afs_page.dirty = 0


@kernel("fs/afs/write.c")
def afs_writepage():
    """Write the page back."""
    lock_afs_page()
    afs_store_data()
    unlock_afs_page()


short_write_and_writeback = scenario(
    "A write that may copy less than it wants, and writeback.",
    process("writer", afs_write), process("flusher", afs_writepage), of=afs_dirty_range,
    properties=("only_what_was_written_is_sent", "what_was_written_is_dirty_or_sent", "written_bytes_are_sent"),
)  # fmt: skip

afs_dirty_range_set_before_copy = variant(
    "The dirty range is recorded before the copy, as long as the copy wants to be.",
    override(afs_write, by=afs_write_records_first), of=afs_dirty_range, undoes="f792e3ac82fe",
    scenario=short_write_and_writeback,
)  # fmt: skip
