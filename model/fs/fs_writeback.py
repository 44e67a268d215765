"""fs/fs-writeback.c: the flusher, and the dirtiness of the inode that brings it here.

Left out of the whole file: which of the lists an inode is on, and for how long; I_DIRTY_DATASYNC, I_DIRTY_TIME; cgroups.
An inode stays on b_io until requeue_inode(), so I_SYNC_QUEUED is not asked for.  XFS logs its inodes and never sets
I_DIRTY_SYNC; `touch` of model/systems/iomap_xfs/operations.py does, as a filesystem with ->write_inode would.
Without INODE_LISTS the flusher comes at any time.
"""

from __future__ import annotations

from checker.lang import acquire, atomic, each, kernel, primitive, release, wait_until

from model.include.state import COUNT_PASSES, FILE_SIZE, FOLIOS, INODE_LISTS, I_DIRTY_PAGES, LONG_MAX
from model.include.state import PAGECACHE_TAG_DIRTY
from model.include.state import WB_SYNC_ALL, WB_SYNC_NONE, Folio, Inode, InodeDirty, SyncMode, Task, WritebackControl
from model.include.state import inode, mapping, pgoff_t

from model.include.primitives import mapping_tagged

# ------------------------------------------------------------------------ i_state


@primitive("include/linux/spinlock.h")
def spin_lock_i_lock(inode: Inode):
    """spin_lock(&inode->i_lock)."""
    acquire(inode.i_state_lock)


@primitive("include/linux/spinlock.h")
def spin_unlock_i_lock(inode: Inode):
    """spin_unlock(&inode->i_lock)."""
    release(inode.i_state_lock)


@primitive("fs/fs-writeback.c")
def i_state_has(inode: Inode, flags: InodeDirty) -> bool:
    """inode->i_state & flags, without a lock."""
    return inode.i_dirty_pages if flags == I_DIRTY_PAGES else inode.i_dirty_sync


@primitive("fs/fs-writeback.c")
def set_i_state(inode: Inode, flags: InodeDirty):
    """inode->i_state |= flags; an inode that was clean is put on the flusher's list."""
    if not inode.i_dirty_pages and not inode.i_dirty_sync:
        inode.i_io_list = True
    if flags == I_DIRTY_PAGES:
        inode.i_dirty_pages = True
    else:
        inode.i_dirty_sync = True


@kernel("fs/fs-writeback.c")
def __mark_inode_dirty(inode: Inode, flags: InodeDirty):
    """The inode has dirty pages, or has changed itself; if it was clean, put it on the flusher's list.

    The first look is without the lock.  The mark of the folio is set before, and the flusher clears
    the flags before it looks at the marks, and before it writes the inode.
    """
    if i_state_has(inode, flags):
        return
    with atomic("inode->i_lock and list_lock are held"):
        spin_lock_i_lock(inode)
        set_i_state(inode, flags)
        spin_unlock_i_lock(inode)


@primitive("fs/fs-writeback.c")
def clear_dirty(inode: Inode) -> bool:
    """inode->i_state &= ~I_DIRTY; was I_DIRTY_SYNC set?"""
    dirty_sync = inode.i_dirty_sync
    inode.i_dirty_pages = False
    inode.i_dirty_sync = False
    return dirty_sync


@primitive("fs/fs-writeback.c")
def write_inode(inode: Inode):
    """->write_inode: write the inode as it is now."""
    note_inode_written(inode)


@primitive("fs/fs-writeback.c")
def set_dirty_pages_again(inode: Inode):
    """If a folio carries DIRTY, inode->i_state |= I_DIRTY_PAGES."""
    if mapping_tagged(mapping, PAGECACHE_TAG_DIRTY):
        inode.i_dirty_pages = True


@primitive("fs/fs-writeback.c")
def inode_sync_begin(inode: Inode, sync_mode: SyncMode) -> bool:
    """Take an inode from the list and set I_SYNC; False: it is not there, or with another flusher.

    WB_SYNC_ALL waits until the other flusher is done.
    """
    wait_until(not inode.i_sync or sync_mode == WB_SYNC_NONE)
    acquire(inode.i_state_lock)
    found = inode.i_io_list and not inode.i_sync
    if found:
        inode.i_sync = True
    release(inode.i_state_lock)
    return found


@primitive("fs/fs-writeback.c")
def requeue_inode(inode: Inode):
    """Keep the inode on a list if it is dirty, and clear I_SYNC: one section under i_lock and list_lock."""
    acquire(inode.i_state_lock)
    inode.i_io_list = mapping_tagged(mapping, PAGECACHE_TAG_DIRTY) or inode.i_dirty_pages or inode.i_dirty_sync
    inode.i_sync = False
    release(inode.i_state_lock)


# ---------------------------------------------------------------------- writeback


@kernel("fs/fs-writeback.c")
def __writeback_single_inode(current: Task, nr_to_write: pgoff_t, sync_mode: SyncMode):
    """One pass over the inode: background writeback as far as its budget goes, or all of it.

    Left out: the wait of WB_SYNC_ALL, which sync(2) does later and for all inodes.
    """
    wbc = WritebackControl()
    wbc.current = current
    wbc.sync_mode = sync_mode
    wbc.range_cyclic = sync_mode == WB_SYNC_NONE
    wbc.range_end = FILE_SIZE - 1 if sync_mode == WB_SYNC_ALL else 0
    wbc.nr_to_write = nr_to_write
    if COUNT_PASSES > 0:
        note_background_pass()
    do_writepages(mapping, wbc)
    if INODE_LISTS > 0:
        spin_lock_i_lock(inode)
        dirty_sync = clear_dirty(inode)
        set_dirty_pages_again(inode)
        spin_unlock_i_lock(inode)
        if dirty_sync:
            write_inode(inode)


@primitive()
def note_inode_written(inode: Inode):
    """The inode has been written as it is."""
    inode.changed = False


@primitive()
def note_background_pass():
    """A background pass begins: every dirty folio waits for one more."""
    for folio in each(Folio):
        if folio.dirty:
            folio.passes = min(folio.passes + 1, COUNT_PASSES * (FOLIOS + 2))


@kernel("fs/fs-writeback.c")
def writeback_sb_inodes(current: Task, nr_to_write: pgoff_t, sync_mode: SyncMode):
    """Write back the inode if it is on the list."""
    if INODE_LISTS > 0:
        if not inode_sync_begin(inode, sync_mode):
            return
    __writeback_single_inode(current, nr_to_write, sync_mode)
    if INODE_LISTS > 0:
        requeue_inode(inode)


@kernel("fs/fs-writeback.c")
def sync_inodes_sb(current: Task):
    """sync(2), as far as one inode goes: write back all of it, then wait for all that is under writeback."""
    writeback_sb_inodes(current, LONG_MAX, WB_SYNC_ALL)
    __filemap_fdatawait_range(mapping, 0, FILE_SIZE - 1)


from model.mm.filemap import __filemap_fdatawait_range  # noqa: E402
from model.mm.page_writeback import do_writepages  # noqa: E402
