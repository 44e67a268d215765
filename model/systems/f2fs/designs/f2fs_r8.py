"""f2fs_write_cache_folios as posted in June 2026 (R8, RFC patch 5/9): large folios of files that are not compressed.

Only this patch of the series was read: the buffered write, the completion and garbage collection beside it are those that are
kindest, with dirty bits from the write, a count of pages at completion, and the flag of garbage collection cleared with the last.
"""

from __future__ import annotations

from checker.lang import Place, atomic, choose, kernel, override, pure, replace, variant, warn_on

from model.fs.f2fs.data import __f2fs_write_data_pages, f2fs_take_folio, f2fs_write_cache_pages, ffs_alloc
from model.fs.f2fs.data import folio_redirty_for_writepage
from model.fs.f2fs.segment import clear_page_private_gcing, f2fs_end_page_writeback, f2fs_inplace_write_data
from model.fs.f2fs.segment import f2fs_outplace_write_data, f2fs_submit_merged_write
from model.fs.iomap.buffered_io import iomap_clear_range_dirty, iomap_find_dirty_range, iomap_set_range_dirty
from model.fs.iomap.buffered_io_writeback import iomap_writepage_handle_eof
from model.include.f2fs import DATA_ADDR, F2FS_IPU, Page, page_count_t, sbi
from model.fs.f2fs.primitives import f2fs_data_blkaddr, f2fs_get_dnode_of_data, f2fs_trylock_op, f2fs_unlock_op
from model.include.primitives import atomic_add, atomic_dec, atomic_dec_and_test, atomic_inc, atomic_read, atomic_sub
from model.include.primitives import folio_lock, folio_unlock
from model.include.size import folio_pos, round_up_to_block
from model.include.state import BLOCKS, ERRORS, FOLIO_SIZE, OK, PAGE_SIZE, WB_SYNC_NONE, AddressSpace, Errno, Folio
from model.include.state import WritebackControl, loff_t, mapping
from model.mm.filemap import mapping_set_error
from model.mm.page_writeback import folio_end_writeback, folio_start_writeback, writeback_iter
from model.systems.f2fs.designs.f2fs_folios import f2fs_finish_page_writeback
from model.systems.f2fs.designs.stages import one_by_one, stages
from model.systems.f2fs.scenarios import f2fs


@kernel("fs/f2fs/data.c")
def f2fs_write_page_r8(page: Page, folio: Folio, count: Place) -> Errno:
    """One page of a range: counted as pending, looked up, queued.

    An address that is a hole is not asked for.  In the model there is none below EOF in a dirty range.
    """
    fails = False
    submitted = False
    with atomic("the count, f2fs_get_dnode_of_data() and the bio: under the folio lock"):
        if BLOCKS > 1:
            atomic_add(PAGE_SIZE, folio.write_bytes_pending)
        if ERRORS > 0:
            fails = choose(False, True)
        err = f2fs_get_dnode_of_data(fails)
        addr = f2fs_data_blkaddr(page)
        if err != OK:
            if BLOCKS > 1:
                atomic_sub(PAGE_SIZE, folio.write_bytes_pending)
        elif F2FS_IPU > 0 and addr == DATA_ADDR:
            f2fs_inplace_write_data(page, page, None)
            count += 1
        else:
            f2fs_outplace_write_data(page, page, submitted)
            count += 1
    return err


@kernel("fs/f2fs/data.c")
def f2fs_write_single_data_folio(folio: Folio, start: loff_t, end: loff_t, count: Place) -> Errno:
    """Queue the pages of a range; the first error ends it."""
    pos: loff_t = start
    while pos < end:
        err = f2fs_write_page_r8(Page[pos // PAGE_SIZE], folio, count)
        if err != OK:
            return err
        pos += PAGE_SIZE
    return OK


@kernel("fs/f2fs/data.c")
def mark_all_dirty(folio: Folio, new: bool, end: loff_t):
    """Mark [0, end) of a large folio, whatever of it is dirty."""
    iomap_set_range_dirty(folio, 0, end)


@kernel("fs/f2fs/data.c")
def f2fs_begin_r8(folio: Folio, end_pos: loff_t):
    """Begin writeback; find or make the state of a large folio, mark it, and take the bias."""
    folio_start_writeback(folio)
    if BLOCKS > 1:
        new = not folio.private
        ffs_alloc(folio)
        mark_all_dirty(folio, new, end_pos - folio_pos(folio))
        warn_on(atomic_read(folio.write_bytes_pending) != 0)
        atomic_inc(folio.write_bytes_pending)


@kernel("fs/f2fs/data.c")
def f2fs_end_r8(folio: Folio, count: page_count_t):
    """Drop the bias; without one, end writeback if nothing was submitted."""
    if BLOCKS > 1:
        if atomic_dec_and_test(folio.write_bytes_pending):
            clear_page_private_gcing(folio)
            folio_end_writeback(folio)
    elif count == 0:
        clear_page_private_gcing(folio)
        folio_end_writeback(folio)


@kernel("fs/f2fs/data.c")
def f2fs_lock_op_for_folio(wbc: WritebackControl, folio: Folio) -> bool:
    """cp_rwsem by trylock; if a checkpoint is in the way, WB_SYNC_ALL lets go of the folio and tries again."""
    while not f2fs_trylock_op(sbi):
        with atomic("folio_redirty_for_writepage(): under the folio lock"):
            folio_redirty_for_writepage(wbc, folio)
            if wbc.sync_mode == WB_SYNC_NONE:
                return False
            folio_unlock(folio)
        folio_lock(folio)
        if not f2fs_take_folio(wbc, folio):
            return False
    return True


@kernel("fs/f2fs/data.c")
def settle_r8(folio: Folio, wbc: WritebackControl, err: Errno):
    """Out: clear all bits, and count the folio as clean, whether or not there was an error."""
    with atomic("inode_dec_dirty_pages(): under the folio lock"):
        iomap_clear_range_dirty(folio, 0, FOLIO_SIZE)
        atomic_dec(sbi.dirty_pages)


@kernel("fs/f2fs/data.c")
def f2fs_write_folio_r8(folio: Folio, wbc: WritebackControl) -> Errno:
    """The body of the loop, from the trylock of cp_rwsem to the end of the folio."""
    pos: loff_t = folio_pos(folio)
    end_pos: loff_t = pos + FOLIO_SIZE
    count: page_count_t = 0
    err: Errno = OK
    if not f2fs_lock_op_for_folio(wbc, folio):
        folio_unlock(folio)
        return OK
    with atomic("iomap_writepage_handle_eof(): under the folio lock"):
        inside = iomap_writepage_handle_eof(folio, end_pos)
    if inside:
        with atomic("folio_start_writeback(): under the folio lock"):
            f2fs_begin_r8(folio, end_pos)
        end_aligned: loff_t = round_up_to_block(end_pos)
        while (rlen := iomap_find_dirty_range(folio, pos, end_aligned)) > 0:
            err = f2fs_write_single_data_folio(folio, pos, pos + rlen, count)
            if err != OK:
                break
            pos += rlen
    settle_r8(folio, wbc, err)
    if inside:
        f2fs_end_r8(folio, count)
    folio_unlock(folio)
    f2fs_unlock_op(sbi)
    return err


@pure()
def yielding_leaves_the_loop() -> bool:
    """`break` out of the iterator when an fsync waits."""
    return True


@kernel("fs/f2fs/data.c")
def f2fs_write_cache_folios_r8(mapping: AddressSpace, wbc: WritebackControl) -> Errno:
    """R8 as it was posted; the loop is left by `break`, after an error with WB_SYNC_ALL too.

    Left out: verity; inline data.
    """
    folio: Folio = None
    err: Errno = OK
    iter_err: Errno = OK
    while (folio := writeback_iter(mapping, wbc, folio, iter_err)) is not None:
        if wbc.sync_mode == WB_SYNC_NONE:
            if atomic_read(sbi.wb_sync_req) > 0:
                with atomic("folio_redirty_for_writepage(): under the folio lock"):
                    folio_redirty_for_writepage(wbc, folio)
                    folio_unlock(folio)
                break
        err = f2fs_write_folio_r8(folio, wbc)
        if err != OK:
            break
    f2fs_submit_merged_write(sbi)
    return err


f2fs_r8 = variant(
    "R8: writeback_iter, a bias, and cp_rwsem once for each folio, as posted.",
    replace(f2fs_write_cache_pages, by=f2fs_write_cache_folios_r8, inside=__f2fs_write_data_pages),
    override(f2fs_end_page_writeback, by=f2fs_finish_page_writeback), of=f2fs,
)  # fmt: skip

# -------------------------------------------------------------------- repairs


@kernel("fs/f2fs/data.c")
def mark_new_dirty(folio: Folio, new: bool, end: loff_t):
    """Mark [0, end) of a large folio only if nobody has kept its dirty bits."""
    if new:
        iomap_set_range_dirty(folio, 0, end)


@kernel("fs/f2fs/data.c")
def clean_or_redirty(folio: Folio, wbc: WritebackControl, err: Errno):
    """The folio counts as clean; after an error it is dirty again."""
    with atomic("inode_dec_dirty_pages() or redirty: under the folio lock"):
        if err == OK:
            iomap_clear_range_dirty(folio, 0, FOLIO_SIZE)
            atomic_dec(sbi.dirty_pages)
        else:
            folio_redirty_for_writepage(wbc, folio)


@kernel("fs/f2fs/data.c")
def settle_or_redirty(folio: Folio, wbc: WritebackControl, err: Errno):
    """Out: after an error the folio is dirty, and the error is recorded; else its bits go, and it counts as clean."""
    mapping_set_error(mapping, err)
    clean_or_redirty(folio, wbc, err)


@kernel("fs/f2fs/data.c")
def settle_or_redirty_first(folio: Folio, wbc: WritebackControl, err: Errno):
    """As settle_or_redirty(), but the folio is dirty before an fsync can take the error."""
    clean_or_redirty(folio, wbc, err)
    mapping_set_error(mapping, err)


# Each line is one repair; f2fs_r8_N is R8 with the first N of them.
REPAIRS = (
    (replace(mark_all_dirty, by=mark_new_dirty, inside=f2fs_begin_r8),),
    (replace(settle_r8, by=settle_or_redirty, inside=f2fs_write_folio_r8),),
    (override(settle_or_redirty, by=settle_or_redirty_first),),
)
DOCS = (
    "a folio that has dirty bits is written where they are set.",
    "after an error a folio is dirty again, and the error is recorded.",
    "a folio is dirty again before its error is recorded.",
)

f2fs_r8_1, f2fs_r8_2, f2fs_r8_3 = stages(f2fs_r8, DOCS, one_by_one(REPAIRS))
