"""f2fs_write_cache_folios, repaired: the answer to the question with which the proposal began.

f2fs_write_single_folio() takes a locked folio and one range of it, and queues the pages of that range.  It neither
begins nor ends writeback and neither locks nor unlocks: all of that is done once for a folio, by
f2fs_write_folio(), which holds the folio lock, cp_rwsem and one count of write_bytes_pending (the bias) while it goes
through the dirty ranges.
"""

from __future__ import annotations

from checker.lang import Place, atomic, choose, kernel, number, override, replace, variant, warn_on

from model.fs.f2fs.checkpoint import f2fs_wait_on_all_pages
from model.fs.f2fs.compress import f2fs_compress_write_end, f2fs_compress_write_end_io, f2fs_lock_cluster
from model.fs.f2fs.compress import f2fs_read_cluster
from model.fs.f2fs.data import __f2fs_write_data_pages, f2fs_dirty_data_folio, f2fs_take_folio, ffs_alloc
from model.fs.f2fs.data import f2fs_write_cache_pages, f2fs_write_data_page, folio_redirty_for_writepage
from model.fs.f2fs.file import f2fs_do_sync_file, f2fs_truncate_partial_cluster
from model.fs.f2fs.gc import move_data_page, set_page_private_gcing
from model.fs.f2fs.segment import clear_page_private_gcing, f2fs_end_page_writeback, f2fs_inplace_write_data
from model.fs.f2fs.segment import f2fs_outplace_write_data, f2fs_submit_merged_write, f2fs_submit_merged_write_of
from model.fs.f2fs.segment import f2fs_wait_on_block_writeback_range, f2fs_wait_on_page_writeback
from model.fs.iomap.buffered_io import iomap_clear_range_dirty, iomap_find_dirty_range, iomap_set_range_dirty
from model.fs.iomap.buffered_io_writeback import iomap_writepage_handle_eof
from model.include.f2fs import DATA_ADDR, F2FS_CLUSTER_SIZE, F2FS_IPU, F2FS_META_GC, NULL_ADDR, Page, page_count_t, sbi
from model.fs.f2fs.primitives import f2fs_data_blkaddr, f2fs_get_dnode_of_data, f2fs_trylock_op, f2fs_unlock_op
from model.include.primitives import atomic_add, atomic_dec, atomic_dec_and_test, atomic_inc, atomic_read
from model.include.primitives import atomic_sub_and_test, folio_lock, folio_test_dirty, folio_test_writeback
from model.include.primitives import folio_unlock
from model.include.size import folio_pos, round_up_to_block
from model.include.state import BLOCKS, EAGAIN, ERRORS, FOLIO_SIZE, OK, PAGES, PAGE_SIZE, WB_SYNC_NONE, AddressSpace
from model.include.state import Errno, Folio, WritebackControl, loff_t, mapping
from model.mm.page_writeback import folio_clear_dirty_for_io, folio_end_writeback, folio_start_writeback, writeback_iter
from model.systems.f2fs.designs.f2fs_repairs import f2fs_do_sync_file_when_idle
from model.systems.f2fs.designs.f2fs_repairs import f2fs_truncate_partial_cluster_in_one_look
from model.systems.f2fs.designs.f2fs_repairs import wait_on_all_new_addresses
from model.systems.f2fs.operations import F2FS_GC_PAGE
from model.systems.f2fs.scenarios import f2fs

# ------------------------------------------------------------------ completion


@kernel("fs/f2fs/data.c")
def f2fs_finish_page_writeback(folio: Folio):
    """A page of a bio is done; with the last one, and the bias, ends writeback of its folio."""
    if BLOCKS > 1:
        warn_on(not folio.private)
        if not atomic_sub_and_test(PAGE_SIZE, folio.write_bytes_pending):
            return
    clear_page_private_gcing(folio)
    folio_end_writeback(folio)


# ------------------------------------------------------------------- one range


@kernel("fs/f2fs/data.c")
def f2fs_queue_page(page: Page, folio: Folio, count: Place):
    """Queue one page of a folio that is under writeback; one without a block is left out.

    cp_rwsem and the dnode are held.  Who changes the address holds the folio lock, so the look at it is no step of its own.
    """
    submitted = False
    with atomic("f2fs_data_blkaddr() and the bio: under the folio lock"):
        addr = f2fs_data_blkaddr(page)
        iomap_clear_range_dirty(folio, number(page) % PAGES * PAGE_SIZE, PAGE_SIZE)
        if addr != NULL_ADDR:
            count += 1
            if BLOCKS > 1:
                atomic_add(PAGE_SIZE, folio.write_bytes_pending)
            if F2FS_IPU > 0 and addr == DATA_ADDR:
                f2fs_inplace_write_data(page, page, None)
            else:
                f2fs_outplace_write_data(page, page, submitted)


@kernel("fs/f2fs/data.c")
def f2fs_write_single_folio(folio: Folio, start: loff_t, end: loff_t, count: Place):
    """Queue the pages of [start, end), a dirty range of a folio; count goes up by those that are."""
    pos: loff_t = start
    while pos < end:
        f2fs_queue_page(Page[pos // PAGE_SIZE], folio, count)
        pos += PAGE_SIZE


# ------------------------------------------------------------------- one folio


@kernel("fs/f2fs/data.c")
def f2fs_get_dnodes() -> Errno:
    """f2fs_get_dnode_of_data() for all pages of a folio, before anything has begun.  They may be in two dnodes; one fails."""
    fails = False
    with atomic("f2fs_get_dnode_of_data()"):
        if ERRORS > 0:
            fails = choose(False, True)
        err = f2fs_get_dnode_of_data(fails)
    return err


@kernel("fs/f2fs/segment.c")
def f2fs_wait_on_blocks(folio: Folio):
    """Wait until garbage collection copies nothing to the blocks of a folio any more: these are going to be given up."""
    if F2FS_META_GC > 0:
        f2fs_wait_on_block_writeback_range(number(folio) * PAGES, (number(folio) + 1) * PAGES)


@kernel("fs/f2fs/data.c")
def f2fs_begin_folio(folio: Folio, end_pos: loff_t):
    """Begin writeback of a locked folio, with a bias for who goes through its ranges."""
    if BLOCKS > 1:
        if not folio.private:
            ffs_alloc(folio)
            iomap_set_range_dirty(folio, 0, end_pos - folio_pos(folio))
        warn_on(atomic_read(folio.write_bytes_pending) != 0)
        atomic_inc(folio.write_bytes_pending)
    folio_start_writeback(folio)


@kernel("fs/f2fs/data.c")
def f2fs_write_ranges(folio: Folio, end_pos: loff_t, count: Place):
    """Queue the dirty ranges of a folio that is under writeback, up to end_pos."""
    pos: loff_t = folio_pos(folio)
    end_aligned: loff_t = round_up_to_block(end_pos)
    while (rlen := iomap_find_dirty_range(folio, pos, end_aligned)) > 0:
        f2fs_write_single_folio(folio, pos, pos + rlen, count)
        pos += rlen


@kernel("fs/f2fs/data.c")
def f2fs_end_folio(folio: Folio, count: page_count_t):
    """Drop the bias of an unlocked folio: if all its I/O is done, or there was none, writeback ends here."""
    if BLOCKS > 1:
        if atomic_dec_and_test(folio.write_bytes_pending):
            with atomic("folio_end_writeback(): nobody else has a reason to"):
                clear_page_private_gcing(folio)
                folio_end_writeback(folio)
    elif count == 0:
        with atomic("folio_end_writeback(): nobody else has a reason to"):
            clear_page_private_gcing(folio)
            folio_end_writeback(folio)


@kernel("fs/f2fs/data.c")
def f2fs_inside_eof(folio: Folio, end_pos: Place) -> bool:
    """iomap_writepage_handle_eof(); a folio beyond EOF is unlocked, clean as it is."""
    with atomic("iomap_writepage_handle_eof(): under the folio lock"):
        warn_on(folio_test_dirty(folio))
        warn_on(folio_test_writeback(folio))
        inside = iomap_writepage_handle_eof(folio, end_pos)
        if not inside:
            iomap_clear_range_dirty(folio, 0, FOLIO_SIZE)
            atomic_dec(sbi.dirty_pages)
            folio_unlock(folio)
    return inside


@kernel("fs/f2fs/data.c")
def f2fs_let_checkpoint_pass(wbc: WritebackControl, folio: Folio) -> bool:
    """A checkpoint is in the way: let go of a folio that nothing has happened to; False: for good.

    With WB_SYNC_ALL it is locked again, and everything about it is looked at anew.
    """
    with atomic("folio_redirty_for_writepage(): under the folio lock"):
        folio_redirty_for_writepage(wbc, folio)
        folio_unlock(folio)
    if wbc.sync_mode == WB_SYNC_NONE:
        return False
    folio_lock(folio)
    if f2fs_take_folio(wbc, folio):
        return True
    folio_unlock(folio)
    return False


@kernel("fs/f2fs/data.c")
def f2fs_write_folio(wbc: WritebackControl, folio: Folio) -> Errno:
    """Write the dirty ranges of a locked folio that is clean since a moment ago, and unlock it.

    All that can fail comes before writeback begins, and with it the DIRTY mark goes: an fsync that finds the folio without
    the mark does not look at it again.
    """
    end_pos: loff_t = folio_pos(folio) + FOLIO_SIZE
    count: page_count_t = 0
    if not f2fs_inside_eof(folio, end_pos):
        return OK
    while not f2fs_trylock_op(sbi):
        if not f2fs_let_checkpoint_pass(wbc, folio):
            return OK
        end_pos = folio_pos(folio) + FOLIO_SIZE
        if not f2fs_inside_eof(folio, end_pos):
            return OK
    err = f2fs_get_dnodes()
    if err != OK:
        with atomic("folio_redirty_for_writepage(): under the folio lock"):
            folio_redirty_for_writepage(wbc, folio)
            folio_unlock(folio)
        f2fs_unlock_op(sbi)
        return err
    f2fs_wait_on_blocks(folio)
    with atomic("folio_start_writeback(): under the folio lock"):
        f2fs_begin_folio(folio, end_pos)
    f2fs_write_ranges(folio, end_pos, count)
    f2fs_unlock_op(sbi)
    with atomic("inode_dec_dirty_pages(): under the folio lock"):
        iomap_clear_range_dirty(folio, 0, FOLIO_SIZE)
        atomic_dec(sbi.dirty_pages)
        folio_unlock(folio)
    f2fs_end_folio(folio, count)
    return OK


@kernel("fs/f2fs/data.c")
def f2fs_write_cache_folios(mapping: AddressSpace, wbc: WritebackControl) -> Errno:
    """Write the dirty folios of a range.

    A pass in the background that an fsync waits for ends by way of its budget: the iterator is not left.
    """
    folio: Folio = None
    error: Errno = OK
    while (folio := writeback_iter(mapping, wbc, folio, error)) is not None:
        if F2FS_CLUSTER_SIZE > 1:
            error = f2fs_write_folio_compressed(wbc, folio)
        else:
            error = f2fs_write_folio(wbc, folio)
        if wbc.sync_mode == WB_SYNC_NONE:
            if atomic_read(sbi.wb_sync_req) > 0:
                wbc.nr_to_write = 0
    f2fs_submit_merged_write(sbi)
    return error


@kernel("fs/f2fs/data.c")
def f2fs_write_data_folio(folio: Folio, wbc: WritebackControl):
    """->writepage: a folio of a compressed file is dirty again instead, as its cluster would have to be locked with it."""
    if F2FS_CLUSTER_SIZE > 1:
        with atomic("folio_redirty_for_writepage(): under the folio lock"):
            folio_redirty_for_writepage(wbc, folio)
            folio_unlock(folio)
        return
    if f2fs_write_folio(wbc, folio) == OK:
        f2fs_submit_merged_write_of(folio)


# ----------------------------------------------------------- garbage collection


@kernel("fs/f2fs/gc.c")
def f2fs_dirty_for_gc(folio: Folio):
    """Dirty a page of a locked folio, which is idle, and have the checkpoint wait for its I/O."""
    ffs_alloc(folio)
    iomap_set_range_dirty(folio, F2FS_GC_PAGE % PAGES * PAGE_SIZE, PAGE_SIZE)
    f2fs_dirty_data_folio(mapping, folio)
    set_page_private_gcing(folio, True)


@kernel("fs/f2fs/gc.c")
def f2fs_move_folio_now(folio: Folio):
    """Write the dirty pages of a locked folio, and the one that is to move, to new blocks; nothing, if a checkpoint is in the way.

    All of them: the folio has one gcing flag, which goes with this writeback.  A page that stayed dirty, and that garbage
    collection had dirtied before, would be written without it, and a checkpoint would not wait.
    """
    end_pos: loff_t = folio_pos(folio) + FOLIO_SIZE
    count: page_count_t = 0
    if not f2fs_trylock_op(sbi):
        return
    if f2fs_get_dnodes() == OK:
        with atomic("folio_clear_dirty_for_io(), folio_start_writeback(): under the folio lock"):
            f2fs_dirty_for_gc(folio)
            folio_clear_dirty_for_io(folio)
            iomap_writepage_handle_eof(folio, end_pos)
            f2fs_begin_folio(folio, end_pos)
        f2fs_write_ranges(folio, end_pos, count)
        with atomic("inode_dec_dirty_pages(): under the folio lock"):
            iomap_clear_range_dirty(folio, 0, FOLIO_SIZE)
            atomic_dec(sbi.dirty_pages)
        f2fs_end_folio(folio, count)
    f2fs_unlock_op(sbi)


@kernel("fs/f2fs/gc.c")
def move_data_page_of_folio(folio: Folio, foreground: bool):
    """Move a page of a locked folio: now, or (background) by dirtying it for the flusher."""
    if foreground:
        f2fs_wait_on_page_writeback(folio)
        f2fs_move_folio_now(folio)
        return
    with atomic("folio_test_writeback(): under the folio lock"):
        if not folio_test_writeback(folio):
            f2fs_dirty_for_gc(folio)


# The two files call each other in circles.
from model.systems.f2fs.designs.f2fs_clusters import f2fs_compress_end_folios, f2fs_dirty_cluster_folios  # noqa: E402
from model.systems.f2fs.designs.f2fs_clusters import f2fs_lock_cluster_folios, f2fs_read_cluster_folios  # noqa: E402
from model.systems.f2fs.designs.f2fs_clusters import f2fs_write_folio_compressed  # noqa: E402

f2fs_folios = variant(
    "f2fs_write_cache_folios: writeback_iter, large folios, and one bias, one lock and one cp_rwsem for each.",
    replace(f2fs_write_cache_pages, by=f2fs_write_cache_folios, inside=__f2fs_write_data_pages),
    override(f2fs_end_page_writeback, by=f2fs_finish_page_writeback),
    override(f2fs_write_data_page, by=f2fs_write_data_folio), override(move_data_page, by=move_data_page_of_folio),
    override(f2fs_compress_write_end_io, by=f2fs_compress_end_folios),
    override(f2fs_read_cluster, by=f2fs_read_cluster_folios), override(f2fs_lock_cluster, by=f2fs_lock_cluster_folios),
    override(f2fs_compress_write_end, by=f2fs_dirty_cluster_folios),
    override(f2fs_do_sync_file, by=f2fs_do_sync_file_when_idle),
    override(f2fs_wait_on_all_pages, by=wait_on_all_new_addresses),
    override(f2fs_truncate_partial_cluster, by=f2fs_truncate_partial_cluster_in_one_look), of=f2fs,
)  # fmt: skip
