"""fs/f2fs/compress.c: clusters of pages that are written as one, compressed or raw.

A cluster compresses to one block, whose address is in its second slot; the first slot says that it is compressed.
Functions go from page to page of a cluster, as the kernel's do: of a large folio each of them would come several times.
Left out of the whole file: clusters that compress to more blocks, and with them the counting of their I/O;
failing allocations of memory; quota; what a reader sees.
"""

from __future__ import annotations

from checker.lang import Array, Flag, Place, Range, Record, atomic, bug_on, choose, each, kernel, number, primitive

from model.include.f2fs import CDATA_ADDR, COMPRESS_ADDR, F2FS_CLUSTER_SIZE, F2FS_COMPRESSIBLE, F2FS_META_GC, NEW_ADDR
from model.include.f2fs import F2FS_UMOUNT, Sbi
from model.include.f2fs import CANNOT_READ, NO_IO, NOT_COMPRESSED, NULL_ADDR, PREPARED, CachePages, Page, Prepared
from model.include.f2fs import page_count_t, sbi
from model.fs.f2fs.primitives import f2fs_get_dnode_of_data, f2fs_lock_op, f2fs_note_written
from model.fs.f2fs.primitives import f2fs_trylock_op, f2fs_unlock_op, f2fs_update_data_blkaddr
from model.include.primitives import atomic_dec, atomic_read, folio_lock, folio_test_uptodate, folio_test_writeback
from model.include.primitives import folio_unlock
from model.include.state import EAGAIN, EIO, ERRORS, FILE_PAGES, OK, PAGES, PAGE_SIZE, STALE, WB_SYNC_NONE, Errno, Folio
from model.include.state import WritebackControl, inode, loff_t, mapping
from model.mm.filemap import __filemap_get_folio, filemap_lock_folio
from model.mm.page_writeback import folio_end_writeback, folio_start_writeback

slot_t = Range(0, F2FS_CLUSTER_SIZE)
cluster_t = Range(0, FILE_PAGES)


class CompressCtx(Record):
    """struct compress_ctx; rpages[i]: the page of slot i is in it, locked.  cluster_idx counts only if any is."""

    cluster_idx = Range(0, FILE_PAGES, "cluster_idx")
    rpages = Array(Flag(), F2FS_CLUSTER_SIZE)
    nr_rpages = Range(0, F2FS_CLUSTER_SIZE, "nr_rpages")


# ------------------------------------------------------------------ small helpers


@primitive("fs/f2fs/compress.c")
def f2fs_compress_ctx_add_page(cc: CompressCtx, page: Page):
    """A locked page becomes part of the cluster that is being gathered."""
    bug_on(cc.nr_rpages > 0 and cc.cluster_idx != number(page) // F2FS_CLUSTER_SIZE)
    cc.cluster_idx = number(page) // F2FS_CLUSTER_SIZE
    cc.rpages[number(page) % F2FS_CLUSTER_SIZE] = True
    cc.nr_rpages += 1


@primitive("fs/f2fs/compress.c")
def f2fs_destroy_compress_ctx(cc: CompressCtx):
    """The context is empty."""
    for slot in range(0, F2FS_CLUSTER_SIZE):
        cc.rpages[slot] = False
    cc.nr_rpages = 0
    cc.cluster_idx = 0


@primitive("fs/f2fs/compress.c")
def f2fs_all_cluster_page_ready(cp: CachePages, page: Page, uptodate: bool) -> bool:
    """Are this page and those behind it in the array a whole cluster (and uptodate)?  A hint: nothing is locked."""
    ready = number(page) % F2FS_CLUSTER_SIZE == 0 or not uptodate
    for other in each(Page):
        if number(page) <= number(other) < number(page) + F2FS_CLUSTER_SIZE:
            if other != page and not cp.pages[number(other)]:
                ready = False
            if uptodate and not Folio[number(other) // PAGES].uptodate:
                ready = False
    return ready and number(page) + F2FS_CLUSTER_SIZE <= FILE_PAGES


@primitive("fs/f2fs/compress.c")
def f2fs_is_compressed_cluster(cluster: cluster_t) -> bool:
    """Is the cluster compressed on disk?"""
    return Page[cluster * F2FS_CLUSTER_SIZE].addr == COMPRESS_ADDR


@primitive("fs/f2fs/compress.c")
def cluster_may_compress(cc: CompressCtx) -> bool:
    """Is the cluster complete, and inside the file?"""
    behind = (cc.cluster_idx + 1) * F2FS_CLUSTER_SIZE
    return cc.nr_rpages == F2FS_CLUSTER_SIZE and behind * PAGE_SIZE <= inode.i_size + PAGE_SIZE - 1


# --------------------------------------------- read, lock and dirty a whole cluster


@kernel("fs/f2fs/compress.c")
def f2fs_read_cluster(cluster: cluster_t) -> bool:
    """Lock the pages of a cluster, one after the other; read those that are not uptodate, and unlock all.

    False: one could not be read.  In 6.13 nobody asks.
    """
    good = True
    kept = CompressCtx()
    for slot in range(0, F2FS_CLUSTER_SIZE):
        folio: Folio = Folio[(cluster * F2FS_CLUSTER_SIZE + slot) // PAGES]
        __filemap_get_folio(mapping, folio)
        if folio_test_uptodate(folio):
            folio_unlock(folio)
        else:
            kept.rpages[slot] = True
    for slot in range(0, F2FS_CLUSTER_SIZE):
        if kept.rpages[slot]:
            folio = Folio[(cluster * F2FS_CLUSTER_SIZE + slot) // PAGES]
            with atomic("f2fs_read_multi_pages(), and its completion, which unlocks the page"):
                read = f2fs_submit_page_read(folio)
                folio_unlock(folio)
            good = good and read
    return good


@kernel("fs/f2fs/compress.c")
def f2fs_lock_cluster(cluster: cluster_t) -> bool:
    """Lock the pages of a cluster, uptodate and idle; False: one was gone, and none is locked."""
    for slot in range(0, F2FS_CLUSTER_SIZE):
        folio: Folio = Folio[(cluster * F2FS_CLUSTER_SIZE + slot) // PAGES]
        found = filemap_lock_folio(folio)
        good = False
        if found:
            f2fs_wait_on_page_writeback(folio)
            with atomic("folio_test_uptodate(): under the folio lock"):
                good = folio.mapping and folio_test_uptodate(folio)
            if not good:
                folio_unlock(folio)
        if not good:
            for locked in range(0, slot):
                folio_unlock(Folio[(cluster * F2FS_CLUSTER_SIZE + locked) // PAGES])
            return False
    return True


@kernel("fs/f2fs/compress.c")
def f2fs_prepare_compress_overwrite(cluster: cluster_t) -> Prepared:
    """Of a cluster that is compressed on disk, lock all pages, uptodate.

    A page that is not uptodate when it is locked is read again: who has read it does not ask whether that has failed.
    Left out: errors of a node or of memory.  Its callers give up, and nothing has happened.
    """
    while f2fs_is_compressed_cluster(cluster):
        f2fs_read_cluster(cluster)
        if f2fs_lock_cluster(cluster):
            return PREPARED
    return NOT_COMPRESSED


@kernel("fs/f2fs/compress.c")
def f2fs_compress_write_end(cluster: cluster_t, pos: loff_t, copied: loff_t):
    """Dirty the pages of a cluster, of which [pos, pos + copied) is new, then unlock them; the checkpoint will wait for their I/O."""
    for slot in range(0, F2FS_CLUSTER_SIZE):
        page: Page = Page[cluster * F2FS_CLUSTER_SIZE + slot]
        folio: Folio = Folio[(cluster * F2FS_CLUSTER_SIZE + slot) // PAGES]
        with atomic("f2fs_dirty_data_folio(): under the folio lock"):
            f2fs_dirty_data_folio(mapping, folio)
            f2fs_note_written(max(pos, number(page) * PAGE_SIZE), min(pos + copied, (number(page) + 1) * PAGE_SIZE))
            Page[number(folio) * PAGES].gcing = True
    for slot in range(0, F2FS_CLUSTER_SIZE):
        folio_unlock(Folio[(cluster * F2FS_CLUSTER_SIZE + slot) // PAGES])


# ---------------------------------------------------------------- compressed write


@primitive("fs/f2fs/compress.c")
def f2fs_cluster_has_hole(cluster: cluster_t) -> bool:
    """Has one of the slots no block, not even a reserved one?"""
    return any(page.addr == NULL_ADDR for page in each(Page) if number(page) // F2FS_CLUSTER_SIZE == cluster)


@kernel("fs/f2fs/compress.c")
def f2fs_get_dnode_of_cluster() -> Errno:
    """f2fs_get_dnode_of_data() for the first slot of a cluster; reading it may fail."""
    err: Errno = OK
    if ERRORS > 0:
        with atomic("f2fs_get_dnode_of_data()"):
            err = f2fs_get_dnode_of_data(choose(False, True))
    return err


@primitive("fs/f2fs/compress.c")
def set_cluster_writeback(cluster: cluster_t):
    """Begin writeback of every page; what they hold now is what has been compressed."""
    for page in each(Page):
        if number(page) // F2FS_CLUSTER_SIZE == cluster:
            folio_start_writeback(Folio[number(page) // PAGES])
            for c in range(0, PAGE_SIZE):
                page.compressed[c] = Folio[number(page) // PAGES].data[number(page) % PAGES * PAGE_SIZE + c]


@kernel("fs/f2fs/compress.c")
def cancel_cluster_writeback(cluster: cluster_t):
    """Take back the begin of a compressed write: lock the page that is unlocked already, and end writeback of all."""
    with atomic("inode_inc_dirty_pages()"):
        sbi.dirty_pages += 1
    folio_lock(Folio[cluster * F2FS_CLUSTER_SIZE // PAGES])
    for slot in range(0, F2FS_CLUSTER_SIZE):
        with atomic("folio_test_writeback(), folio_end_writeback(): no I/O"):
            folio: Folio = Folio[(cluster * F2FS_CLUSTER_SIZE + slot) // PAGES]
            clear_page_private_gcing(folio)
            if folio_test_writeback(folio):
                folio_end_writeback(folio)


@kernel("fs/f2fs/compress.c")
def f2fs_write_compressed_pages(cc: CompressCtx, submitted: Place) -> Errno:
    """Write a cluster compressed; each page is unlocked as soon as its slot is done.  EAGAIN: write it raw.

    The wait for copies of garbage collection is for those of its new blocks' slots, and, where a block is given up, in
    f2fs_invalidate_blocks(): here it is one wait, for whoever copies a block has to have the lock of its page.
    What is done for a slot is one step with its unlock: dirty_pages decides only whether a pass begins, the address is looked at
    under the lock, and the bio is that of a page that stays under writeback.
    Left out: the dnode lock from the look at the slots to the last of them; the pages and cp_rwsem keep others away.
    An allocation that fails stops all checkpoints (f2fs_stop_checkpoint()), ends writeback of the page of its slot and leaves NULL_ADDR in the
    slot; the raw write that follows finds f2fs_cp_error(), drops the pages and records the error.
    """
    cluster: cluster_t = cc.cluster_idx
    fails = False
    if not f2fs_trylock_op(sbi):
        return EAGAIN
    if f2fs_get_dnode_of_cluster() != OK:
        f2fs_unlock_op(sbi)
        return EAGAIN
    if f2fs_cluster_has_hole(cluster):
        f2fs_unlock_op(sbi)
        return EAGAIN
    if F2FS_META_GC > 0:
        f2fs_wait_on_block_writeback_range(cluster * F2FS_CLUSTER_SIZE, (cluster + 1) * F2FS_CLUSTER_SIZE)
    set_cluster_writeback(cluster)
    with atomic("slot 0: under the folio lock"):
        f2fs_update_data_blkaddr(Page[cluster * F2FS_CLUSTER_SIZE], COMPRESS_ADDR)
        atomic_dec(sbi.dirty_pages)
        folio_unlock(Folio[cluster * F2FS_CLUSTER_SIZE // PAGES])
    with atomic("slot 1: under the folio lock"):
        page: Page = Page[cluster * F2FS_CLUSTER_SIZE + 1]
        fails = not f2fs_allocate_data_block()
        if fails:
            f2fs_lose_page(page)
        else:
            f2fs_update_data_blkaddr(page, CDATA_ADDR)
            sbi.wb_cp_data += 1
            add_to_bio(page, page, None, False)
            atomic_dec(sbi.dirty_pages)
            folio_unlock(Folio[number(page) // PAGES])
    if fails:
        cancel_cluster_writeback(cluster)
        f2fs_unlock_op(sbi)
        return EAGAIN
    for slot in range(2, F2FS_CLUSTER_SIZE):
        with atomic("a slot that compression saves: under the folio lock"):
            f2fs_update_data_blkaddr(Page[cluster * F2FS_CLUSTER_SIZE + slot], NEW_ADDR)
            atomic_dec(sbi.dirty_pages)
            folio_unlock(Folio[(cluster * F2FS_CLUSTER_SIZE + slot) // PAGES])
    f2fs_unlock_op(sbi)
    submitted = 1
    return OK


@primitive("fs/f2fs/compress.c")
def f2fs_transfer_cluster(page: Page):
    """The device holds what the pages of the cluster were when it was compressed."""
    for other in each(Page):
        if number(other) // F2FS_CLUSTER_SIZE == number(page) // F2FS_CLUSTER_SIZE:
            for c in range(0, PAGE_SIZE):
                other.block[c] = other.compressed[c]
                other.compressed[c] = STALE
                if not other.moved:
                    other.image_block[c] = other.block[c]


@kernel("fs/f2fs/compress.c")
def f2fs_compress_write_end_io(page: Page):
    """The block of a cluster is written: one page fewer is on its way, writeback of the cluster ends, and the array of its pages goes."""
    with atomic("the bio is the interrupt's"):
        page.io = NO_IO
        sbi.wb_cp_data -= 1
    for slot in range(0, F2FS_CLUSTER_SIZE):
        with atomic("folio_end_writeback(): the cluster's I/O is done"):
            folio: Folio = Folio[(number(page) // F2FS_CLUSTER_SIZE * F2FS_CLUSTER_SIZE + slot) // PAGES]
            clear_page_private_gcing(folio)
            folio_end_writeback(folio)
    if F2FS_UMOUNT > 0:
        page_array_free(sbi)


@primitive("fs/f2fs/compress.c")
def page_array_free(sbi: Sbi):
    """The slab that an array of pages goes back to is found in sbi, which is found in the inode."""
    bug_on(sbi.freed)


# ----------------------------------------------------------------------- raw write


@kernel("fs/f2fs/compress.c")
def f2fs_unlock_rpages(cc: CompressCtx, wbc: WritebackControl):
    """Dirty the pages of a cluster again and unlock them all, before any of them is written."""
    for slot in range(0, F2FS_CLUSTER_SIZE):
        if cc.rpages[slot]:
            with atomic("folio_redirty_for_writepage(): under the folio lock"):
                folio_redirty_for_writepage(wbc, Folio[(cc.cluster_idx * F2FS_CLUSTER_SIZE + slot) // PAGES])
                folio_unlock(Folio[(cc.cluster_idx * F2FS_CLUSTER_SIZE + slot) // PAGES])


@kernel("fs/f2fs/compress.c")
def f2fs_write_raw_page(folio: Folio, cp: CachePages, wbc: WritebackControl, compr_blocks: page_count_t) -> Errno:
    """One page of a cluster that is written raw: lock it, look at it anew, write it."""
    ret: Errno = EAGAIN
    while ret == EAGAIN:
        folio_lock(folio)
        if not f2fs_take_folio(wbc, folio):
            folio_unlock(folio)
            return OK
        ret = f2fs_write_single_data_page(folio, cp, wbc, None, compr_blocks)
    return ret


@kernel("fs/f2fs/compress.c")
def f2fs_write_raw_pages(cc: CompressCtx, cp: CachePages, wbc: WritebackControl, submitted: Place) -> Errno:
    """Write the pages of a cluster one by one; if it is compressed on disk, as one change for the checkpoint.

    Left out: AOP_WRITEPAGE_ACTIVATE, with which the pages behind it stay dirty: it takes errors=remount-ro after an error that stops checkpoints.
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
            cp.submitted = 0
            folio: Folio = Folio[(cc.cluster_idx * F2FS_CLUSTER_SIZE + slot) // PAGES]
            ret = f2fs_write_raw_page(folio, cp, wbc, compr_blocks)
            submitted += cp.submitted
    if compr_blocks > 0:
        f2fs_unlock_op(sbi)
    f2fs_balance_fs()
    return ret


@kernel("fs/f2fs/compress.c")
def f2fs_write_multi_pages(cc: CompressCtx, cp: CachePages, wbc: WritebackControl) -> Errno:
    """Write a cluster whose pages are locked and clean since a moment ago: compressed if possible, else raw."""
    submitted: page_count_t = 0
    err: Errno = EAGAIN
    if F2FS_COMPRESSIBLE > 0:
        if cluster_may_compress(cc):
            err = f2fs_write_compressed_pages(cc, submitted)
    if err == EAGAIN:
        err = f2fs_write_raw_pages(cc, cp, wbc, submitted)
    f2fs_destroy_compress_ctx(cc)
    charge_submitted(wbc, cp, submitted)
    return err


# -------------------------------------------------- one entry of f2fs_write_cache_pages


@kernel("fs/f2fs/data.c")
def f2fs_cluster_needs_another_look(cp: CachePages, page: Page) -> Errno:
    """Dirty the whole of a cluster that is compressed on disk and not all in the array; then the pass starts over (cp.retry)."""
    cluster: cluster_t = number(page) // F2FS_CLUSTER_SIZE
    prepared = f2fs_prepare_compress_overwrite(cluster)
    if prepared == CANNOT_READ:
        cp.done = True
        return EIO
    if prepared == PREPARED:
        f2fs_compress_write_end(cluster, 0, 0)
        if number(page) % F2FS_CLUSTER_SIZE != 0:
            cp.retry = True
            return OK
        ready = f2fs_all_cluster_page_ready(cp, page, False)
        cp.retry = not ready
    return OK


@kernel("fs/f2fs/data.c")
def f2fs_write_compressed_entry(wbc: WritebackControl, cp: CachePages, cc: CompressCtx, page: Page) -> Errno:
    """One entry of the array, of a compressed file: write the cluster before it, gather this one."""
    folio: Folio = Folio[number(page) // PAGES]
    if cc.nr_rpages > 0 and cc.cluster_idx != number(page) // F2FS_CLUSTER_SIZE:
        ret = f2fs_write_multi_pages(cc, cp, wbc)
        if ret != OK:
            cp.done_index = number(page) + 1
            cp.done = True
            return ret
        if wbc.nr_to_write <= 0 and wbc.sync_mode == WB_SYNC_NONE:
            cp.done = True
            return OK
    if cc.nr_rpages == 0:
        if not f2fs_all_cluster_page_ready(cp, page, True):
            err = f2fs_cluster_needs_another_look(cp, page)
            if err != OK or cp.retry:
                return err
            if wbc.sync_mode == WB_SYNC_NONE:
                if atomic_read(sbi.wb_sync_req) > 0:
                    cp.done = True
                    return OK
    cp.done_index = number(page)
    folio_lock(folio)
    if f2fs_take_folio(wbc, folio):
        f2fs_compress_ctx_add_page(cc, page)
    else:
        folio_unlock(folio)
    return OK


from model.fs.f2fs.data import charge_submitted, f2fs_dirty_data_folio, f2fs_submit_page_read, f2fs_take_folio  # noqa: E402
from model.fs.f2fs.data import f2fs_write_single_data_page  # noqa: E402
from model.fs.f2fs.data import folio_redirty_for_writepage  # noqa: E402
from model.fs.f2fs.gc import f2fs_balance_fs  # noqa: E402
from model.fs.f2fs.segment import add_to_bio, clear_page_private_gcing, f2fs_allocate_data_block, f2fs_lose_page  # noqa: E402
from model.fs.f2fs.segment import f2fs_wait_on_block_writeback_range, f2fs_wait_on_page_writeback  # noqa: E402
