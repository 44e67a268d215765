"""f2fs_write_raw_pages() for folios, revision R5 of 27 May 2025: what becomes of a cluster that is not compressed.

The text gives this one function whole; it calls f2fs_write_single_folio(), which is that of R3.  It is read inside the kernel's loop over
pages, which does the rest rightly: so folios have one page here, and what is violated is this function's own.  What the
text says of other functions (unlock each folio once, begin writeback in set_cluster_writeback() alone) are repairs of R4b.
"""

from __future__ import annotations

from checker.lang import Place, atomic, held_shared, insert_before, kernel, override, primitive, replace, variant

from model.fs.f2fs.compress import CompressCtx, f2fs_get_dnode_of_cluster, f2fs_is_compressed_cluster
from model.fs.f2fs.compress import f2fs_unlock_rpages, f2fs_write_multi_pages, f2fs_write_raw_pages
from model.fs.f2fs.data import f2fs_do_write_data_page, folio_redirty_for_writepage
from model.fs.f2fs.segment import f2fs_cp_error, f2fs_wait_on_page_writeback
from model.include.f2fs import F2FS_CLUSTER_SIZE, LOCK_DONE, CachePages, NeedLock, Page, Sbi, page_count_t, sbi
from model.fs.f2fs.primitives import f2fs_lock_op, f2fs_note_failure, f2fs_unlock_op
from model.include.primitives import atomic_dec, folio_lock, folio_test_clear_dirty, folio_test_dirty
from model.include.primitives import folio_test_writeback
from model.include.primitives import folio_unlock
from model.include.size import folio_pos
from model.include.state import EAGAIN, EIO, OK, PAGES, PAGE_SIZE, WB_SYNC_NONE, Errno, Folio, Task, WritebackControl
from model.include.state import loff_t, mapping
from model.mm.filemap import mapping_set_error
from model.mm.page_writeback import folio_start_writeback, note_taken
from model.systems.f2fs.designs.f2fs_r3 import budget_is_used_up, f2fs_do_write_data_page_insists
from model.systems.f2fs.designs.f2fs_r3 import f2fs_write_single_folio_r3
from model.systems.f2fs.designs.f2fs_r3 import folio_start_writeback_once, record_failure
from model.systems.f2fs.designs.f2fs_repairs import drop_compressed_slots, f2fs_cluster_unlocked_when_queued
from model.systems.f2fs.designs.f2fs_repairs import f2fs_truncate_looks_once
from model.systems.f2fs.designs.stages import one_by_one, stages
from model.systems.f2fs.scenarios import f2fs


@kernel("fs/f2fs/compress.c")
def begin_of_folio(folio: Folio):
    """Begin writeback of a folio that has just been locked, unless it is under writeback."""
    if not folio_test_writeback(folio):
        folio_start_writeback(folio)


@kernel("fs/f2fs/compress.c")
def is_left_alone(wbc: WritebackControl, folio: Folio) -> bool:
    """Is somebody else writing it?  The text asks so of other folios than the one that it has locked: there is none."""
    return False


@kernel("fs/f2fs/compress.c")
def begin_of_write(folio: Folio):
    """Nothing: writeback has begun."""


@primitive("fs/f2fs/f2fs.h")
def f2fs_op_is_held(sbi: Sbi) -> bool:
    """Has the caller cp_rwsem?  The language counts a lock that a thread shares once; rwsems count it twice."""
    return held_shared(sbi.cp_rwsem)


@primitive("fs/f2fs/f2fs.h")
def checkpoint_waits(sbi: Sbi) -> bool:
    """A second f2fs_trylock_op() fails where a checkpoint waits, although the first one still holds."""
    return sbi.cp_wanted


@kernel("fs/f2fs/data.c")
def f2fs_do_write_data_page_within(page: Page, need_lock: NeedLock, bio: Task, submitted: Place) -> Errno:
    """f2fs_do_write_data_page() with LOCK_RETRY or LOCK_REQ, where the caller has cp_rwsem or not."""
    if f2fs_op_is_held(sbi):
        if checkpoint_waits(sbi):
            return EAGAIN
        return f2fs_do_write_data_page(page, LOCK_DONE, bio, submitted)
    return f2fs_do_write_data_page(page, need_lock, bio, submitted)


@kernel("fs/f2fs/compress.c")
def f2fs_write_raw_page_r5(folio: Folio, wbc: WritebackControl, submitted: Place) -> Errno:
    """One page of a cluster: lock its folio, begin its writeback, look at it, write it; EAGAIN is dropped.

    A page that has used up the budget counts as submitted, although f2fs_write_single_folio() returns EAGAIN behind it.

    folio_clear_dirty_for_io() asserts in the model that the folio is not under writeback, which the iterator does in the kernel.
    """
    folio_lock(folio)
    begin_of_folio(folio)
    with atomic("folio_test_dirty(): under the folio lock"):
        wanted = folio.mapping and folio_test_dirty(folio)
    left = is_left_alone(wbc, folio)
    if left or not wanted:
        folio_unlock(folio)
        return OK
    with atomic("folio_clear_dirty_for_io(): under the folio lock"):
        folio_test_clear_dirty(folio)
        note_taken(wbc, folio)
    begin_of_write(folio)
    ret = f2fs_write_single_folio_r3(folio, wbc, folio_pos(folio), folio_pos(folio) + PAGE_SIZE)
    counted = budget_is_used_up(wbc)
    if ret == OK or counted:
        submitted += 1
    folio_unlock(folio)
    return OK if ret == EAGAIN else ret


@kernel("fs/f2fs/compress.c")
def f2fs_write_raw_pages_r5(cc: CompressCtx, cp: CachePages, wbc: WritebackControl, submitted: Place) -> Errno:
    """R5 as it was written: dirty and unlock the folios of a cluster, and write page by page.

    Left out: f2fs_balance_fs().
    """
    compr_blocks: page_count_t = 0
    ret = f2fs_get_dnode_of_cluster()
    if f2fs_is_compressed_cluster(cc.cluster_idx):
        compr_blocks = 1
    f2fs_unlock_rpages(cc, wbc)
    if ret != OK:
        return ret
    if compr_blocks > 0:
        f2fs_lock_op(sbi)
    for slot in range(0, F2FS_CLUSTER_SIZE):
        if cc.rpages[slot] and ret == OK:
            folio: Folio = Folio[(cc.cluster_idx * F2FS_CLUSTER_SIZE + slot) // PAGES]
            ret = f2fs_write_raw_page_r5(folio, wbc, submitted)
    if compr_blocks > 0:
        f2fs_unlock_op(sbi)
    return ret


f2fs_r5 = variant(
    "R5: the raw path locks each folio of a cluster, begins its writeback and writes the page by f2fs_write_single_folio().",
    replace(f2fs_write_raw_pages, by=f2fs_write_raw_pages_r5, inside=f2fs_write_multi_pages),
    replace(f2fs_do_write_data_page, by=f2fs_do_write_data_page_within, inside=f2fs_write_single_folio_r3, nth=1),
    replace(f2fs_do_write_data_page, by=f2fs_do_write_data_page_within, inside=f2fs_write_single_folio_r3, nth=2),
    of=f2fs,
)

# -------------------------------------------------------------------- repairs


@kernel("fs/f2fs/compress.c")
def begin_later(folio: Folio):
    """Nothing: who looks at the folio may find that there is nothing to write."""


@kernel("fs/f2fs/compress.c")
def is_written_by_others(wbc: WritebackControl, folio: Folio) -> bool:
    """Is a folio under writeback?  WB_SYNC_ALL waits until it is not."""
    if not folio_test_writeback(folio):
        return False
    if wbc.sync_mode == WB_SYNC_NONE:
        return True
    f2fs_wait_on_page_writeback(folio)
    return False


@kernel("fs/f2fs/data.c")
def f2fs_do_write_data_page_patiently(page: Page, need_lock: NeedLock, bio: Task, submitted: Place) -> Errno:
    """With LOCK_DONE if the caller has cp_rwsem, and else again and again until no checkpoint is in the way."""
    if f2fs_op_is_held(sbi):
        return f2fs_do_write_data_page(page, LOCK_DONE, bio, submitted)
    return f2fs_do_write_data_page_insists(page, need_lock, bio, submitted)


@kernel("fs/f2fs/compress.c")
def settle_r5(folio: Folio, wbc: WritebackControl, ret: Errno):
    """inode_dec_dirty_pages() of a page that has been queued; one that has not is dirty again."""
    if ret == OK:
        with atomic("inode_dec_dirty_pages()"):
            atomic_dec(sbi.dirty_pages)
    else:
        redirty_r5(wbc, folio)


@kernel("fs/f2fs/compress.c")
def redirty_r5(wbc: WritebackControl, folio: Folio):
    """Nothing yet."""


@kernel("fs/f2fs/data.c")
def budget_is_no_error(wbc: WritebackControl) -> bool:
    """The loop looks at nr_to_write behind the cluster."""
    return False


@kernel("fs/f2fs/compress.c")
def write_unless_stopped(folio: Folio, wbc: WritebackControl, start: loff_t, end: loff_t) -> Errno:
    """When checkpoints have stopped the page is dropped, and the error recorded, as f2fs_write_single_data_page() does."""
    if f2fs_cp_error():
        with atomic("mapping_set_error(): under the folio lock"):
            f2fs_note_failure(Page[start // PAGE_SIZE])
            mapping_set_error(mapping, EIO)
        return OK
    ret = f2fs_write_single_folio_r3(folio, wbc, start, end)
    return ret


# Each line is one repair; f2fs_r5_N is R5 with the first N of them.
REPAIRS = (
    (
        replace(folio_start_writeback, by=folio_start_writeback_once, inside=f2fs_do_write_data_page, nth=1),
        replace(folio_start_writeback, by=folio_start_writeback_once, inside=f2fs_do_write_data_page, nth=2),
    ),
    (replace(mapping_set_error, by=record_failure, inside=f2fs_write_single_folio_r3),),
    (override(f2fs_do_write_data_page_within, by=f2fs_do_write_data_page_patiently),),
    (insert_before(folio_unlock, settle_r5, inside=f2fs_write_raw_page_r5, nth=2),),
    (replace(budget_is_used_up, by=budget_is_no_error, inside=f2fs_write_single_folio_r3),),
    f2fs_truncate_looks_once.edits,
    (insert_before(f2fs_unlock_op, drop_compressed_slots, inside=f2fs_write_raw_pages_r5),),
    f2fs_cluster_unlocked_when_queued.edits,
    (override(begin_of_folio, by=begin_later),),
    (override(is_left_alone, by=is_written_by_others),),
    (override(redirty_r5, by=folio_redirty_for_writepage),),
    (replace(f2fs_write_single_folio_r3, by=write_unless_stopped, inside=f2fs_write_raw_page_r5),),
)
DOCS = (
    "f2fs_do_write_data_page() begins writeback only if nobody has.",
    "EAGAIN is not recorded as an error of the file.",
    "cp_rwsem is taken once, and a page waits until no checkpoint is in its way.",
    "a page that is queued is not counted as dirty.",
    "a budget that is used up is no error.",
    "as in the kernel: truncate looks only once whether a cluster is compressed.",
    "as in the kernel: what is left of a compressed cluster is freed.",
    "as in the kernel: the pages of a compressed cluster are unlocked when its block is in a bio.",
    "writeback begins behind the tests, when there is something to write.",
    "who meets a folio under writeback waits for it, or leaves it alone.",
    "a page that was not queued is dirty again.",
    "a page that cannot be written because checkpoints have stopped is an error.",
)

(
    f2fs_r5_1, f2fs_r5_2, f2fs_r5_3, f2fs_r5_4, f2fs_r5_5, f2fs_r5_6, f2fs_r5_7, f2fs_r5_8, f2fs_r5_9, f2fs_r5_10,
    f2fs_r5_11, f2fs_r5_12,
) = stages(f2fs_r5, DOCS, one_by_one(REPAIRS))  # fmt: skip
