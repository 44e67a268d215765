"""Clusters in revision R4: what gathers the pages of a cluster, and its prepare_compress_overwrite() and put_rpages().

What the text leaves to the kernel goes from page to page of a cluster, as model/fs/f2fs/compress.py does.
Left out: the byte position that the second half of prepare_compress_overwrite() computes; it is right wherever the pages of a
folio that belong to a cluster are its first ones, and no scenario reads others.
"""

from __future__ import annotations

from checker.lang import Place, atomic, bug_on, each, insert_after, insert_before, kernel, number, primitive, replace
from checker.lang import wait_until

from model.fs.f2fs.compress import CompressCtx, cancel_cluster_writeback, cluster_t, f2fs_unlock_rpages
from model.fs.f2fs.compress import f2fs_write_compressed_pages, f2fs_write_multi_pages, f2fs_write_raw_pages
from model.fs.f2fs.compress import set_cluster_writeback
from model.fs.f2fs.data import folio_redirty_for_writepage
from model.fs.iomap.buffered_io import iomap_set_range_dirty
from model.include.f2fs import F2FS_CLUSTER_SIZE, CachePages, Page, sbi
from model.fs.f2fs.primitives import f2fs_read_pages, f2fs_unlock_op
from model.include.primitives import atomic_dec, folio_lock, folio_test_uptodate, folio_unlock
from model.include.state import FOLIO_SIZE, PAGES, PAGE_SIZE, Errno, Folio, WritebackControl, loff_t, mapping, pgoff_t
from model.mm.filemap import __filemap_get_folio
from model.mm.page_writeback import folio_start_writeback
from model.systems.f2fs.designs.f2fs_clusters import f2fs_lock_uptodate_folio
from model.systems.f2fs.designs.f2fs_repairs import is_locked_still, keep_locked


@primitive("fs/f2fs/compress.c")
def f2fs_compress_ctx_add_folio(cc: CompressCtx, folio: Folio, pos: loff_t, rlen: loff_t):
    """The pages of a range of a locked folio become part of the cluster that is being gathered, as many as it has room for."""
    index: pgoff_t = pos // PAGE_SIZE
    bug_on(cc.nr_rpages > 0 and cc.cluster_idx != index // F2FS_CLUSTER_SIZE)
    pages = min(rlen // PAGE_SIZE, F2FS_CLUSTER_SIZE - cc.nr_rpages)
    first = index % F2FS_CLUSTER_SIZE
    bug_on(first + pages > F2FS_CLUSTER_SIZE)  # behind the end of rpages
    cc.cluster_idx = index // F2FS_CLUSTER_SIZE
    for slot in range(0, F2FS_CLUSTER_SIZE):
        if first <= slot < first + pages:
            cc.rpages[slot] = True
    cc.nr_rpages += pages


@kernel("fs/f2fs/compress.c")
def f2fs_write_multi_pages_uncharged(cc: CompressCtx, cp: CachePages, wbc: WritebackControl) -> Errno:
    """f2fs_write_multi_pages(), whose caller takes nothing off nr_to_write: these lines are comments."""
    budget = wbc.nr_to_write
    err = f2fs_write_multi_pages(cc, cp, wbc)
    wbc.nr_to_write = budget
    return err


# ------------------------------------------------------------ loops over rpages


@primitive()
def walk_comes_to_its_end(cc: CompressCtx) -> bool:
    """Does a walk over rpages end that stays where it is at an empty slot?  Else it steps over the pages of the folio."""
    next = 0
    for slot in range(0, F2FS_CLUSTER_SIZE):
        if slot == next and cc.rpages[slot]:
            behind = PAGES - (cc.cluster_idx * F2FS_CLUSTER_SIZE + slot) % PAGES
            next = min(slot + behind, F2FS_CLUSTER_SIZE)
    return next == F2FS_CLUSTER_SIZE


@primitive()
def walk_goes_on_for_ever(ends: bool):
    """A loop that never ends is a wait for what never comes."""
    wait_until(ends)


@kernel("fs/f2fs/compress.c")
def f2fs_put_rpages_wbc(cc: CompressCtx):
    """Give back the references of the pages of a cluster, folio by folio; references are left out."""
    ends = walk_comes_to_its_end(cc)
    if not ends:
        walk_goes_on_for_ever(ends)


# ----------------------------------------------------- prepare_compress_overwrite


@kernel("fs/f2fs/compress.c")
def f2fs_put_uptodate_folio(folio: Folio):
    """folio_put() of a folio that needs no read: it stays locked."""


@kernel("fs/f2fs/compress.c")
def f2fs_read_cluster_r4(cluster: cluster_t) -> bool:
    """Lock the folios of a cluster; read those that are not valid, which unlocks them.  Left out: reads that fail."""
    kept = CompressCtx()
    kept.cluster_idx = cluster
    slot: pgoff_t = 0
    while slot < F2FS_CLUSTER_SIZE:
        folio: Folio = Folio[(cluster * F2FS_CLUSTER_SIZE + slot) // PAGES]
        pages = min(PAGES - (cluster * F2FS_CLUSTER_SIZE + slot) % PAGES, F2FS_CLUSTER_SIZE - slot)
        __filemap_get_folio(mapping, folio)
        if folio_test_uptodate(folio):
            f2fs_put_uptodate_folio(folio)
        else:
            f2fs_compress_ctx_add_folio(kept, folio, (cluster * F2FS_CLUSTER_SIZE + slot) * PAGE_SIZE, pages * PAGE_SIZE)
        slot += pages
    if kept.nr_rpages > 0:
        f2fs_read_rpages(kept)
        f2fs_put_rpages_wbc(kept)
    return True


@kernel("fs/f2fs/compress.c")
def f2fs_read_rpages(kept: CompressCtx):
    """f2fs_read_multi_folios(), and its completion."""
    for first in range(0, F2FS_CLUSTER_SIZE):
        index: pgoff_t = kept.cluster_idx * F2FS_CLUSTER_SIZE + first
        if kept.rpages[first] and (first == 0 or index % PAGES == 0):
            with atomic("f2fs_read_multi_folios(), and its completion, which unlocks the folio"):
                f2fs_read_pages(Folio[index // PAGES])
                folio_unlock(Folio[index // PAGES])


@kernel("fs/f2fs/compress.c")
def f2fs_lock_cluster_r4(cluster: cluster_t) -> bool:
    """Lock the folios of a cluster, valid and idle; False: one was gone, and none is locked."""
    slot: pgoff_t = 0
    while slot < F2FS_CLUSTER_SIZE:
        folio: Folio = Folio[(cluster * F2FS_CLUSTER_SIZE + slot) // PAGES]
        if not f2fs_lock_uptodate_folio(folio):
            for locked in range(0, slot):
                if (cluster * F2FS_CLUSTER_SIZE + locked) % PAGES == 0 or locked == 0:
                    folio_unlock(Folio[(cluster * F2FS_CLUSTER_SIZE + locked) // PAGES])
            return False
        slot += min(PAGES - (cluster * F2FS_CLUSTER_SIZE + slot) % PAGES, F2FS_CLUSTER_SIZE - slot)
    return True


# -------------------------------------------------------------------- repairs


@kernel("fs/f2fs/compress.c")
def f2fs_unlock_uptodate_folio(folio: Folio):
    """f2fs_folio_put() with unlock."""
    folio_unlock(folio)


@primitive()
def walk_steps_over_empty_slots(cc: CompressCtx) -> bool:
    """A walk that goes on at every slot ends."""
    return True


@primitive()
def is_staged(cc: CompressCtx, folio: Folio) -> bool:
    """Is a page of the folio in the context?"""
    return cc.nr_rpages > 0 and any(
        cc.rpages[slot] and (cc.cluster_idx * F2FS_CLUSTER_SIZE + slot) // PAGES == number(folio)
        for slot in range(0, F2FS_CLUSTER_SIZE)
    )


@primitive("fs/f2fs/compress.c")
def set_cluster_writeback_of_folios(cluster: cluster_t):
    """Begin writeback of every folio of a cluster once; what its pages hold now is what has been compressed."""
    for page in each(Page):
        if number(page) // F2FS_CLUSTER_SIZE == cluster:
            folio = Folio[number(page) // PAGES]
            if number(page) % PAGES == 0 or number(page) % F2FS_CLUSTER_SIZE == 0:
                folio_start_writeback(folio)
            for c in range(0, PAGE_SIZE):
                page.compressed[c] = folio.data[number(page) % PAGES * PAGE_SIZE + c]


@kernel("fs/f2fs/compress.c")
def unlock_folios_of_cluster(cluster: cluster_t):
    """folio_unlock() of each folio of a cluster, whose slots are all done."""
    for slot in range(0, F2FS_CLUSTER_SIZE):
        if slot == 0 or (cluster * F2FS_CLUSTER_SIZE + slot) % PAGES == 0:
            folio_unlock(Folio[(cluster * F2FS_CLUSTER_SIZE + slot) // PAGES])


@kernel("fs/f2fs/compress.c")
def count_folios_of_cluster(cluster: cluster_t):
    """inode_dec_dirty_pages() for each folio of a cluster."""
    for slot in range(0, F2FS_CLUSTER_SIZE):
        if slot == 0 or (cluster * F2FS_CLUSTER_SIZE + slot) % PAGES == 0:
            with atomic("inode_dec_dirty_pages()"):
                atomic_dec(sbi.dirty_pages)


@kernel("fs/f2fs/compress.c")
def counted_with_its_folio(v: Place):
    """A page is not counted."""


@kernel("fs/f2fs/compress.c")
def redirty_with_bits(wbc: WritebackControl, folio: Folio):
    """A folio that is dirty again is dirty everywhere."""
    folio_redirty_for_writepage(wbc, folio)
    iomap_set_range_dirty(folio, 0, FOLIO_SIZE)


@kernel("fs/f2fs/compress.c")
def f2fs_unlock_rpages_once(cc: CompressCtx, wbc: WritebackControl):
    """Dirty each folio of a cluster again, and unlock it once."""
    for folio in each(Folio):
        if is_staged(cc, folio):
            with atomic("folio_redirty_for_writepage(): under the folio lock"):
                redirty_with_bits(wbc, folio)
                folio_unlock(folio)


UNLOCK_ONCE = (
    replace(folio_unlock, by=keep_locked, inside=f2fs_write_compressed_pages, nth=1),
    replace(folio_unlock, by=keep_locked, inside=f2fs_write_compressed_pages, nth=2),
    replace(folio_unlock, by=keep_locked, inside=f2fs_write_compressed_pages, nth=3),
    insert_before(f2fs_unlock_op, unlock_folios_of_cluster, inside=f2fs_write_compressed_pages, nth=4),
    replace(folio_lock, by=is_locked_still, inside=cancel_cluster_writeback),
    replace(f2fs_unlock_rpages, by=f2fs_unlock_rpages_once, inside=f2fs_write_raw_pages),
)
COUNT_ONCE = (
    replace(atomic_dec, by=counted_with_its_folio, inside=f2fs_write_compressed_pages, nth=1),
    replace(atomic_dec, by=counted_with_its_folio, inside=f2fs_write_compressed_pages, nth=2),
    replace(atomic_dec, by=counted_with_its_folio, inside=f2fs_write_compressed_pages, nth=3),
    insert_after(set_cluster_writeback, count_folios_of_cluster, inside=f2fs_write_compressed_pages),
)
