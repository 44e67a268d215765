"""f2fs_write_cache_folios and f2fs_write_single_folio, revision R3 of 30 May and 3 June 2025.

Pages that are not compressed.  f2fs_do_write_data_page() and the completion are the kernel's, because the text does
not change them.  The buffered write keeps dirty bits of a large folio, as iomap's does; that is the reading that is kindest.
Each repair below is the smallest change that removes one defect; the next defect is looked for with all before it in place.
"""

from __future__ import annotations

from checker.lang import Place, atomic, insert_after, insert_before, kernel, override, pure, replace, variant, warn_on

from model.fs.f2fs.data import __f2fs_write_data_pages, f2fs_do_write_data_page, f2fs_slot, f2fs_write_cache_pages
from model.fs.f2fs.data import ffs_alloc, folio_redirty_for_writepage
from model.fs.f2fs.segment import f2fs_end_page_writeback, f2fs_submit_merged_write
from model.fs.iomap.buffered_io import iomap_clear_range_dirty, iomap_find_dirty_range, iomap_set_range_dirty
from model.fs.iomap.buffered_io_writeback import iomap_writepage_handle_eof
from model.include.f2fs import LOCK_REQ, LOCK_RETRY, NeedLock, Page, sbi
from model.fs.f2fs.primitives import f2fs_note_budget
from model.include.primitives import atomic_add, atomic_dec, atomic_dec_and_test, atomic_inc, atomic_read
from model.include.primitives import atomic_sub_and_test, folio_test_writeback
from model.include.primitives import folio_unlock
from model.include.size import folio_pos, round_up_to_block
from model.include.state import BLOCKS, EAGAIN, FOLIO_SIZE, OK, PAGE_SIZE, WB_SYNC_NONE, AddressSpace, Errno, Folio
from model.include.state import Task
from model.include.state import WritebackControl, loff_t, mapping
from model.mm.filemap import mapping_set_error
from model.mm.page_writeback import folio_end_writeback, folio_start_writeback, writeback_iter
from model.systems.f2fs.designs.f2fs_folios import f2fs_finish_page_writeback
from model.systems.f2fs.designs.stages import one_by_one, stages
from model.systems.f2fs.scenarios import f2fs


@pure()
def eof_ends_the_pass() -> bool:
    """`return 0` behind a folio that lies beyond EOF."""
    return True


@pure()
def eof_ends_the_folio() -> bool:
    """`continue` instead of `return 0`."""
    return False


@kernel("fs/f2fs/data.c")
def f2fs_write_single_folio_r3(folio: Folio, wbc: WritebackControl, start: loff_t, end: loff_t) -> Errno:
    """Write the pages of [start, end) of a folio one by one, each charged to nr_to_write."""
    pos: loff_t = start
    err: Errno = OK
    submitted = False
    while pos < end:
        page: Page = Page[pos // PAGE_SIZE]
        if BLOCKS > 1:
            atomic_add(PAGE_SIZE, folio.write_bytes_pending)
        err = f2fs_do_write_data_page(page, LOCK_RETRY, None, submitted)
        if err == EAGAIN:
            err = f2fs_do_write_data_page(page, LOCK_REQ, None, submitted)
        if err != OK:
            if BLOCKS > 1:
                atomic_sub_and_test(PAGE_SIZE, folio.write_bytes_pending)
            mapping_set_error(mapping, err)
            break
        if wbc.nr_to_write > 0:
            charge_nr_to_write(wbc)
        if budget_is_used_up(wbc):
            err = EAGAIN
            break
        pos += PAGE_SIZE
    return err


@kernel("fs/f2fs/data.c")
def charge_nr_to_write(wbc: WritebackControl):
    """nr_to_write--, on top of what writeback_iter() takes off for each folio that it has returned."""
    wbc.nr_to_write -= 1
    f2fs_note_budget(sbi, True)


@kernel("fs/f2fs/data.c")
def budget_is_used_up(wbc: WritebackControl) -> bool:
    """Is a pass in the background to stop in the middle of a folio?"""
    return wbc.nr_to_write == 0 and wbc.sync_mode == WB_SYNC_NONE


@kernel("fs/f2fs/data.c")
def f2fs_finish_folio_r3(folio: Folio, err: Errno, pos: loff_t):
    """Drop the bias; of a folio without one, end writeback if the first range was not reached."""
    if BLOCKS > 1:
        if atomic_dec_and_test(folio.write_bytes_pending):
            folio_end_writeback(folio)
    elif err == OK and pos == folio_pos(folio):
        folio_end_writeback(folio)


@kernel("fs/f2fs/data.c")
def f2fs_write_cache_folios_r3(mapping: AddressSpace, wbc: WritebackControl) -> Errno:
    """R3 as it was written, of a file that is not compressed.

    Left out: FI_HOT_DATA.
    """
    folio: Folio = None
    iter_err: Errno = OK
    err: Errno = OK
    while (folio := writeback_iter(mapping, wbc, folio, iter_err)) is not None:
        pos: loff_t = folio_pos(folio)
        end_pos: loff_t = pos + FOLIO_SIZE
        with atomic("iomap_writepage_handle_eof(): under the folio lock"):
            inside = iomap_writepage_handle_eof(folio, end_pos)
        if not inside:
            folio_unlock(folio)
            if eof_ends_the_pass():
                return OK
            continue
        with atomic("folio_start_writeback(): under the folio lock"):
            if BLOCKS > 1:
                if not folio.private:
                    ffs_alloc(folio)
                    iomap_set_range_dirty(folio, 0, end_pos - pos)
                warn_on(atomic_read(folio.write_bytes_pending) != 0)
                atomic_inc(folio.write_bytes_pending)
            folio_start_writeback(folio)
        end_aligned: loff_t = round_up_to_block(end_pos)
        while (r_len := iomap_find_dirty_range(folio, pos, end_aligned)) > 0:
            err = f2fs_write_single_folio_r3(folio, wbc, pos, pos + r_len)
            if err != OK:
                break
            pos += r_len
        if err == EAGAIN:
            wbc.nr_to_write = 0
        if err == OK:
            iomap_clear_range_dirty(folio, 0, FOLIO_SIZE)
        folio_unlock(folio)
        f2fs_finish_folio_r3(folio, err, pos)
        if err != OK and err != EAGAIN:
            mapping_set_error(mapping, err)
            break
        if wbc.nr_to_write == 0 and wbc.sync_mode == WB_SYNC_NONE:
            err = EAGAIN
            break
        err = OK
    if err == EAGAIN:
        err = OK
    return err if err != OK else iter_err


# -------------------------------------------------------------------- repairs


@kernel("mm/page-writeback.c")
def folio_start_writeback_once(folio: Folio):
    """Begin writeback, unless it has begun."""
    if not folio_test_writeback(folio):
        folio_start_writeback(folio)


@kernel("fs/f2fs/data.c")
def submit_cached_bio(wbc: WritebackControl):
    """f2fs_submit_merged_write_cond(), at the end of a pass."""
    f2fs_submit_merged_write(sbi)


@kernel("fs/f2fs/data.c")
def count_as_clean(folio: Folio):
    """inode_dec_dirty_pages()."""
    atomic_dec(sbi.dirty_pages)


@kernel("fs/f2fs/data.c")
def redirty_after_error(folio: Folio, wbc: WritebackControl, err: Errno):
    """What is not written is dirty: the bits of the folio say so still."""
    if err != OK:
        folio_redirty_for_writepage(wbc, folio)


@kernel("fs/f2fs/data.c")
def record_failure(mapping: AddressSpace, err: Errno):
    """mapping_set_error(), but not for EAGAIN."""
    if err != EAGAIN:
        mapping_set_error(mapping, err)


@kernel("fs/f2fs/data.c")
def f2fs_do_write_data_page_insists(page: Page, need_lock: NeedLock, bio: Task, submitted: Place) -> Errno:
    """Try again until no checkpoint is in the way; checkpoints need no data folio."""
    err: Errno = EAGAIN
    while err == EAGAIN:
        err = f2fs_do_write_data_page(page, need_lock, bio, submitted)
    return err


@kernel("fs/f2fs/data.c")
def own_slot(page: Page) -> Page:
    """folio->index + folio_page_idx()."""
    return page


@kernel("fs/f2fs/data.c")
def iterator_charges(wbc: WritebackControl):
    """Nothing: writeback_iter() charges the folio."""


@kernel("fs/f2fs/data.c")
def f2fs_finish_folio(folio: Folio, err: Errno, pos: loff_t):
    """Drop the bias; of a folio without one, end writeback if nothing of it was submitted."""
    if BLOCKS > 1:
        if atomic_dec_and_test(folio.write_bytes_pending):
            folio_end_writeback(folio)
    elif pos == folio_pos(folio):
        folio_end_writeback(folio)


@kernel("fs/f2fs/data.c")
def recorded_by_the_caller(mapping: AddressSpace, err: Errno):
    """Nothing yet: an fsync that takes the error must not be followed by one that finds the folio clean."""


@kernel("fs/f2fs/data.c")
def redirty_then_record(folio: Folio, wbc: WritebackControl, err: Errno):
    """What is not written is dirty, and then the error is recorded."""
    if err != OK:
        folio_redirty_for_writepage(wbc, folio)
        if err != EAGAIN:
            mapping_set_error(mapping, err)


f2fs_r3 = variant(
    "R3: writeback_iter, f2fs_write_single_folio() for each dirty range, writeback begun and ended for the folio.",
    replace(f2fs_write_cache_pages, by=f2fs_write_cache_folios_r3, inside=__f2fs_write_data_pages), of=f2fs,
)  # fmt: skip

# Each line is one repair; f2fs_r3_N is R3 with the first N of them.
REPAIRS = (
    (
        replace(folio_start_writeback, by=folio_start_writeback_once, inside=f2fs_do_write_data_page, nth=1),
        replace(folio_start_writeback, by=folio_start_writeback_once, inside=f2fs_do_write_data_page, nth=2),
    ),
    (override(f2fs_slot, by=own_slot),),
    (replace(mapping_set_error, by=record_failure, inside=f2fs_write_single_folio_r3),),
    (insert_before(folio_unlock, redirty_after_error, inside=f2fs_write_cache_folios_r3, nth=2),),
    (replace(charge_nr_to_write, by=iterator_charges, inside=f2fs_write_single_folio_r3),),
    (insert_after(writeback_iter, submit_cached_bio, inside=f2fs_write_cache_folios_r3),),
    (
        insert_before(folio_unlock, count_as_clean, inside=f2fs_write_cache_folios_r3, nth=1),
        insert_after(iomap_clear_range_dirty, count_as_clean, inside=f2fs_write_cache_folios_r3),
    ),
    (override(f2fs_finish_folio_r3, by=f2fs_finish_folio),),
    (replace(f2fs_do_write_data_page, by=f2fs_do_write_data_page_insists, inside=f2fs_write_single_folio_r3, nth=2),),
    (override(f2fs_end_page_writeback, by=f2fs_finish_page_writeback),),
    (replace(eof_ends_the_pass, by=eof_ends_the_folio, inside=f2fs_write_cache_folios_r3),),
    (override(record_failure, by=recorded_by_the_caller), override(redirty_after_error, by=redirty_then_record)),
)
DOCS = (
    "f2fs_do_write_data_page() begins writeback only if nobody has.",
    "a page is written to the address of its own index.",
    "EAGAIN is not recorded as an error of the file.",
    "what was not written is dirty again.",
    "only writeback_iter() charges nr_to_write.",
    "the cached bio is submitted at the end of a pass.",
    "a folio that is clean is not counted as dirty.",
    "writeback ends where nothing was submitted, after an error too.",
    "a page waits until no checkpoint is in its way.",
    "writeback ends with the last page of a folio.",
    "a folio beyond EOF does not end the pass.",
    "a folio is dirty again before its error is recorded.",
)

(
    f2fs_r3_1, f2fs_r3_2, f2fs_r3_3, f2fs_r3_4, f2fs_r3_5, f2fs_r3_6, f2fs_r3_7, f2fs_r3_8, f2fs_r3_9, f2fs_r3_10,
    f2fs_r3_11, f2fs_r3_12,
) = stages(f2fs_r3, DOCS, one_by_one(REPAIRS))  # fmt: skip
