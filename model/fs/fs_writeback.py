"""fs/fs-writeback.c: the flusher."""

from __future__ import annotations

from checker.lang import kernel

from model.state import WB_SYNC_NONE, Task, WritebackControl, mapping, pgoff_t


@kernel("fs/fs-writeback.c")
def __writeback_single_inode(current: Task, nr_to_write: pgoff_t):
    """One background pass over the inode, as far as its budget goes.

    Left out: I_SYNC and the lists of inodes (there is one flusher, and it comes at any time),
    sync(2), the inode's own dirtiness.
    """
    wbc = WritebackControl()
    wbc.current = current
    wbc.sync_mode = WB_SYNC_NONE
    wbc.range_cyclic = True
    wbc.nr_to_write = nr_to_write
    do_writepages(mapping, wbc)


from model.mm.page_writeback import do_writepages  # noqa: E402
