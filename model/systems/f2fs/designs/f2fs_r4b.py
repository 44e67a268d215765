"""f2fs_write_cache_folios with a context for compressed clusters, revision R4b of 3 June 2025.

Against R3 the walk over dirty ranges goes on after an error, a range of a compressed file is clamped to a cluster, and a cluster is
written when the first range of another one comes, or after the loop.  f2fs_write_single_folio() is that of R3: the test against
wbc_folio_end_index(), which nobody defines, is read as one that never skips a page.  Sizes are whole pages here: where the clamp
cuts a page in two, none of it is left.  f2fs_write_multi_pages() and what it calls are the kernel's, with the text's f2fs_put_rpages_wbc();
f2fs_ifs_block_is_uptodate() is read as one that asks PG_uptodate where a folio has no state.
"""

from __future__ import annotations

from checker.lang import Place, atomic, bug_on, insert_after, insert_before, kernel, override, pure, replace, variant

from model.fs.f2fs.compress import CompressCtx, f2fs_compress_write_end, f2fs_compress_write_end_io, f2fs_lock_cluster
from model.fs.f2fs.compress import f2fs_read_cluster, f2fs_unlock_rpages, f2fs_write_multi_pages, f2fs_write_raw_pages
from model.fs.f2fs.compress import set_cluster_writeback
from model.fs.f2fs.data import __f2fs_write_data_pages, f2fs_do_write_data_page, f2fs_slot, f2fs_write_cache_pages
from model.fs.f2fs.data import ffs_alloc, folio_redirty_for_writepage
from model.fs.f2fs.segment import f2fs_end_page_writeback
from model.fs.iomap.buffered_io import iomap_clear_range_dirty, iomap_find_dirty_range, iomap_set_range_dirty
from model.fs.iomap.buffered_io_writeback import iomap_writepage_handle_eof
from model.include.f2fs import F2FS_CLUSTER_SIZE, CachePages, sbi
from model.include.primitives import atomic_add, atomic_dec, atomic_dec_and_test
from model.include.primitives import folio_test_dirty
from model.include.primitives import folio_unlock
from model.include.size import folio_pos, round_up_to_block
from model.include.state import BLOCKS, EAGAIN, FILE_SIZE, FOLIO_SIZE, OK, PAGE_SIZE, AddressSpace, Errno, Folio
from model.include.state import WritebackControl, loff_t, mapping
from model.mm.filemap import mapping_set_error
from model.mm.page_writeback import folio_end_writeback, folio_start_writeback, writeback_iter
from model.systems.f2fs.designs.f2fs_clusters import f2fs_compress_end_folios, f2fs_dirty_cluster_folios
from model.systems.f2fs.designs.f2fs_clusters import f2fs_write_folio_compressed
from model.systems.f2fs.designs.f2fs_folios import f2fs_begin_folio, f2fs_finish_page_writeback
from model.systems.f2fs.designs.f2fs_r3 import charge_nr_to_write, eof_ends_the_folio, eof_ends_the_pass
from model.systems.f2fs.designs.f2fs_r3 import f2fs_do_write_data_page_insists, f2fs_write_single_folio_r3
from model.systems.f2fs.designs.f2fs_r3 import folio_start_writeback_once, iterator_charges, own_slot, record_failure
from model.systems.f2fs.designs.f2fs_r3 import recorded_by_the_caller, submit_cached_bio
from model.systems.f2fs.designs.f2fs_r4_clusters import COUNT_ONCE, UNLOCK_ONCE, f2fs_compress_ctx_add_folio
from model.systems.f2fs.designs.f2fs_r4_clusters import f2fs_lock_cluster_r4
from model.systems.f2fs.designs.f2fs_r4_clusters import f2fs_put_rpages_wbc, f2fs_put_uptodate_folio
from model.systems.f2fs.designs.f2fs_r4_clusters import f2fs_read_cluster_r4
from model.systems.f2fs.designs.f2fs_r4_clusters import f2fs_unlock_uptodate_folio, f2fs_write_multi_pages_uncharged
from model.systems.f2fs.designs.f2fs_r4_clusters import is_staged
from model.systems.f2fs.designs.f2fs_r4_clusters import redirty_with_bits, set_cluster_writeback_of_folios
from model.systems.f2fs.designs.f2fs_r4_clusters import walk_comes_to_its_end
from model.systems.f2fs.designs.f2fs_r4_clusters import walk_steps_over_empty_slots
from model.systems.f2fs.designs.f2fs_repairs import f2fs_truncate_looks_once
from model.systems.f2fs.designs.stages import one_by_one, stages
from model.systems.f2fs.scenarios import f2fs


@pure("fs/f2fs/data.c")
def end_of_range(pos: loff_t, range_end: loff_t) -> loff_t:
    """Where a range of a compressed file ends at the latest: `+` binds closer than `>>`, so the end is halved, in bytes."""
    return range_end // 2


@kernel("fs/f2fs/data.c")
def f2fs_iomap_find_dirty_range(folio: Folio, pos: Place, range_end: loff_t) -> loff_t:
    """iomap_find_dirty_range(), of a compressed file inside one cluster."""
    end: loff_t = range_end
    if F2FS_CLUSTER_SIZE > 1:
        end = min(range_end, end_of_range(pos, range_end))
    return iomap_find_dirty_range(folio, pos, end)


@kernel("fs/f2fs/data.c")
def count_range_as_pending(folio: Folio, rlen: loff_t):
    """write_bytes_pending of a folio that is in the compress context; one without a state has none."""
    bug_on(not folio.private)
    atomic_add(rlen, folio.write_bytes_pending)


@kernel("fs/f2fs/data.c")
def f2fs_stage_range(cc: CompressCtx, cp: CachePages, wbc: WritebackControl, folio: Folio, pos: loff_t, rlen: loff_t) -> Errno:
    """A range of a compressed file: write the cluster before it, and gather this one."""
    err: Errno = OK
    if cc.nr_rpages > 0 and cc.cluster_idx != pos // PAGE_SIZE // F2FS_CLUSTER_SIZE:
        err = f2fs_write_multi_pages_uncharged(cc, cp, wbc)
    f2fs_compress_ctx_add_folio(cc, folio, pos, rlen)
    with atomic("atomic_add(): under the folio lock"):
        count_range_as_pending(folio, rlen)
    return err


@pure("fs/f2fs/data.c")
def nothing_was_submitted(err: Errno, pos: loff_t, begin: loff_t) -> bool:
    """Is the end of the walk where it began, without an error?"""
    return err == OK and pos == begin


@kernel("fs/f2fs/data.c")
def f2fs_finish_folio_r4b(folio: Folio, err: Errno, pos: loff_t):
    """Drop the bias; of a folio without one, end writeback if nothing of it was submitted."""
    if BLOCKS > 1:
        if atomic_dec_and_test(folio.write_bytes_pending):
            folio_end_writeback(folio)
    elif nothing_was_submitted(err, pos, folio_pos(folio)):
        folio_end_writeback(folio)


@kernel("fs/f2fs/data.c")
def f2fs_leave_folio_r4b(folio: Folio, cc: CompressCtx):
    """Behind the last range the folio is unlocked."""
    folio_unlock(folio)


@kernel("fs/f2fs/data.c")
def f2fs_write_folio_r4b(
    folio: Folio, wbc: WritebackControl, cc: CompressCtx, cp: CachePages, end_pos: loff_t, err: Errno
) -> Errno:
    """The body of the loop from folio_start_writeback() to the end of the folio; `err` is what the last range left."""
    pos: loff_t = folio_pos(folio)
    with atomic("folio_start_writeback(): under the folio lock"):
        f2fs_begin_folio(folio, end_pos)
    end_aligned: loff_t = round_up_to_block(end_pos)
    while (r_len := f2fs_iomap_find_dirty_range(folio, pos, end_aligned)) > 0:
        if F2FS_CLUSTER_SIZE > 1:
            err = f2fs_stage_range(cc, cp, wbc, folio, pos, r_len)
        else:
            err = f2fs_write_single_folio_r3(folio, wbc, pos, pos + r_len)
        pos += r_len
    iomap_clear_range_dirty(folio, 0, FOLIO_SIZE)
    f2fs_leave_folio_r4b(folio, cc)
    f2fs_finish_folio_r4b(folio, err, pos)
    return err


@kernel("fs/f2fs/data.c")
def f2fs_write_cache_folios_r4b(mapping: AddressSpace, wbc: WritebackControl) -> Errno:
    """R4b as it was written.

    Left out: FI_HOT_DATA, and failing allocations of the compress context.
    """
    cc = CompressCtx()
    cp = CachePages()
    folio: Folio = None
    iter_err: Errno = OK
    err: Errno = OK
    while (folio := writeback_iter(mapping, wbc, folio, iter_err)) is not None:
        end_pos: loff_t = folio_pos(folio) + FOLIO_SIZE
        with atomic("iomap_writepage_handle_eof(): under the folio lock"):
            inside = iomap_writepage_handle_eof(folio, end_pos)
        if not inside:
            folio_unlock(folio)
            if eof_ends_the_pass():
                return OK
            continue
        err = f2fs_write_folio_r4b(folio, wbc, cc, cp, end_pos, err)
        if err != OK and err != EAGAIN:
            mapping_set_error(mapping, err)
            break
    if F2FS_CLUSTER_SIZE > 1 and cc.nr_rpages > 0:
        flush_err = f2fs_write_multi_pages_uncharged(cc, cp, wbc)
        if err == OK:
            err = flush_err
    if err == EAGAIN or iter_err == EAGAIN:
        return OK
    return err if err != OK else iter_err


f2fs_r4b = variant(
    "R4b: as R3, with a context for clusters; an error does not end the walk over a folio.",
    replace(f2fs_write_cache_pages, by=f2fs_write_cache_folios_r4b, inside=__f2fs_write_data_pages),
    insert_after(f2fs_write_raw_pages, f2fs_put_rpages_wbc, inside=f2fs_write_multi_pages),
    override(f2fs_read_cluster, by=f2fs_read_cluster_r4), override(f2fs_lock_cluster, by=f2fs_lock_cluster_r4),
    override(f2fs_compress_write_end, by=f2fs_dirty_cluster_folios), of=f2fs,
)  # fmt: skip

# -------------------------------------------------------------------- repairs


@kernel("fs/f2fs/data.c")
def f2fs_write_single_folio_or_redirty(folio: Folio, wbc: WritebackControl, start: loff_t, end: loff_t) -> Errno:
    """If not all of a range was written, its folio is dirty again."""
    err = f2fs_write_single_folio_r3(folio, wbc, start, end)
    if err != OK:
        with atomic("folio_redirty_for_writepage(): under the folio lock"):
            folio_redirty_for_writepage(wbc, folio)
    return err


@kernel("fs/f2fs/data.c")
def clear_bits_if_clean(folio: Folio, off: loff_t, len: loff_t):
    """The dirty bits of a folio that is dirty again stay."""
    with atomic("folio_test_dirty(): under the folio lock"):
        if not folio_test_dirty(folio):
            iomap_clear_range_dirty(folio, off, len)


@kernel("fs/f2fs/data.c")
def count_behind_eof(folio: Folio):
    """inode_dec_dirty_pages() of a folio beyond EOF."""
    atomic_dec(sbi.dirty_pages)


@kernel("fs/f2fs/data.c")
def count_as_clean(folio: Folio):
    """inode_dec_dirty_pages() of a folio that is clean; of a compressed file the functions that write a cluster count."""
    with atomic("inode_dec_dirty_pages(): under the folio lock"):
        if F2FS_CLUSTER_SIZE == 1 and not folio_test_dirty(folio):
            atomic_dec(sbi.dirty_pages)


@pure("fs/f2fs/data.c")
def nothing_or_an_error(err: Errno, pos: loff_t, begin: loff_t) -> bool:
    """Is the end of the walk where it began, or was there an error?"""
    return err != OK or pos == begin


@pure("fs/f2fs/data.c")
def end_of_cluster(pos: loff_t, range_end: loff_t) -> loff_t:
    """The end of the cluster in which pos lies."""
    return min((pos // (F2FS_CLUSTER_SIZE * PAGE_SIZE) + 1) * F2FS_CLUSTER_SIZE * PAGE_SIZE, FILE_SIZE)


@kernel("fs/f2fs/data.c")
def count_range_of_large_folio(folio: Folio, rlen: loff_t):
    """write_bytes_pending of a folio that has a state."""
    if folio.private:
        atomic_add(rlen, folio.write_bytes_pending)


@kernel("fs/f2fs/data.c")
def f2fs_begin_folio_not_compressed(folio: Folio, end_pos: loff_t):
    """Of a compressed file, set_cluster_writeback() begins writeback."""
    if F2FS_CLUSTER_SIZE == 1:
        f2fs_begin_folio(folio, end_pos)
    elif BLOCKS > 1 and not folio.private:
        ffs_alloc(folio)
        iomap_set_range_dirty(folio, 0, end_pos - folio_pos(folio))


@kernel("fs/f2fs/data.c")
def f2fs_finish_folio_not_compressed(folio: Folio, err: Errno, pos: loff_t):
    """Of a compressed file, the completion of a cluster ends writeback."""
    if F2FS_CLUSTER_SIZE == 1:
        f2fs_finish_folio_r4b(folio, err, pos)


@kernel("fs/f2fs/data.c")
def f2fs_leave_folio_unless_staged(folio: Folio, cc: CompressCtx):
    """A folio of which the compress context has a page stays locked."""
    if not is_staged(cc, folio):
        folio_unlock(folio)


@kernel("fs/f2fs/data.c")
def f2fs_write_folio_or_window(
    folio: Folio, wbc: WritebackControl, cc: CompressCtx, cp: CachePages, end_pos: loff_t, err: Errno
) -> Errno:
    """Of a compressed file: let the folio go, and lock and write the clusters that it is part of as f2fs_folios does."""
    if F2FS_CLUSTER_SIZE > 1:
        return f2fs_write_folio_compressed(wbc, folio)
    return f2fs_write_folio_r4b(folio, wbc, cc, cp, end_pos, err)


@kernel("fs/f2fs/data.c")
def f2fs_write_single_folio_redirty_first(
    folio: Folio, wbc: WritebackControl, start: loff_t, end: loff_t
) -> Errno:
    """If not all of a range was written, its folio is dirty again, and then the error is recorded."""
    err = f2fs_write_single_folio_r3(folio, wbc, start, end)
    if err != OK:
        with atomic("folio_redirty_for_writepage(): under the folio lock"):
            folio_redirty_for_writepage(wbc, folio)
        if err != EAGAIN:
            mapping_set_error(mapping, err)
    return err


# Each line is one repair; f2fs_r4b_N is R4b with the first N of them.
REPAIRS = (
    (
        replace(folio_start_writeback, by=folio_start_writeback_once, inside=f2fs_do_write_data_page, nth=1),
        replace(folio_start_writeback, by=folio_start_writeback_once, inside=f2fs_do_write_data_page, nth=2),
    ),
    (override(f2fs_slot, by=own_slot),),
    (replace(mapping_set_error, by=record_failure, inside=f2fs_write_single_folio_r3),),
    (
        replace(
            f2fs_write_single_folio_r3, by=f2fs_write_single_folio_or_redirty, inside=f2fs_write_folio_r4b
        ),
        replace(iomap_clear_range_dirty, by=clear_bits_if_clean, inside=f2fs_write_folio_r4b),
    ),
    (replace(charge_nr_to_write, by=iterator_charges, inside=f2fs_write_single_folio_r3),),
    (
        insert_after(writeback_iter, submit_cached_bio, inside=f2fs_write_cache_folios_r4b),
        insert_after(f2fs_write_multi_pages_uncharged, submit_cached_bio, inside=f2fs_write_cache_folios_r4b),
    ),
    (
        insert_before(folio_unlock, count_behind_eof, inside=f2fs_write_cache_folios_r4b),
        insert_before(f2fs_leave_folio_r4b, count_as_clean, inside=f2fs_write_folio_r4b),
    ),
    (override(nothing_was_submitted, by=nothing_or_an_error),),
    (replace(f2fs_do_write_data_page, by=f2fs_do_write_data_page_insists, inside=f2fs_write_single_folio_r3, nth=2),),
    (override(f2fs_end_page_writeback, by=f2fs_finish_page_writeback),),
    (replace(eof_ends_the_pass, by=eof_ends_the_folio, inside=f2fs_write_cache_folios_r4b),),
    (override(f2fs_put_uptodate_folio, by=f2fs_unlock_uptodate_folio),),
    (override(end_of_range, by=end_of_cluster),),
    (override(count_range_as_pending, by=count_range_of_large_folio),),
    (override(f2fs_leave_folio_r4b, by=f2fs_leave_folio_unless_staged),),
    (override(walk_comes_to_its_end, by=walk_steps_over_empty_slots),),
    (
        replace(f2fs_begin_folio, by=f2fs_begin_folio_not_compressed, inside=f2fs_write_folio_r4b),
        replace(f2fs_finish_folio_r4b, by=f2fs_finish_folio_not_compressed, inside=f2fs_write_folio_r4b),
    ),
    (override(set_cluster_writeback, by=set_cluster_writeback_of_folios),),
    COUNT_ONCE,
    (replace(folio_redirty_for_writepage, by=redirty_with_bits, inside=f2fs_unlock_rpages),),
    UNLOCK_ONCE,
    (
        replace(f2fs_write_folio_r4b, by=f2fs_write_folio_or_window, inside=f2fs_write_cache_folios_r4b),
        override(f2fs_compress_write_end_io, by=f2fs_compress_end_folios),
    ),
    f2fs_truncate_looks_once.edits,
    (
        override(record_failure, by=recorded_by_the_caller),
        override(f2fs_write_single_folio_or_redirty, by=f2fs_write_single_folio_redirty_first),
    ),
)
DOCS = (
    "f2fs_do_write_data_page() begins writeback only if nobody has.",
    "a page is written to the address of its own index.",
    "EAGAIN is not recorded as an error of the file.",
    "what was not written is dirty again, and keeps its bits.",
    "only writeback_iter() charges nr_to_write.",
    "the cached bio is submitted at the end of a pass.",
    "a folio that is clean is not counted as dirty.",
    "writeback ends where nothing was submitted, after an error too.",
    "a page waits until no checkpoint is in its way.",
    "writeback ends with the last page of a folio.",
    "a folio beyond EOF does not end the pass.",
    "a folio that needs no read is unlocked again.",
    "a range ends with the cluster in which it begins.",
    "a folio without a state has no count of pending bytes.",
    "a folio of which a page is in the context stays locked.",
    "the walk over the pages of a cluster steps over empty slots.",
    "of a compressed file, set_cluster_writeback() alone begins writeback.",
    "set_cluster_writeback() begins writeback once for each folio.",
    "dirty_pages goes down once for each folio.",
    "what the raw path dirties again has its dirty bits.",
    "each folio of a cluster is unlocked once, behind the last slot.",
    "of a compressed file all folios of a cluster are locked and written as one.",
    "as in the kernel: truncate looks only once whether a cluster is compressed.",
    "a folio is dirty again before its error is recorded.",
)

(
    f2fs_r4b_1, f2fs_r4b_2, f2fs_r4b_3, f2fs_r4b_4, f2fs_r4b_5, f2fs_r4b_6, f2fs_r4b_7, f2fs_r4b_8, f2fs_r4b_9,
    f2fs_r4b_10, f2fs_r4b_11, f2fs_r4b_12, f2fs_r4b_13, f2fs_r4b_14, f2fs_r4b_15, f2fs_r4b_16, f2fs_r4b_17,
    f2fs_r4b_18, f2fs_r4b_19, f2fs_r4b_20, f2fs_r4b_21, f2fs_r4b_22, f2fs_r4b_23, f2fs_r4b_24,
) = stages(f2fs_r4b, DOCS, one_by_one(REPAIRS))  # fmt: skip
