"""f2fs_write_cache_folios, revision R2 of 22 May 2025: the walk over ranges writes pages, still behind the loop over folios.

`all other logic unchanged` in the expanded f2fs_write_single_folio() is read as the kernel's: the error begins as
EAGAIN, so that f2fs_do_write_data_page() is called.  Variables of the loop's body are declared outside, as for R1.
"""

from __future__ import annotations

from checker.lang import atomic, drop, insert_after, insert_before, kernel, override, pure, replace, variant
from checker.lang import warn_on

from model.fs.f2fs.data import __f2fs_write_data_pages, f2fs_do_write_data_page, f2fs_slot, f2fs_write_cache_pages
from model.fs.f2fs.segment import f2fs_end_page_writeback
from model.fs.iomap.buffered_io import iomap_find_dirty_range
from model.fs.iomap.buffered_io_writeback import iomap_writepage_handle_eof
from model.include.f2fs import LOCK_REQ, LOCK_RETRY, Page
from model.include.primitives import atomic_add, atomic_sub, folio_test_dirty, folio_test_locked, folio_test_writeback
from model.include.primitives import folio_unlock
from model.include.size import folio_index, folio_pos, round_up_to_block
from model.include.state import BLOCKS, EAGAIN, FOLIO_SIZE, OK, PAGES, PAGE_SIZE, AddressSpace, Errno, Folio
from model.include.state import WritebackControl, loff_t, pgoff_t
from model.mm.page_writeback import folio_start_writeback, writeback_iter
from model.systems.f2fs.designs.f2fs_folios import f2fs_finish_page_writeback
from model.systems.f2fs.designs.f2fs_r1 import count_as_clean, f2fs_drop_bias, f2fs_end_if_nothing_is_queued
from model.systems.f2fs.designs.f2fs_r1 import f2fs_settle
from model.systems.f2fs.designs.f2fs_r1 import f2fs_settle_or_redirty, f2fs_take_bias, record_then_redirty
from model.systems.f2fs.designs.f2fs_r3 import eof_ends_the_folio, eof_ends_the_pass, f2fs_do_write_data_page_insists
from model.systems.f2fs.designs.f2fs_r3 import folio_start_writeback_once, own_slot, redirty_then_record
from model.systems.f2fs.designs.f2fs_r3 import submit_cached_bio
from model.systems.f2fs.designs.stages import one_by_one, stages
from model.systems.f2fs.scenarios import f2fs


@kernel("fs/f2fs/data.c")
def folio_page(folio: Folio, i: pgoff_t) -> Page:
    """The i-th page of a folio; behind its last page is memory of others."""
    warn_on(i >= PAGES)
    return Page[folio_index(folio) + min(i, PAGES - 1)]


@kernel("fs/f2fs/data.c")
def f2fs_write_single_folio_r2(folio: Folio, pos: loff_t, end_pos: loff_t, rlen: loff_t) -> Errno:
    """Write pages, counted from the begin of the file, from a range on to the end of the folio."""
    err: Errno = OK
    i: pgoff_t = pos // PAGE_SIZE
    end = range_end(pos, end_pos, rlen)
    submitted = False
    while i < end:
        page = folio_page(folio, i)
        err = f2fs_do_write_data_page(page, LOCK_RETRY, None, submitted)
        if err == EAGAIN:
            err = f2fs_do_write_data_page(page, LOCK_REQ, None, submitted)
        if err != OK:
            return err
        i += 1
    return OK


@pure()
def range_end(pos: loff_t, end_pos: loff_t, rlen: loff_t) -> pgoff_t:
    """Where the pages of a range end: at end_pos, because its length is not passed on."""
    return end_pos // PAGE_SIZE


@kernel("fs/f2fs/data.c")
def f2fs_write_cache_folios_r2(mapping: AddressSpace, wbc: WritebackControl) -> Errno:
    """R2 as it was written.

    Left out: FI_HOT_DATA; the compress context, which nothing uses.
    """
    folio: Folio = None
    error: Errno = OK
    pos: loff_t = 0
    end_pos: loff_t = 0
    end_aligned: loff_t = 0
    while (folio := writeback_iter(mapping, wbc, folio, error)) is not None:
        pos = folio_pos(folio)
        end_pos = pos + FOLIO_SIZE
        with atomic("iomap_writepage_handle_eof(): under the folio lock"):
            warn_on(not folio_test_locked(folio))
            warn_on(folio_test_dirty(folio))
            warn_on(folio_test_writeback(folio))
            inside = iomap_writepage_handle_eof(folio, end_pos)
        if not inside:
            folio_unlock(folio)
            if eof_ends_the_pass():
                return OK
            continue
        folio_start_writeback(folio)
        end_aligned = round_up_to_block(end_pos)
    while (rlen := iomap_find_dirty_range(folio, pos, end_aligned)) > 0:
        if f2fs_write_single_folio_r2(folio, pos, end_pos, rlen) != OK:
            break
        pos += rlen
    return error


# -------------------------------------------------------------------- repairs


@kernel("fs/f2fs/data.c")
def f2fs_ranges_r2(folio: Folio, wbc: WritebackControl, pos: loff_t, end_pos: loff_t, end_aligned: loff_t):
    """The walk over the ranges of a folio, inside the loop over folios."""
    error: Errno = OK
    while (rlen := iomap_find_dirty_range(folio, pos, end_aligned)) > 0:
        error = f2fs_write_single_folio_r2(folio, pos, end_pos, rlen)
        if error != OK:
            break
        pos += rlen


@kernel("fs/f2fs/data.c")
def f2fs_leave_r2(folio: Folio, wbc: WritebackControl, error: Errno):
    """Behind the last range, the folio is unlocked."""
    folio_unlock(folio)


@kernel("fs/f2fs/data.c")
def folio_page_of_file(folio: Folio, i: pgoff_t) -> Page:
    """The page of a folio with an index of the file."""
    return Page[i]


@pure()
def range_end_of_rlen(pos: loff_t, end_pos: loff_t, rlen: loff_t) -> pgoff_t:
    """Where the pages of a range end."""
    return (pos + rlen) // PAGE_SIZE


@kernel("fs/f2fs/data.c")
def count_page(folio: Folio):
    """One more page of a large folio is on its way."""
    if BLOCKS > 1:
        atomic_add(PAGE_SIZE, folio.write_bytes_pending)


@kernel("fs/f2fs/data.c")
def uncount_failed_page(folio: Folio, error: Errno):
    """A page that could not be queued is on its way no more."""
    if BLOCKS > 1 and error != OK:
        atomic_sub(PAGE_SIZE, folio.write_bytes_pending)


f2fs_r2 = variant(
    "R2: writeback_iter, and behind it a walk over the dirty ranges that writes their pages.",
    replace(f2fs_write_cache_pages, by=f2fs_write_cache_folios_r2, inside=__f2fs_write_data_pages), of=f2fs,
)  # fmt: skip

# Each line is one repair; f2fs_r2_N is R2 with the first N of them.
REPAIRS = (
    (
        drop(iomap_find_dirty_range, inside=f2fs_write_cache_folios_r2),
        insert_after(round_up_to_block, f2fs_ranges_r2, inside=f2fs_write_cache_folios_r2),
    ),
    (replace(folio_page, by=folio_page_of_file, inside=f2fs_write_single_folio_r2),),
    (
        replace(folio_start_writeback, by=folio_start_writeback_once, inside=f2fs_do_write_data_page, nth=1),
        replace(folio_start_writeback, by=folio_start_writeback_once, inside=f2fs_do_write_data_page, nth=2),
    ),
    (insert_after(iomap_find_dirty_range, f2fs_leave_r2, inside=f2fs_ranges_r2),),
    (insert_after(writeback_iter, submit_cached_bio, inside=f2fs_write_cache_folios_r2),),
    (
        insert_before(folio_unlock, count_as_clean, inside=f2fs_write_cache_folios_r2),
        insert_before(folio_unlock, f2fs_settle, inside=f2fs_leave_r2),
    ),
    (replace(f2fs_do_write_data_page, by=f2fs_do_write_data_page_insists, inside=f2fs_write_single_folio_r2, nth=2),),
    (override(f2fs_settle, by=f2fs_settle_or_redirty),),
    (insert_after(folio_unlock, f2fs_end_if_nothing_is_queued, inside=f2fs_leave_r2),),
    (override(f2fs_slot, by=own_slot),),
    (
        insert_before(folio_start_writeback, f2fs_take_bias, inside=f2fs_write_cache_folios_r2),
        insert_before(f2fs_do_write_data_page, count_page, inside=f2fs_write_single_folio_r2, nth=1),
        override(f2fs_end_if_nothing_is_queued, by=f2fs_drop_bias),
        override(f2fs_end_page_writeback, by=f2fs_finish_page_writeback),
    ),
    (replace(range_end, by=range_end_of_rlen, inside=f2fs_write_single_folio_r2),),
    (insert_after(f2fs_write_single_folio_r2, uncount_failed_page, inside=f2fs_ranges_r2),),
    (replace(eof_ends_the_pass, by=eof_ends_the_folio, inside=f2fs_write_cache_folios_r2),),
    (override(record_then_redirty, by=redirty_then_record),),
)
DOCS = (
    "the walk is inside the loop over folios.",
    "a page is counted from the begin of the file.",
    "f2fs_do_write_data_page() begins writeback only if nobody has.",
    "a folio is unlocked behind its last range.",
    "the cached bio is submitted at the end of a pass.",
    "a folio that is clean is not counted as dirty.",
    "a page waits until no checkpoint is in its way.",
    "after an error a folio is dirty again, and the error is recorded.",
    "writeback ends where nothing was queued.",
    "a page is written to the address of its own index.",
    "a bias and a count of pages keep up writeback of a large folio until its last page.",
    "the pages of a range end with the range.",
    "a page that could not be queued is not counted.",
    "a folio beyond EOF does not end the pass.",
    "a folio is dirty again before its error is recorded.",
)

(
    f2fs_r2_1, f2fs_r2_2, f2fs_r2_3, f2fs_r2_4, f2fs_r2_5, f2fs_r2_6, f2fs_r2_7, f2fs_r2_8, f2fs_r2_9, f2fs_r2_10,
    f2fs_r2_11, f2fs_r2_12, f2fs_r2_13, f2fs_r2_14, f2fs_r2_15,
) = stages(f2fs_r2, DOCS, one_by_one(REPAIRS))  # fmt: skip
