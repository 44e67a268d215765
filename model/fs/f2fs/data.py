"""fs/f2fs/data.c: writeback of dirty pages."""

from __future__ import annotations

from checker.lang import Place, atomic, bug_on, choose, each, kernel, number, primitive, warn_on

from model.include.f2fs import DATA_ADDR, F2FS_CLUSTER_SIZE, F2FS_FFS, F2FS_IPU, F2FS_META_GC, F2FS_ONSTACK_PAGES
from model.include.f2fs import F2FS_READ_ERRORS
from model.include.f2fs import LOCK_DONE, LOCK_REQ, LOCK_RETRY, NULL_ADDR, CachePages, NeedLock, Page, Sbi
from model.include.f2fs import dirty_count_t
from model.include.f2fs import page_count_t, sbi
from model.fs.f2fs.primitives import f2fs_data_blkaddr, f2fs_get_dnode_of_data, f2fs_note_budget, f2fs_note_failure
from model.fs.f2fs.primitives import f2fs_read_pages
from model.fs.f2fs.primitives import f2fs_trylock_op, f2fs_unlock_op, lock_writepages, unlock_writepages
from model.include.primitives import atomic_dec, atomic_inc, atomic_read, folio_lock, folio_test_dirty, folio_trylock
from model.include.primitives import folio_test_writeback, folio_unlock, folio_zero_segment, i_size_read, xa_get_mark
from model.include.size import folio_index
from model.include.state import BLOCKS, EAGAIN, EIO, ERRORS, FILE_PAGES, FOLIO_SIZE, OK, PAGES, PAGE_SIZE
from model.include.state import WB_SYNC_ALL, WB_SYNC_NONE, AddressSpace, Errno, Folio, Task, WritebackControl, XaMark
from model.include.state import inode, loff_t, mapping, pgoff_t
from model.mm.filemap import mapping_set_error
from model.mm.page_writeback import filemap_dirty_folio, folio_cancel_dirty, folio_clear_dirty_for_io
from model.mm.page_writeback import folio_start_writeback, note_taken, tag_pages_for_writeback, wbc_end
from model.mm.page_writeback import wbc_to_tag
from model.mm.truncate import filemap_remove_folio

# ----------------------------------------------------------------- dirty folios


@primitive("fs/f2fs/f2fs.h")
def get_dirty_pages(sbi: Sbi) -> dirty_count_t:
    """How many folios of the file count as dirty."""
    return sbi.dirty_pages


@primitive("fs/f2fs/data.c")
def f2fs_dirty_data_folio(mapping: AddressSpace, folio: Folio):
    """Dirty a locked folio, and count it if it was clean."""
    if not folio.dirty:
        sbi.dirty_pages += 1
    filemap_dirty_folio(mapping, folio)


@primitive()
def ffs_alloc(folio: Folio):
    """Attach dirty bits and a pending count to a large folio, if the scope has them; 6.13.1 has not."""
    if F2FS_FFS > 0 and not folio.private:
        folio.private = True
        for b in range(0, BLOCKS):
            folio.ifs_dirty[b] = folio.dirty


@primitive()
def ffs_free(folio: Folio):
    """Detach them."""
    if F2FS_FFS > 0 and folio.private:
        warn_on(folio.write_bytes_pending != 0)
        folio.private = False
        for b in range(0, BLOCKS):
            folio.ifs_dirty[b] = False


@primitive("fs/f2fs/data.c")
def f2fs_invalidate_folio(folio: Folio, offset: loff_t, length: loff_t):
    """A whole folio is thrown away: it is not counted any more, and migrates no more."""
    if offset == 0 and length == FOLIO_SIZE:
        if folio.dirty:
            sbi.dirty_pages -= 1
        folio_cancel_dirty(folio)
        ffs_free(folio)
        Page[number(folio) * PAGES].gcing = False


@primitive("mm/page-writeback.c")
def folio_redirty_for_writepage(wbc: WritebackControl, folio: Folio):
    """Dirty a locked folio that was to be written and is not; f2fs does not count it again.

    Left out: pages_skipped.
    """
    filemap_dirty_folio(mapping, folio)


@primitive("fs/f2fs/data.c")
def f2fs_clear_truncated(folio: Folio):
    """A page without a block is not uptodate and does not migrate."""
    folio.uptodate = False
    Page[number(folio) * PAGES].gcing = False


@kernel("mm/truncate.c")
def f2fs_truncate_cleanup_folio(folio: Folio):
    """truncate_cleanup_folio() of a folio of f2fs, which always asks ->invalidate_folio."""
    f2fs_invalidate_folio(folio, 0, FOLIO_SIZE)
    folio_cancel_dirty(folio)


# ------------------------------------------------------------------------ reads


@kernel("fs/f2fs/data.c")
def f2fs_submit_page_read(folio: Folio) -> bool:
    """Fill a folio that is not uptodate from the device, and wait; False: it cannot be read, and is not uptodate still."""
    fails = False
    if F2FS_READ_ERRORS > 0:
        fails = choose(False, True)
    if not fails:
        f2fs_read_pages(folio)
    return not fails


# ----------------------------------------------------------------- one page


@kernel("fs/f2fs/data.c")
def f2fs_slot(page: Page) -> Page:
    """Whose address f2fs_do_write_data_page looks up: that of folio->index, the first page of the folio."""
    return Page[folio_index(Folio[number(page) // PAGES])]


@kernel("fs/f2fs/data.c")
def f2fs_do_write_data_page(page: Page, need_lock: NeedLock, bio: Task, submitted: Place) -> Errno:
    """Write one page of a locked folio, in place or out of place, and begin writeback of the folio.

    EAGAIN: a checkpoint has cp_rwsem or waits for it; nothing has begun.

    Merged steps, and what could come between them.  The look-up and the look at the address: nobody, who changes an address has the
    folio lock, or has taken the folio out of the page cache.  The begin of writeback, the bio and the new address: somebody
    submits the bio, and its interrupt ends writeback; then an fsync that waited goes on, up to the node, which is locked
    (f2fs_write_node()).  Nobody else looks at PG_writeback without the folio lock.  The bio of a write in place comes before
    cp_rwsem is given back, not behind it: a checkpoint does not look at it.
    Left out: atomic files, encryption, the extent cache (a write in place that finds its address there takes
    the same steps here), writing migrating pages out of place always (no scope has both), ENOENT of a node
    that has gone (as NULL_ADDR), i_compr_blocks.
    """
    folio: Folio = Folio[number(page) // PAGES]
    slot: Page = f2fs_slot(page)
    fails = False
    if need_lock == LOCK_REQ:
        if not f2fs_trylock_op(sbi):
            return EAGAIN
    with atomic("f2fs_get_dnode_of_data(): under the folio lock"):
        if ERRORS > 0:
            fails = choose(False, True)
        err = f2fs_get_dnode_of_data(fails)
        addr = f2fs_data_blkaddr(slot)
        if err == OK and addr == NULL_ADDR:
            f2fs_clear_truncated(folio)
    if err != OK or addr == NULL_ADDR:
        if need_lock == LOCK_REQ:
            f2fs_unlock_op(sbi)
        return err
    if F2FS_META_GC > 0:
        f2fs_wait_on_block_writeback(slot)
    if F2FS_IPU > 0 and addr == DATA_ADDR:
        with atomic("folio_start_writeback() and the bio: under the folio lock"):
            folio_start_writeback(folio)
            f2fs_inplace_write_data(slot, page, bio)
        if need_lock == LOCK_REQ:
            f2fs_unlock_op(sbi)
        return OK
    if need_lock == LOCK_RETRY:
        if not f2fs_trylock_op(sbi):
            return EAGAIN
        need_lock = LOCK_REQ
    with atomic("folio_start_writeback() and the bio: under the folio lock"):
        folio_start_writeback(folio)
        f2fs_outplace_write_data(slot, page, submitted)
    if need_lock == LOCK_REQ:
        f2fs_unlock_op(sbi)
    return OK


@kernel("fs/f2fs/data.c")
def f2fs_page_inside(folio: Folio, compr_blocks: page_count_t) -> bool:
    """Is a locked page to be written, as far as i_size goes?  What is behind EOF is zeroed."""
    isize = i_size_read(inode)
    end_index: pgoff_t = isize // PAGE_SIZE
    if folio_index(folio) < end_index or compr_blocks > 0:
        return True
    if folio_index(folio) > end_index or isize % PAGE_SIZE == 0:
        return False
    folio_zero_segment(folio, isize % PAGE_SIZE, FOLIO_SIZE)
    return True


@kernel("fs/f2fs/data.c")
def f2fs_drop_page(folio: Folio):
    """A locked page that cannot be written because checkpoints have stopped: clean, and an error."""
    with atomic("mapping_set_error(): under the folio lock"):
        f2fs_note_failure(Page[folio_index(folio)])
        mapping_set_error(mapping, EIO)
        atomic_dec(sbi.dirty_pages)
        folio_unlock(folio)


@kernel("fs/f2fs/data.c")
def f2fs_write_single_data_page(
    folio: Folio, cp: CachePages, wbc: WritebackControl, bio: Task, compr_blocks: page_count_t
) -> Errno:
    """Write a locked page that is clean since a moment ago.

    OK: it is unlocked, and cp.submitted says whether it was written out of place; of a page written in
    place that is not said.  An error: it is dirty again and unlocked, and cp.submitted is as it was.
    dirty_pages goes down with the unlock: a flusher that finds it zero in between has nothing to do.
    When checkpoints have stopped it is dropped, and the error recorded.
    Left out: errors=remount-ro, directories, quota, verity, inline data, reclaim, last_disk_size.
    """
    page: Page = Page[folio_index(folio)]
    err: Errno = OK
    submitted = False
    if f2fs_cp_error():
        f2fs_drop_page(folio)
        cp.submitted = 0
        return OK
    with atomic("i_size_read(), and zeroing under the folio lock"):
        inside = f2fs_page_inside(folio, compr_blocks)
    if inside:
        err = f2fs_do_write_data_page(page, LOCK_DONE if compr_blocks > 0 else LOCK_RETRY, bio, submitted)
        if err == EAGAIN:
            bug_on(compr_blocks > 0)
            err = f2fs_do_write_data_page(page, LOCK_REQ, bio, submitted)
    if err != OK:
        with atomic("folio_redirty_for_writepage(): under the folio lock"):
            folio_redirty_for_writepage(wbc, folio)
            folio_unlock(folio)
        return err
    with atomic("inode_dec_dirty_pages(): who looks at it only decides whether to begin"):
        atomic_dec(sbi.dirty_pages)
        folio_unlock(folio)
    cp.submitted = 1 if submitted else 0
    return OK


# ----------------------------------------------------------------- one page, by reclaim


@kernel("fs/f2fs/data.c")
def f2fs_write_data_page(folio: Folio, wbc: WritebackControl):
    """->writepage of f2fs, which reclaim calls: a page of a cluster that is compressed on disk is dirty again instead.

    f2fs_write_single_data_page() submits the bio before it unlocks the page, here after it; until then the bio is cached as any other.
    """
    cp = CachePages()
    if F2FS_CLUSTER_SIZE > 1:
        if f2fs_is_compressed_cluster(folio_index(folio) // F2FS_CLUSTER_SIZE):
            with atomic("folio_redirty_for_writepage(): under the folio lock"):
                folio_redirty_for_writepage(wbc, folio)
                folio_unlock(folio)
            return
    if f2fs_write_single_data_page(folio, cp, wbc, None, 0) == OK:
        f2fs_submit_merged_write_of(folio)


@kernel("mm/vmscan.c")
def f2fs_shrink_folio(folio: Folio):
    """shrink_folio_list() of a folio of f2fs, by kswapd: a dirty one is written, a clean one goes.

    Left out: references, PG_reclaim, what pageout() makes of an error.
    """
    wbc = WritebackControl()
    if not folio_trylock(folio):
        return
    with atomic("folio_test_writeback(), folio_clear_dirty_for_io() or __remove_mapping(): under the folio lock"):
        idle = folio.mapping and not folio_test_writeback(folio)
        dirty = idle and folio_test_dirty(folio)
        if dirty:
            folio_clear_dirty_for_io(folio)
        elif idle:
            ffs_free(folio)
            filemap_remove_folio(folio)
    if dirty:
        f2fs_write_data_page(folio, wbc)
    else:
        folio_unlock(folio)


# ------------------------------------------------------------------- the pass


@primitive("fs/f2fs/data.c")
def f2fs_get_pages_tag(wbc: WritebackControl, cp: CachePages, tag: XaMark) -> page_count_t:
    """Fill the array with pages of folios that carry a mark, from wbc.index on, and move that behind them.

    The batches of filemap_get_folios_tag() that fill it are one step: nothing is locked meanwhile, and
    every page is looked at again under its lock.  A large folio is one entry for each of its pages.
    """
    found: page_count_t = 0
    next: pgoff_t = cp.end + 1
    for page in each(Page):
        cp.pages[number(page)] = False
        if wbc.index <= number(page) <= cp.end and xa_get_mark(Folio[number(page) // PAGES], tag):
            if found < F2FS_ONSTACK_PAGES:
                cp.pages[number(page)] = True
                found += 1
                if found == F2FS_ONSTACK_PAGES:
                    next = number(page) + 1
    wbc.index = next
    return found


@primitive("fs/f2fs/data.c")
def f2fs_next_of_pages(cp: CachePages) -> Page:
    """Take the next page out of the array; None: there is none."""
    for page in each(Page):
        if cp.pages[number(page)]:
            cp.pages[number(page)] = False
            return page
    return None


@kernel("fs/f2fs/data.c")
def f2fs_take_folio(wbc: WritebackControl, folio: Folio) -> bool:
    """Is a locked folio still to be written?  If so it is clean from here on.

    These are the tests of f2fs_write_cache_pages between folio_lock() and the write.
    """
    with atomic("folio_test_dirty(): under the folio lock"):
        wanted = folio.mapping and folio_test_dirty(folio)
    if not wanted:
        return False
    if folio_test_writeback(folio):
        if wbc.sync_mode == WB_SYNC_NONE:
            return False
        f2fs_wait_on_page_writeback(folio)
    with atomic("folio_clear_dirty_for_io(): under the folio lock"):
        cleared = folio_clear_dirty_for_io(folio)
        note_taken(wbc, folio)
    return cleared


@kernel("fs/f2fs/data.c")
def charge_submitted(wbc: WritebackControl, cp: CachePages, submitted: page_count_t):
    """nwritten += submitted; wbc->nr_to_write -= submitted."""
    cp.nwritten = cp.nwritten or submitted > 0
    wbc.nr_to_write = max(wbc.nr_to_write - submitted, -2)


@kernel("fs/f2fs/data.c")
def f2fs_write_entry(wbc: WritebackControl, cp: CachePages, page: Page) -> Errno:
    """One entry of the array of f2fs_write_cache_pages, from the test for waiting fsyncs on.

    With WB_SYNC_ALL it is tried again as long as a checkpoint is in the way.
    """
    folio: Folio = Folio[number(page) // PAGES]
    if wbc.sync_mode == WB_SYNC_NONE:
        if atomic_read(sbi.wb_sync_req) > 0:
            cp.done = True
            return OK
    cp.done_index = folio_index(folio)
    ret: Errno = EAGAIN
    while ret == EAGAIN:
        folio_lock(folio)
        if not f2fs_take_folio(wbc, folio):
            folio_unlock(folio)
            return OK
        ret = f2fs_write_single_data_page(folio, cp, wbc, wbc.current, 0)
        if ret == OK:
            f2fs_balance_fs()
        f2fs_note_budget(sbi, ret != OK and cp.submitted > 0)
        charge_submitted(wbc, cp, cp.submitted)
        if ret == EAGAIN and wbc.sync_mode == WB_SYNC_NONE:
            return OK
    if ret != OK:
        cp.done_index = folio_index(folio) + PAGES
        cp.done = True
    elif wbc.nr_to_write <= 0 and wbc.sync_mode == WB_SYNC_NONE:
        cp.done = True
    return ret


@kernel("fs/f2fs/data.c")
def f2fs_start_over(wbc: WritebackControl, cp: CachePages):
    """index = 0; end = -1.  What has been queued stays in the cached bio."""
    wbc.index = 0
    cp.end = FILE_PAGES - 1


@kernel("fs/f2fs/data.c")
def f2fs_write_cache_pages(mapping: AddressSpace, wbc: WritebackControl) -> Errno:
    """Write the dirty pages of a range, page by page, or cluster by cluster.

    A pass that had to dirty a whole cluster starts over, at index 0 and up to the end of the file.

    nr_to_write stops at -2; below zero no value differs from another.
    Left out: FI_HOT_DATA, cond_resched(), and the references of the array.
    """
    cp = CachePages()
    cc = CompressCtx()
    ret: Errno = OK
    cp.end = wbc_end(wbc)
    if wbc.range_cyclic:
        wbc.index = mapping.writeback_index
    else:
        wbc.index = wbc.range_start // PAGE_SIZE
    cp.retry = True
    while cp.retry:
        cp.retry = False
        if wbc.sync_mode == WB_SYNC_ALL:
            tag_pages_for_writeback(mapping, wbc.index, cp.end)
        cp.done_index = wbc.index
        while not cp.done and not cp.retry and wbc.index <= cp.end:
            found = f2fs_get_pages_tag(wbc, cp, wbc_to_tag(wbc))
            if found == 0:
                break
            while not cp.done and not cp.retry and (page := f2fs_next_of_pages(cp)) is not None:
                if F2FS_CLUSTER_SIZE > 1:
                    ret = f2fs_write_compressed_entry(wbc, cp, cc, page)
                else:
                    ret = f2fs_write_entry(wbc, cp, page)
        if F2FS_CLUSTER_SIZE > 1:
            if cc.nr_rpages > 0:
                ret = f2fs_write_multi_pages(cc, cp, wbc)
                if ret != OK:
                    cp.done = True
                    cp.retry = False
        if cp.retry:
            f2fs_start_over(wbc, cp)
    f2fs_end_of_pass(mapping, wbc, cp)
    return ret


@kernel("fs/f2fs/data.c")
def f2fs_end_of_pass(mapping: AddressSpace, wbc: WritebackControl, cp: CachePages):
    """Remember where the pass stopped, and submit the bios that it has left to be merged.

    These are the last lines of f2fs_write_cache_pages.  An fsync is of the whole file, with a budget that is never used up:
    it moves the cursor of the flusher.
    """
    if wbc.range_cyclic and not cp.done:
        cp.done_index = 0
    if wbc.range_cyclic or wbc.sync_mode == WB_SYNC_ALL:
        mapping.writeback_index = cp.done_index
    if cp.nwritten:
        f2fs_submit_merged_write(sbi)
    if F2FS_IPU > 0:
        f2fs_submit_merged_ipu_write(wbc.current)


@kernel("fs/f2fs/data.c")
def __should_serialize_io(wbc: WritebackControl) -> bool:
    """May this pass run only alone?

    Left out: files with many dirty pages (min_seq_blocks), which are serialised too; passes of a checkpoint (wb_task), which are not.
    """
    return F2FS_CLUSTER_SIZE > 1 or wbc.sync_mode == WB_SYNC_NONE


@kernel("fs/f2fs/data.c")
def __f2fs_write_data_pages(mapping: AddressSpace, wbc: WritebackControl) -> Errno:
    """Decide whether to write now, and alone or not; fsync goes first.

    Left out: recovery, quota, FI_SKIP_WRITES, plugging, pages_skipped, cp_task.
    """
    if wbc.sync_mode == WB_SYNC_NONE:
        if get_dirty_pages(sbi) == 0:
            return OK
        if atomic_read(sbi.wb_sync_req) > 0:
            return OK
    else:
        atomic_inc(sbi.wb_sync_req)
    serialised = __should_serialize_io(wbc)
    if serialised:
        lock_writepages(sbi)
    ret = f2fs_write_cache_pages(mapping, wbc)
    if serialised:
        unlock_writepages(sbi)
    if wbc.sync_mode == WB_SYNC_ALL:
        atomic_dec(sbi.wb_sync_req)
    return ret


@kernel("fs/f2fs/data.c")
def f2fs_write_data_pages(mapping: AddressSpace, wbc: WritebackControl) -> Errno:
    """->writepages of f2fs."""
    return __f2fs_write_data_pages(mapping, wbc)


# The files of f2fs call each other in circles, so these imports come last.
from model.fs.f2fs.compress import CompressCtx, f2fs_write_compressed_entry  # noqa: E402
from model.fs.f2fs.compress import f2fs_is_compressed_cluster, f2fs_write_multi_pages  # noqa: E402
from model.fs.f2fs.gc import f2fs_balance_fs  # noqa: E402
from model.fs.f2fs.segment import f2fs_inplace_write_data, f2fs_outplace_write_data, f2fs_submit_merged_ipu_write  # noqa: E402
from model.fs.f2fs.segment import f2fs_cp_error, f2fs_submit_merged_write, f2fs_wait_on_block_writeback  # noqa: E402
from model.fs.f2fs.segment import f2fs_submit_merged_write_of, f2fs_wait_on_page_writeback  # noqa: E402
