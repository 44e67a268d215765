"""fs/fs-writeback.c: the flusher."""

from __future__ import annotations

from checker.lang import each, kernel, primitive

from model.state import COUNT_PASSES, FOLIOS, WB_SYNC_NONE, Folio, Task, WritebackControl, mapping, pgoff_t


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
    if COUNT_PASSES > 0:
        note_background_pass()
    do_writepages(mapping, wbc)


@primitive()
def note_background_pass():
    """A background pass begins: every dirty folio waits for one more."""
    for folio in each(Folio):
        if folio.dirty:
            folio.passes = min(folio.passes + 1, COUNT_PASSES * (FOLIOS + 2))


from model.mm.page_writeback import do_writepages  # noqa: E402
