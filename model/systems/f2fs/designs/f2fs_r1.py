"""f2fs_write_cache_folios, revisions R0 and R1 of May 2025: the loop of writeback_iter, and a walk over dirty ranges.

The brace that ends the loop over folios stands before the walk, and what the walk does with a range ends after its
blocks have been looked up.  The text does not compile, because the walk uses variables of the loop's body; they are
declared outside here, which is the reading that is kindest.  Nothing else is filled in.
"""

from __future__ import annotations

from checker.lang import Place, atomic, choose, drop, insert_after, insert_before, kernel, override, replace, variant
from checker.lang import number, warn_on

from model.fs.f2fs.data import __f2fs_write_data_pages, f2fs_write_cache_pages, ffs_alloc
from model.fs.f2fs.data import folio_redirty_for_writepage
from model.fs.f2fs.segment import f2fs_end_page_writeback, f2fs_inplace_write_data, f2fs_outplace_write_data
from model.fs.iomap.buffered_io import iomap_clear_range_dirty, iomap_find_dirty_range, iomap_set_range_dirty
from model.fs.iomap.buffered_io_writeback import iomap_writepage_handle_eof
from model.include.f2fs import DATA_ADDR, F2FS_IPU, NULL_ADDR, Page, page_count_t, sbi
from model.fs.f2fs.primitives import f2fs_data_blkaddr, f2fs_get_dnode_of_data, f2fs_lock_op, f2fs_unlock_op
from model.include.primitives import atomic_add, atomic_dec, atomic_dec_and_test, atomic_inc, folio_test_dirty
from model.include.primitives import folio_test_locked
from model.include.primitives import folio_test_writeback, folio_unlock
from model.include.size import folio_pos, round_up_to_block
from model.include.state import BLOCKS, ERRORS, FOLIO_SIZE, OK, PAGES, PAGE_SIZE, AddressSpace, Errno, Folio
from model.include.state import WritebackControl, loff_t, mapping
from model.mm.filemap import mapping_set_error
from model.mm.page_writeback import folio_end_writeback, folio_start_writeback, writeback_iter
from model.systems.f2fs.designs.f2fs_folios import f2fs_finish_page_writeback
from model.systems.f2fs.designs.f2fs_r3 import eof_ends_the_folio, eof_ends_the_pass, redirty_then_record
from model.systems.f2fs.designs.f2fs_r3 import submit_cached_bio
from model.systems.f2fs.designs.stages import one_by_one, stages
from model.systems.f2fs.scenarios import f2fs


@kernel("fs/f2fs/data.c")
def f2fs_map_range(folio: Folio, pos: loff_t, rlen: loff_t) -> Errno:
    """f2fs_iomap_writepage_map_blocks(): looks up the blocks of a range, and does no more."""
    return OK


@kernel("fs/f2fs/data.c")
def f2fs_write_cache_folios_r1(mapping: AddressSpace, wbc: WritebackControl) -> Errno:
    """R1 as it was written.

    Left out: FI_HOT_DATA; the compress context, which nothing uses.
    """
    folio: Folio = None
    error: Errno = OK
    pos: loff_t = 0
    end_aligned: loff_t = 0
    while (folio := writeback_iter(mapping, wbc, folio, error)) is not None:
        pos = folio_pos(folio)
        end_pos: loff_t = pos + FOLIO_SIZE
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
        if f2fs_map_range(folio, pos, rlen) != OK:
            break
        pos += rlen
    return error


# -------------------------------------------------------------------- repairs


@kernel("fs/f2fs/data.c")
def f2fs_ranges(folio: Folio, wbc: WritebackControl, pos: loff_t, end_aligned: loff_t):
    """The walk over the ranges of a folio, inside the loop over folios."""
    error: Errno = OK
    while (rlen := iomap_find_dirty_range(folio, pos, end_aligned)) > 0:
        error = f2fs_map_range(folio, pos, rlen)
        if error != OK:
            break
        pos += rlen


@kernel("fs/f2fs/data.c")
def f2fs_leave(folio: Folio, wbc: WritebackControl, error: Errno):
    """Behind the last range, the folio is unlocked."""
    folio_unlock(folio)


@kernel("fs/f2fs/data.c")
def queue_page_or_fail(page: Page, folio: Folio, count: Place) -> Errno:
    """Queue one page of a folio that is under writeback; one without a block is left out.

    cp_rwsem is held.  Who changes the address holds the folio lock, so the look at it is no step of its own.
    """
    fails = False
    submitted = False
    with atomic("f2fs_get_dnode_of_data() and the bio: under the folio lock"):
        if ERRORS > 0:
            fails = choose(False, True)
        err = f2fs_get_dnode_of_data(fails)
        addr = f2fs_data_blkaddr(page)
        if err == OK:
            iomap_clear_range_dirty(folio, number(page) % PAGES * PAGE_SIZE, PAGE_SIZE)
        if err == OK and addr != NULL_ADDR:
            count += 1
            if BLOCKS > 1:
                atomic_add(PAGE_SIZE, folio.write_bytes_pending)
            if F2FS_IPU > 0 and addr == DATA_ADDR:
                f2fs_inplace_write_data(page, page, None)
            else:
                f2fs_outplace_write_data(page, page, submitted)
    return err


@kernel("fs/f2fs/data.c")
def write_pages_or_fail(folio: Folio, start: loff_t, end: loff_t, count: Place) -> Errno:
    """Queue the pages of [start, end), a dirty range of a folio; count goes up by those that are.

    After an error the rest of the range is still dirty, and the caller says so to the folio.
    """
    pos: loff_t = start
    while pos < end:
        err = queue_page_or_fail(Page[pos // PAGE_SIZE], folio, count)
        if err != OK:
            return err
        pos += PAGE_SIZE
    return OK


@kernel("fs/f2fs/data.c")
def f2fs_write_range(folio: Folio, pos: loff_t, rlen: loff_t) -> Errno:
    """The blocks of a range are not only looked up: its pages are queued, under cp_rwsem."""
    count: page_count_t = 0
    f2fs_lock_op(sbi)
    error = write_pages_or_fail(folio, pos, pos + rlen, count)
    f2fs_unlock_op(sbi)
    return error


@kernel("fs/f2fs/data.c")
def count_as_clean(folio: Folio):
    """inode_dec_dirty_pages() of a folio that is going to be unlocked."""
    atomic_dec(sbi.dirty_pages)


@kernel("fs/f2fs/data.c")
def f2fs_settle(folio: Folio, wbc: WritebackControl, error: Errno):
    """A folio of which all is queued counts as clean."""
    if error == OK:
        with atomic("inode_dec_dirty_pages(): under the folio lock"):
            iomap_clear_range_dirty(folio, 0, FOLIO_SIZE)
            atomic_dec(sbi.dirty_pages)


@kernel("fs/f2fs/data.c")
def record_then_redirty(folio: Folio, wbc: WritebackControl, err: Errno):
    """After an error."""
    mapping_set_error(mapping, err)
    folio_redirty_for_writepage(wbc, folio)


@kernel("fs/f2fs/data.c")
def f2fs_settle_or_redirty(folio: Folio, wbc: WritebackControl, error: Errno):
    """After an error the folio is dirty, and the error is recorded; else it counts as clean."""
    if error == OK:
        with atomic("inode_dec_dirty_pages(): under the folio lock"):
            iomap_clear_range_dirty(folio, 0, FOLIO_SIZE)
            atomic_dec(sbi.dirty_pages)
    else:
        record_then_redirty(folio, wbc, error)


@kernel("fs/f2fs/data.c")
def f2fs_end_if_nothing_is_queued(folio: Folio, error: Errno):
    """Writeback of a folio of one page ends here if the page could not be queued."""
    if BLOCKS == 1 and error != OK:
        folio_end_writeback(folio)


@kernel("fs/f2fs/data.c")
def f2fs_take_bias(folio: Folio, end_pos: loff_t):
    """write_bytes_pending has one more while the ranges of a large folio are queued."""
    with atomic("ifs->write_bytes_pending: under the folio lock"):
        if BLOCKS > 1:
            if not folio.private:
                ffs_alloc(folio)
                iomap_set_range_dirty(folio, 0, end_pos - folio_pos(folio))
            atomic_inc(folio.write_bytes_pending)


@kernel("fs/f2fs/data.c")
def f2fs_drop_bias(folio: Folio, error: Errno):
    """Behind the last range the bias is dropped, and with it perhaps ends writeback."""
    if BLOCKS > 1:
        if atomic_dec_and_test(folio.write_bytes_pending):
            folio_end_writeback(folio)
    elif error != OK:
        folio_end_writeback(folio)


f2fs_r1 = variant(
    "R1: writeback_iter, and behind it a walk over the dirty ranges that looks up their blocks.",
    replace(f2fs_write_cache_pages, by=f2fs_write_cache_folios_r1, inside=__f2fs_write_data_pages), of=f2fs,
)  # fmt: skip

# Each line is one repair; f2fs_r1_N is R1 with the first N of them.
REPAIRS = (
    (
        drop(iomap_find_dirty_range, inside=f2fs_write_cache_folios_r1),
        insert_after(round_up_to_block, f2fs_ranges, inside=f2fs_write_cache_folios_r1),
    ),
    (insert_after(iomap_find_dirty_range, f2fs_leave, inside=f2fs_ranges),),
    (replace(f2fs_map_range, by=f2fs_write_range, inside=f2fs_ranges),),
    (insert_after(writeback_iter, submit_cached_bio, inside=f2fs_write_cache_folios_r1),),
    (
        insert_before(folio_unlock, count_as_clean, inside=f2fs_write_cache_folios_r1),
        insert_before(folio_unlock, f2fs_settle, inside=f2fs_leave),
    ),
    (override(f2fs_settle, by=f2fs_settle_or_redirty),),
    (insert_after(folio_unlock, f2fs_end_if_nothing_is_queued, inside=f2fs_leave),),
    (
        insert_before(folio_start_writeback, f2fs_take_bias, inside=f2fs_write_cache_folios_r1),
        override(f2fs_end_if_nothing_is_queued, by=f2fs_drop_bias),
        override(f2fs_end_page_writeback, by=f2fs_finish_page_writeback),
    ),
    (replace(eof_ends_the_pass, by=eof_ends_the_folio, inside=f2fs_write_cache_folios_r1),),
    (override(record_then_redirty, by=redirty_then_record),),
)
DOCS = (
    "the walk is inside the loop over folios.",
    "a folio is unlocked behind its last range.",
    "the pages of a range are queued.",
    "the cached bio is submitted at the end of a pass.",
    "a folio that is clean is not counted as dirty.",
    "after an error a folio is dirty again, and the error is recorded.",
    "writeback ends where nothing was queued.",
    "a bias and a count of pages keep up writeback of a large folio until its last page.",
    "a folio beyond EOF does not end the pass.",
    "a folio is dirty again before its error is recorded.",
)

(
    f2fs_r1_1, f2fs_r1_2, f2fs_r1_3, f2fs_r1_4, f2fs_r1_5, f2fs_r1_6, f2fs_r1_7, f2fs_r1_8, f2fs_r1_9, f2fs_r1_10,
) = stages(f2fs_r1, DOCS, one_by_one(REPAIRS))  # fmt: skip
