"""mm/page-writeback.c: the iterator over dirty folios, and the begin and end of PG_writeback."""

from __future__ import annotations

from checker.lang import Place, Record, atomic, bug_on, each, kernel, number, primitive, wait_until, warn_on

from model.include.primitives import folio_lock, folio_test_clear_dirty, folio_test_dirty, folio_test_locked
from model.include.primitives import folio_test_writeback, folio_unlock, xa_get_mark
from model.include.size import folio_index, folio_next_index, folio_nr_pages
from model.include.state import AOP_WRITEPAGE_ACTIVATE, FILE_PAGES, MAPPERS, OK, PAGECACHE_TAG_DIRTY
from model.include.state import PAGECACHE_TAG_TOWRITE, PAGEVEC_SIZE, PAGE_SIZE, STABLE_WRITES, WB_SYNC_ALL
from model.include.state import WB_SYNC_NONE, AddressSpace, Errno, Folio, Task, WritebackControl, XaMark, pgoff_t
from model.mm.rmap import folio_mkclean

# ------------------------------------------------------------------- dirtying


@primitive("mm/page-writeback.c")
def filemap_dirty_folio(mapping: AddressSpace, folio: Folio) -> bool:
    """Set PG_dirty and the DIRTY mark; was the folio clean?  Then the inode is dirty too, from the next step on.

    Flag and mark change in one step: everybody who dirties a folio here holds its lock, so
    nobody else is between the two, and those who look at the mark do so before or after.
    Left out: accounting, and the assertion that a folio without private data is uptodate.
    """
    was_clean = not folio.dirty
    folio.dirty = True
    folio.tag_dirty = True
    return was_clean


@primitive("mm/page-writeback.c")
def folio_cancel_dirty(folio: Folio):
    """Clear PG_dirty of a folio that is not going to be written; marks stay."""
    folio.dirty = False


@kernel("mm/page-writeback.c")
def folio_clear_dirty_for_io(folio: Folio) -> bool:
    """Write-protect a folio and clear PG_dirty for I/O; was it set?  The marks stay.

    Left out: accounting.
    """
    if MAPPERS > 0:
        if folio_mkclean(folio):
            with atomic("folio_mark_dirty(): under the folio lock"):
                folio_mark_dirty(folio)
    with atomic("folio_test_clear_dirty(): under the folio lock"):
        bug_on(not folio_test_locked(folio))
        bug_on(folio_test_writeback(folio))
        cleared = folio_test_clear_dirty(folio)
    return cleared


# --------------------------------------------------------------- PG_writeback


@primitive("mm/page-writeback.c")
def folio_start_writeback(folio: Folio):
    """Set PG_writeback and its mark; clear TOWRITE, and DIRTY if PG_dirty is clear.  One xa_lock section.

    Left out: keep_write, accounting, s_inodes_wb.
    """
    bug_on(folio.writeback)
    folio.writeback = True
    folio.tag_writeback = True
    if not folio.dirty:
        folio.tag_dirty = False
    folio.tag_towrite = False


@primitive("mm/filemap.c")
def folio_end_writeback(folio: Folio):
    """Clear PG_writeback and its mark, and wake who waits.  One xa_lock section.

    Left out: PG_reclaim, accounting, the moment between the bit and the wake-up.
    """
    bug_on(not folio.writeback)
    folio.writeback = False
    folio.tag_writeback = False


@primitive("mm/page-writeback.c")
def folio_wait_writeback(folio: Folio):
    """Wait until PG_writeback is clear."""
    wait_until(not folio.writeback)


@kernel("mm/page-writeback.c")
def folio_wait_stable(folio: Folio):
    """Wait for PG_writeback if the device needs pages that do not change under I/O."""
    if STABLE_WRITES > 0:
        folio_wait_writeback(folio)


# ----------------------------------------------------------------- the iterator


@kernel("mm/page-writeback.c")
def wbc_to_tag(wbc: WritebackControl) -> XaMark:
    """The mark that a pass looks for.

    Left out: tagged_writepages.
    """
    if wbc.sync_mode == WB_SYNC_ALL:
        return PAGECACHE_TAG_TOWRITE
    return PAGECACHE_TAG_DIRTY


@kernel("mm/page-writeback.c")
def wbc_end(wbc: WritebackControl) -> pgoff_t:
    """The last page that a pass looks at."""
    if wbc.range_cyclic:
        return FILE_PAGES - 1
    return wbc.range_end // PAGE_SIZE


@primitive("mm/page-writeback.c")
def tag_pages_for_writeback(mapping: AddressSpace, start: pgoff_t, end: pgoff_t):
    """Set TOWRITE on every folio of the range that has DIRTY.

    Left out: the pause after each XA_CHECK_SCHED entries; a scope has fewer.
    """
    for folio in each(Folio):
        if folio_next_index(folio) > start and folio_index(folio) <= end and folio.tag_dirty:
            folio.tag_towrite = True
    note_asked(mapping, start, end)


@primitive()
def note_asked(mapping: AddressSpace, start: pgoff_t, end: pgoff_t):
    """Every data-integrity pass that is under way may be asked to write what is dirty in the range now."""
    for folio in each(Folio):
        if folio_next_index(folio) > start and folio_index(folio) <= end and folio.tag_dirty:
            for task in each(Task):
                if task.in_pass:
                    task.snapshot[number(folio)] = True


@primitive("include/linux/pagevec.h")
def folio_batch_init(wbc: WritebackControl):
    """An empty batch."""
    for folio in each(Folio):
        wbc.fbatch[number(folio)] = False


@primitive("mm/swap.c")
def folio_batch_release(wbc: WritebackControl):
    """Give back what is left of a batch, and empty it."""
    folio_batch_init(wbc)


@primitive("include/linux/pagevec.h")
def folio_batch_next(wbc: WritebackControl) -> Folio:
    """The next folio of the batch, or None."""
    for folio in each(Folio):
        if wbc.fbatch[number(folio)]:
            wbc.fbatch[number(folio)] = False
            return folio
    return None


@primitive("mm/filemap.c")
def filemap_get_folios_tag(mapping: AddressSpace, wbc: WritebackControl, end: pgoff_t, tag: XaMark):
    """Collect the folios from wbc.index to `end` that carry a mark, and move the index behind them.

    The walk under RCU is one step.  A mark that changes while it is under way is seen or not, as it is
    when it changes just before or just after: the folio lock and the flags decide, not the mark.
    Left out: the references that a batch holds; nothing here splits, migrates or reclaims a folio.
    """
    found: pgoff_t = 0
    index: pgoff_t = end + 1
    for folio in each(Folio):
        if folio_next_index(folio) > wbc.index and folio_index(folio) <= end and xa_get_mark(folio, tag):
            if found < PAGEVEC_SIZE:
                wbc.fbatch[number(folio)] = True
                found += 1
                if found == PAGEVEC_SIZE:
                    index = folio_next_index(folio)
    wbc.index = index


@kernel("mm/page-writeback.c")
def folio_prepare_writeback(mapping: AddressSpace, wbc: WritebackControl, folio: Folio) -> bool:
    """Is a locked folio to be written now?  If so it is clean from here on.

    Who changes folio->mapping or PG_dirty holds the folio lock, and PG_writeback is not set without it:
    the tests of each group cannot be told from one.  The assertion that PG_writeback is clear now stands
    in folio_clear_dirty_for_io().
    """
    with atomic("folio_test_dirty(): under the folio lock"):
        wanted = folio.mapping and folio_test_dirty(folio)
        note_locked(wbc.current, folio)
    if not wanted:
        return False
    if folio_test_writeback(folio):
        if wbc.sync_mode == WB_SYNC_NONE:
            return False
        folio_wait_writeback(folio)
    cleared = folio_clear_dirty_for_io(folio)
    note_taken(wbc, folio)
    return cleared


@primitive()
def note_locked(current: Task, folio: Folio):
    """A pass has locked a folio: is it behind those of its ioend that is not submitted yet?"""
    folio.passes = 0
    if number(folio) < current.unsubmitted:
        current.out_of_order = True


@primitive()
def note_taken(wbc: WritebackControl, folio: Folio):
    """A pass takes a folio: had somebody asked for that when this data-integrity pass began, or since?"""
    if wbc.sync_mode == WB_SYNC_ALL and not wbc.current.snapshot[number(folio)]:
        folio.unasked = True


@kernel("mm/page-writeback.c")
def writeback_get_folio(mapping: AddressSpace, wbc: WritebackControl) -> Folio:
    """The next folio to write, locked and clean; None behind the last."""
    while True:
        folio = folio_batch_next(wbc)
        if folio is None:
            if wbc.index <= wbc_end(wbc):
                filemap_get_folios_tag(mapping, wbc, wbc_end(wbc), wbc_to_tag(wbc))
            folio = folio_batch_next(wbc)
            if folio is None:
                return None
        folio_lock(folio)
        if folio_prepare_writeback(mapping, wbc, folio):
            return folio
        folio_unlock(folio)


@kernel("mm/page-writeback.c")
def writeback_iter(mapping: AddressSpace, wbc: WritebackControl, folio: Folio, error: Place) -> Folio:
    """The next folio of a pass after `folio`; None begins a pass, and ends it.

    A WB_SYNC_ALL pass goes on after errors and beyond its budget, and returns the first error
    at the end.  A cyclic pass remembers where it stopped, and never wraps by itself.
    """
    if folio is None:
        folio_batch_init(wbc)
        wbc.saved_err = OK
        error = OK
        if wbc.range_cyclic:
            wbc.index = mapping.writeback_index
        else:
            wbc.index = wbc.range_start // PAGE_SIZE
        if wbc.sync_mode == WB_SYNC_ALL:
            tag_pages_for_writeback(mapping, wbc.index, wbc_end(wbc))
    else:
        wbc.nr_to_write -= folio_nr_pages(folio)
        warn_on(error == AOP_WRITEPAGE_ACTIVATE)
        if wbc.sync_mode == WB_SYNC_ALL:
            if error != OK and wbc.saved_err == OK:
                wbc.saved_err = error
        elif error != OK or wbc.nr_to_write <= 0:
            if wbc.range_cyclic:
                mapping.writeback_index = folio_next_index(folio)
            folio_batch_release(wbc)
            return None
    folio = writeback_get_folio(mapping, wbc)
    if folio is None:
        if wbc.range_cyclic:
            mapping.writeback_index = 0
        error = wbc.saved_err
    return folio


@kernel("mm/page-writeback.c")
def do_writepages(mapping: AddressSpace, wbc: WritebackControl) -> Errno:
    """Call ->writepages, unless there is no budget.

    Left out: attaching a wb, the retry after -ENOMEM, bandwidth accounting.
    """
    if wbc.nr_to_write <= 0:
        return OK
    return xfs_vm_writepages(mapping, wbc)


@kernel("include/linux/writeback.h")
def writepage(folio: Folio, wbc: WritebackControl, data: Record) -> Errno:
    """The callback of write_cache_pages(): each baseline that has one says which function it is."""
    bug_on(True)
    return OK


@kernel("mm/page-writeback.c")
def write_cache_pages(mapping: AddressSpace, wbc: WritebackControl, data: Record) -> Errno:
    """Hand each folio of a pass to a callback.

    A callback that has done nothing says AOP_WRITEPAGE_ACTIVATE, and the folio is still locked.
    """
    folio: Folio = None
    error: Errno = OK
    while (folio := writeback_iter(mapping, wbc, folio, error)) is not None:
        error = writepage(folio, wbc, data)
        if error == AOP_WRITEPAGE_ACTIVATE:
            folio_unlock(folio)
            error = OK
    return error


# Files of the kernel call each other in circles, so the imports of other files' functions come last.
from model.fs.iomap.buffered_io import folio_mark_dirty  # noqa: E402
from model.fs.xfs.xfs_aops import xfs_vm_writepages  # noqa: E402
