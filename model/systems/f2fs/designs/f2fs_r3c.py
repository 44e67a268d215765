"""The compressed half of R3: ranges of folios are gathered in a compress context, inside the loop over writeback_iter().

What both halves of the text share is repaired from the start, see f2fs_r3.py: a folio beyond EOF does not end the pass, only the
iterator charges nr_to_write, the cached bio is submitted at the end.  f2fs_write_multi_pages() and what it calls are the kernel's: the
text does not change them.  prepare_compress_overwrite() is called with NULL for what it returns, which would be
written to; that it returns nothing is the reading that is kindest.
"""

from __future__ import annotations

from checker.lang import atomic, bug_on, drop, kernel, number, override, primitive, replace, variant

from model.fs.f2fs.compress import CompressCtx, cluster_t, f2fs_compress_ctx_add_page, f2fs_is_compressed_cluster
from model.fs.f2fs.compress import f2fs_prepare_compress_overwrite, f2fs_write_multi_pages
from model.fs.f2fs.data import __f2fs_write_data_pages, charge_submitted, f2fs_dirty_data_folio, f2fs_take_folio
from model.fs.f2fs.data import f2fs_write_cache_pages, folio_redirty_for_writepage
from model.fs.f2fs.segment import f2fs_submit_merged_write
from model.fs.iomap.buffered_io import iomap_clear_range_dirty, iomap_find_dirty_range
from model.fs.iomap.buffered_io_writeback import iomap_writepage_handle_eof
from model.include.f2fs import F2FS_CLUSTER_SIZE, PREPARED, CachePages, Page, page_count_t, sbi
from model.include.primitives import folio_lock, folio_unlock
from model.include.size import folio_pos, round_up_to_block
from model.include.state import EAGAIN, FOLIO_SIZE, OK, PAGES, PAGE_SIZE, AddressSpace, Errno, Folio
from model.include.state import WritebackControl
from model.include.state import loff_t, mapping
from model.mm.filemap import mapping_set_error
from model.mm.page_writeback import folio_clear_dirty_for_io, writeback_iter
from model.systems.f2fs.designs.f2fs_folios import f2fs_begin_folio, f2fs_folios, f2fs_write_cache_folios
from model.systems.f2fs.designs.f2fs_r3 import count_as_clean, f2fs_finish_folio
from model.systems.f2fs.designs.stages import stages
from model.systems.f2fs.scenarios import f2fs


@primitive("fs/f2fs/compress.c")
def f2fs_compress_ctx_add_folio(cc: CompressCtx, pos: loff_t, rlen: loff_t):
    """Put the pages of a range into the context: as many as the folio, the range, and the context have left."""
    first = pos // PAGE_SIZE
    count = min(PAGES - first % PAGES, F2FS_CLUSTER_SIZE - cc.nr_rpages, rlen // PAGE_SIZE)
    bug_on(cc.nr_rpages > 0 and cc.cluster_idx != first // F2FS_CLUSTER_SIZE)
    bug_on(first % F2FS_CLUSTER_SIZE + count > F2FS_CLUSTER_SIZE)
    cc.cluster_idx = first // F2FS_CLUSTER_SIZE
    for slot in range(0, F2FS_CLUSTER_SIZE):
        if first % F2FS_CLUSTER_SIZE <= slot < first % F2FS_CLUSTER_SIZE + count:
            cc.rpages[slot] = True
            cc.nr_rpages += 1


@kernel("fs/f2fs/data.c")
def f2fs_gather_range(
    folio: Folio, cc: CompressCtx, cp: CachePages, wbc: WritebackControl, pos: loff_t, r_len: loff_t
) -> Errno:
    """Write the cluster before this range, prepare that of the range, and add the range to it; a full one is written."""
    cluster: cluster_t = pos // PAGE_SIZE // F2FS_CLUSTER_SIZE
    if cc.nr_rpages > 0 and cc.cluster_idx != cluster:
        err = f2fs_write_multi_pages(cc, cp, wbc)
        if err != OK:
            return err
    if cc.nr_rpages == 0:
        f2fs_prepare_compress_overwrite(cluster)
    f2fs_compress_ctx_add_folio(cc, pos, r_len)
    if cc.nr_rpages == F2FS_CLUSTER_SIZE:
        return f2fs_write_multi_pages(cc, cp, wbc)
    return OK


@kernel("fs/f2fs/data.c")
def f2fs_begin_folio_r3(folio: Folio, end_pos: loff_t):
    """Begin writeback of a folio, a large one with a bias."""
    with atomic("folio_start_writeback(): under the folio lock"):
        f2fs_begin_folio(folio, end_pos)


@kernel("fs/f2fs/data.c")
def f2fs_leave_folio(folio: Folio, wbc: WritebackControl, err: Errno, pos: loff_t):
    """Behind the last range: no page of the folio is dirty any more, but after an error; unlock, and drop the bias."""
    with atomic("iomap_clear_range_dirty() or redirty: under the folio lock"):
        if err == OK:
            iomap_clear_range_dirty(folio, 0, FOLIO_SIZE)
        else:
            folio_redirty_for_writepage(wbc, folio)
    folio_unlock(folio)
    f2fs_finish_folio(folio, err, pos)


@kernel("fs/f2fs/data.c")
def f2fs_write_cache_folios_r3c(mapping: AddressSpace, wbc: WritebackControl) -> Errno:
    """R3 as it was written, of a compressed file.

    Left out: FI_HOT_DATA; errors of f2fs_init_compress_ctx().
    """
    cp = CachePages()
    cc = CompressCtx()
    folio: Folio = None
    iter_err: Errno = OK
    err: Errno = OK
    while (folio := writeback_iter(mapping, wbc, folio, iter_err)) is not None:
        pos: loff_t = folio_pos(folio)
        end_pos: loff_t = pos + FOLIO_SIZE
        with atomic("iomap_writepage_handle_eof(): under the folio lock"):
            inside = iomap_writepage_handle_eof(folio, end_pos)
            if not inside:
                count_as_clean(folio)
                folio_unlock(folio)
        if not inside:
            continue
        f2fs_begin_folio_r3(folio, end_pos)
        end_aligned: loff_t = round_up_to_block(end_pos)
        while (r_len := iomap_find_dirty_range(folio, pos, end_aligned)) > 0:
            err = f2fs_gather_range(folio, cc, cp, wbc, pos, r_len)
            if err != OK:
                break
            pos += r_len
        f2fs_leave_folio(folio, wbc, err, pos)
        if err != OK:
            mapping_set_error(mapping, err)
            break
    if cc.nr_rpages > 0:
        err = f2fs_write_multi_pages(cc, cp, wbc)
    f2fs_submit_merged_write(sbi)
    return err if err != OK else iter_err


# -------------------------------------------------------------------- repairs


@kernel("fs/f2fs/data.c")
def iterator_charges_folios(wbc: WritebackControl, cp: CachePages, submitted: page_count_t):
    """Nothing: the text leaves out what f2fs_write_cache_pages() takes off nr_to_write; writeback_iter() charges the folio."""


@kernel("fs/f2fs/data.c")
def writeback_begins_with_the_cluster(folio: Folio, end_pos: loff_t):
    """Nothing: set_cluster_writeback() or f2fs_do_write_data_page() begin it."""


@kernel("fs/f2fs/data.c")
def f2fs_leave_gathered_folio(folio: Folio, wbc: WritebackControl, err: Errno, pos: loff_t):
    """A folio that is in the context stays locked; f2fs_write_multi_pages() unlocks it, and ends its writeback."""
    if pos == folio_pos(folio):
        with atomic("folio_redirty_for_writepage(): under the folio lock"):
            if err != OK:
                folio_redirty_for_writepage(wbc, folio)
            folio_unlock(folio)


@kernel("fs/f2fs/data.c")
def f2fs_give_back(wbc: WritebackControl, folio: Folio):
    """Dirty and unlock a folio that nothing has happened to."""
    with atomic("folio_redirty_for_writepage(): under the folio lock"):
        folio_redirty_for_writepage(wbc, folio)
        folio_unlock(folio)


@kernel("fs/f2fs/data.c")
def f2fs_gather_cluster(cluster: cluster_t, cc: CompressCtx) -> bool:
    """Of a cluster that is compressed on disk, all pages are gathered, locked and clean; the checkpoint will wait for their I/O."""
    if f2fs_prepare_compress_overwrite(cluster) != PREPARED:
        return False
    for slot in range(0, F2FS_CLUSTER_SIZE):
        page: Page = Page[cluster * F2FS_CLUSTER_SIZE + slot]
        locked: Folio = Folio[number(page) // PAGES]
        with atomic("folio_clear_dirty_for_io(): under the folio lock"):
            f2fs_dirty_data_folio(mapping, locked)
            page.gcing = True
            folio_clear_dirty_for_io(locked)
            f2fs_compress_ctx_add_page(cc, page)
    return True


@kernel("fs/f2fs/data.c")
def f2fs_gather_whole(
    folio: Folio, cc: CompressCtx, cp: CachePages, wbc: WritebackControl, pos: loff_t, r_len: loff_t
) -> Errno:
    """Gather a cluster that is compressed on disk as a whole, after the folio has been given back; others as before."""
    cluster: cluster_t = pos // PAGE_SIZE // F2FS_CLUSTER_SIZE
    err: Errno = OK
    if cc.nr_rpages > 0 and cc.cluster_idx != cluster:
        err = f2fs_write_multi_pages(cc, cp, wbc)
        if err != OK:
            f2fs_give_back(wbc, folio)
            return err
    if cc.nr_rpages == 0:
        if f2fs_is_compressed_cluster(cluster):
            f2fs_give_back(wbc, folio)
            if f2fs_gather_cluster(cluster, cc):
                return f2fs_write_multi_pages(cc, cp, wbc)
            folio_lock(folio)
            if not f2fs_take_folio(wbc, folio):
                folio_unlock(folio)
                return OK
    f2fs_compress_ctx_add_folio(cc, pos, r_len)
    if cc.nr_rpages == F2FS_CLUSTER_SIZE:
        err = f2fs_write_multi_pages(cc, cp, wbc)
    return err


@kernel("fs/f2fs/data.c")
def f2fs_leave_folio_without_ranges(folio: Folio, wbc: WritebackControl, err: Errno, pos: loff_t):
    """Who gathers a range sees to the lock; here is left a folio that had none."""
    if err == OK and pos == folio_pos(folio):
        folio_unlock(folio)


@kernel("fs/f2fs/data.c")
def f2fs_write_cluster_and_submit(cc: CompressCtx, cp: CachePages, wbc: WritebackControl) -> Errno:
    """f2fs_write_multi_pages(), and the cached bio is submitted: the iterator may wait for a page of it."""
    err = f2fs_write_multi_pages(cc, cp, wbc)
    f2fs_submit_merged_write(sbi)
    return err


@kernel("fs/f2fs/data.c")
def f2fs_write_before(folio: Folio, cc: CompressCtx, cp: CachePages, wbc: WritebackControl) -> Errno:
    """Write the cluster that has been gathered before; the folio is given back, and not locked meanwhile."""
    f2fs_give_back(wbc, folio)
    err = f2fs_write_cluster_and_submit(cc, cp, wbc)
    if err == OK:
        folio_lock(folio)
        if not f2fs_take_folio(wbc, folio):
            folio_unlock(folio)
            return EAGAIN
    return err


@kernel("fs/f2fs/data.c")
def f2fs_gather_in_order(
    folio: Folio, cc: CompressCtx, cp: CachePages, wbc: WritebackControl, pos: loff_t, r_len: loff_t
) -> Errno:
    """As f2fs_gather_whole(); but no folio is locked while the cluster before it is written."""
    cluster: cluster_t = pos // PAGE_SIZE // F2FS_CLUSTER_SIZE
    err: Errno = OK
    if cc.nr_rpages > 0 and cc.cluster_idx != cluster:
        err = f2fs_write_before(folio, cc, cp, wbc)
        if err != OK:
            return OK if err == EAGAIN else err
    if cc.nr_rpages == 0:
        if f2fs_is_compressed_cluster(cluster):
            f2fs_give_back(wbc, folio)
            if f2fs_gather_cluster(cluster, cc):
                return f2fs_write_cluster_and_submit(cc, cp, wbc)
            folio_lock(folio)
            if not f2fs_take_folio(wbc, folio):
                folio_unlock(folio)
                return OK
    f2fs_compress_ctx_add_folio(cc, pos, r_len)
    if cc.nr_rpages == F2FS_CLUSTER_SIZE:
        err = f2fs_write_cluster_and_submit(cc, cp, wbc)
    return err


f2fs_r3c = variant(
    "R3, compressed: the pages of a cluster are gathered over several rounds of writeback_iter().",
    replace(f2fs_write_cache_pages, by=f2fs_write_cache_folios_r3c, inside=__f2fs_write_data_pages),
    replace(charge_submitted, by=iterator_charges_folios, inside=f2fs_write_multi_pages), of=f2fs,
)  # fmt: skip

NO_PREPARE = (drop(f2fs_prepare_compress_overwrite, inside=f2fs_gather_range),)
STAY_LOCKED = (override(f2fs_leave_folio, by=f2fs_leave_gathered_folio),)
NO_WRITEBACK = (override(f2fs_begin_folio_r3, by=writeback_begins_with_the_cluster),)
WHOLE = (
    replace(f2fs_gather_range, by=f2fs_gather_whole, inside=f2fs_write_cache_folios_r3c),
    override(f2fs_leave_folio, by=f2fs_leave_folio_without_ranges),
)
SUBMIT = (
    replace(f2fs_write_multi_pages, by=f2fs_write_cluster_and_submit, inside=f2fs_gather_whole, nth=1),
    replace(f2fs_write_multi_pages, by=f2fs_write_cluster_and_submit, inside=f2fs_gather_whole, nth=2),
    replace(f2fs_write_multi_pages, by=f2fs_write_cluster_and_submit, inside=f2fs_gather_whole, nth=3),
)
IN_ORDER = (
    override(f2fs_gather_range, by=f2fs_gather_in_order),
    override(f2fs_leave_folio, by=f2fs_leave_folio_without_ranges),
)
WINDOWS = (override(f2fs_write_cache_folios_r3c, by=f2fs_write_cache_folios), *f2fs_folios.edits[1:])

# f2fs_r3c_N is R3 with the first N repairs.  A repair that rewrites f2fs_gather_range() contains those before it.
STAGES = (
    (),
    NO_PREPARE,
    NO_PREPARE + STAY_LOCKED,
    NO_PREPARE + STAY_LOCKED + NO_WRITEBACK,
    WHOLE + NO_WRITEBACK,
    WHOLE + NO_WRITEBACK + SUBMIT,
    IN_ORDER + NO_WRITEBACK,
    WINDOWS,
)
DOCS = (
    "no cluster is prepared, as R4 leaves it out.",
    "a folio that has been gathered stays locked until its cluster is written.",
    "the loop does not begin writeback; who writes the cluster does.",
    "a cluster that is compressed on disk is gathered as a whole, after the folio has been given back.",
    "the bio is submitted before the iterator goes on.",
    "the next folio is given back before the cluster before it is written.",
    "clusters are written by the window, as in `f2fs_folios`.",
)

(
    f2fs_r3c_1, f2fs_r3c_2, f2fs_r3c_3, f2fs_r3c_4, f2fs_r3c_5, f2fs_r3c_6, f2fs_r3c_7,
) = stages(f2fs_r3c, DOCS, STAGES)  # fmt: skip
