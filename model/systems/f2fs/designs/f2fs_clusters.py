"""Compressed clusters in f2fs_folios: all folios of a cluster, or all clusters of a folio, are written under one set of locks.

A window is a folio, or the folios of a cluster if it spans several.  Its folios are locked in ascending order and cp_rwsem is taken
by trylock before anything about them changes; all are unlocked together when everything is queued.  So nothing is locked
from one folio of the iterator to the next, no lock is taken again, and a cluster changes its form in one piece.
"""

from __future__ import annotations

from checker.lang import Array, Flag, Record, atomic, choose, each, kernel, number, primitive

from model.fs.f2fs.compress import cluster_t
from model.fs.f2fs.data import f2fs_dirty_data_folio, ffs_alloc, folio_redirty_for_writepage
from model.fs.f2fs.gc import set_page_private_gcing
from model.fs.f2fs.segment import add_to_bio, f2fs_cp_error, f2fs_outplace_write_data, f2fs_submit_merged_write
from model.fs.f2fs.segment import f2fs_wait_on_block_writeback_range, f2fs_wait_on_page_writeback
from model.fs.iomap.buffered_io import iomap_clear_range_dirty, iomap_set_range_dirty
from model.include.f2fs import CDATA_ADDR, COMPRESS_ADDR, F2FS_CLUSTER_SIZE, F2FS_COMPRESSIBLE, F2FS_META_GC, NEW_ADDR
from model.include.f2fs import NO_IO, NULL_ADDR, Page, sbi
from model.fs.f2fs.primitives import f2fs_get_dnode_of_data, f2fs_note_failure, f2fs_note_written, f2fs_read_pages
from model.fs.f2fs.primitives import f2fs_trylock_op
from model.fs.f2fs.primitives import f2fs_unlock_op, f2fs_update_data_blkaddr
from model.include.primitives import atomic_dec, folio_test_dirty, folio_test_uptodate, folio_unlock
from model.include.primitives import i_size_read, i_size_write
from model.include.size import folio_pos
from model.include.state import BLOCKS, EIO, ERRORS, FOLIOS, FOLIO_SIZE, OK, PAGES, PAGE_SIZE, WB_SYNC_NONE, Errno
from model.include.state import Folio, WritebackControl, inode, loff_t, mapping, pgoff_t
from model.mm.filemap import __filemap_get_folio, filemap_lock_folio, mapping_set_error
from model.mm.page_writeback import folio_clear_dirty_for_io, folio_start_writeback

CLUSTER_FOLIOS = (F2FS_CLUSTER_SIZE + PAGES - 1) // PAGES  # of a window: 1, or those of a cluster that spans several


class Window(Record):
    """The folios of a window, by their number in the file: locked, and dirty when they were locked."""

    locked = Array(Flag(), FOLIOS)
    taken = Array(Flag(), FOLIOS)
    queued = Array(Flag(), FOLIOS)


# ------------------------------------------------------------------------ locks


@primitive()
def window_needs(folio: Folio) -> bool:
    """Has this folio a page inside EOF of a cluster that is compressed on disk?  Then it has to be here.

    Only a pass compresses a cluster, and there is one at a time; a page that a write adds later holds all of its data.
    """
    return any(
        Page[number(page) // F2FS_CLUSTER_SIZE * F2FS_CLUSTER_SIZE].addr == COMPRESS_ADDR
        and number(page) * PAGE_SIZE < inode.i_size
        for page in each(Page)
        if number(page) // PAGES == number(folio)
    )


@kernel("fs/f2fs/data.c")
def f2fs_lock_window(win: Window, first: pgoff_t):
    """Lock the folios of a window, idle, from the first on; add and read what a compressed cluster needs.

    Who reads a folio holds locks meanwhile; the read needs none of them.
    """
    for i in range(0, CLUSTER_FOLIOS):
        folio: Folio = Folio[first + i]
        found = True
        if window_needs(folio):
            __filemap_get_folio(mapping, folio)
            with atomic("f2fs_read_multi_pages(): under the folio lock"):
                if not folio_test_uptodate(folio):
                    f2fs_read_pages(folio)
        else:
            found = filemap_lock_folio(folio)
        if found:
            f2fs_wait_on_page_writeback(folio)
            with atomic("folio_test_dirty(): under the folio lock"):
                win.locked[number(folio)] = True
                win.taken[number(folio)] = folio.mapping and folio_test_dirty(folio)


@kernel("fs/f2fs/data.c")
def f2fs_unlock_window(win: Window):
    """Unlock all of them."""
    for folio in each(Folio):
        if win.locked[number(folio)]:
            folio_unlock(folio)
            win.locked[number(folio)] = False


# ------------------------------------------------------------------- one cluster


@primitive()
def page_of_window_is_dirty(win: Window, page: Page) -> bool:
    """Was the page dirty when its folio was locked?"""
    folio = Folio[number(page) // PAGES]
    return win.taken[number(folio)] and (not folio.private or folio.ifs_dirty[number(page) % PAGES])


@primitive()
def cluster_is_wanted(win: Window, cluster: cluster_t) -> bool:
    """Is a page of the cluster to be written?"""
    return any(
        page_of_window_is_dirty(win, page) for page in each(Page) if number(page) // F2FS_CLUSTER_SIZE == cluster
    )


@primitive()
def cluster_can_be_compressed(win: Window, cluster: cluster_t) -> bool:
    """Are all its pages here, valid, inside EOF, and on reserved blocks?"""
    return F2FS_COMPRESSIBLE > 0 and all(
        win.locked[number(page) // PAGES]
        and Folio[number(page) // PAGES].mapping
        and Folio[number(page) // PAGES].uptodate
        and number(page) * PAGE_SIZE < inode.i_size
        and page.addr != NULL_ADDR
        for page in each(Page)
        if number(page) // F2FS_CLUSTER_SIZE == cluster
    )


@primitive()
def begin_writeback_of(win: Window, page: Page):
    """One more page of its folio is on its way; the first one begins writeback, and a large folio has a bias."""
    folio = Folio[number(page) // PAGES]
    if not win.queued[number(folio)]:
        win.queued[number(folio)] = True
        folio_start_writeback(folio)
        if BLOCKS > 1:
            ffs_alloc(folio)
            folio.write_bytes_pending += 1
    if BLOCKS > 1:
        folio.write_bytes_pending += PAGE_SIZE


@primitive("fs/f2fs/compress.c")
def queue_compressed(win: Window, cluster: cluster_t):
    """Compress a cluster, give it its addresses and queue its block: one change of the dnode."""
    for page in each(Page):
        if number(page) // F2FS_CLUSTER_SIZE == cluster:
            begin_writeback_of(win, page)
            for c in range(0, PAGE_SIZE):
                page.compressed[c] = Folio[number(page) // PAGES].data[number(page) % PAGES * PAGE_SIZE + c]
            slot = number(page) % F2FS_CLUSTER_SIZE
            f2fs_update_data_blkaddr(page, COMPRESS_ADDR if slot == 0 else (CDATA_ADDR if slot == 1 else NEW_ADDR))
            if slot == 1:
                sbi.wb_cp_data += 1
                add_to_bio(page, page, None, False)


@kernel("fs/f2fs/compress.c")
def queue_raw(win: Window, cluster: cluster_t):
    """Queue the dirty pages of a cluster; if it was compressed, all that are here, and free the other slots.

    Pages that are written although they are clean have been durable: the checkpoint waits for the new block (gcing).
    """
    compressed = Page[cluster * F2FS_CLUSTER_SIZE].addr == COMPRESS_ADDR
    submitted = False
    for slot in range(0, F2FS_CLUSTER_SIZE):
        page = Page[cluster * F2FS_CLUSTER_SIZE + slot]
        here = win.locked[number(page) // PAGES] and number(page) * PAGE_SIZE < i_size_read(inode)
        if here and page.addr != NULL_ADDR and (compressed or page_of_window_is_dirty(win, page)):
            if compressed:
                set_page_private_gcing(Folio[number(page) // PAGES], True)
            begin_writeback_of(win, page)
            f2fs_outplace_write_data(page, page, submitted)
        elif compressed:
            f2fs_update_data_blkaddr(page, NEW_ADDR)


@kernel("fs/f2fs/data.c")
def f2fs_drop_window(win: Window):
    """The folios of a window cannot be written because checkpoints have stopped: they stay clean, and the error is recorded."""
    with atomic("mapping_set_error(): under the folio locks"):
        for page in each(Page):
            if win.taken[number(page) // PAGES]:
                f2fs_note_failure(page)
        mapping_set_error(mapping, EIO)


@kernel("fs/f2fs/data.c")
def f2fs_write_clusters(win: Window, first: pgoff_t):
    """Queue each cluster of a window that has something to write; nothing, when checkpoints have stopped."""
    if f2fs_cp_error():
        f2fs_drop_window(win)
        return
    cluster: cluster_t = first * PAGES // F2FS_CLUSTER_SIZE
    behind: cluster_t = ((first + CLUSTER_FOLIOS) * PAGES + F2FS_CLUSTER_SIZE - 1) // F2FS_CLUSTER_SIZE
    while cluster < behind:
        with atomic("one change of the dnode: under the folio locks and cp_rwsem"):
            if cluster_is_wanted(win, cluster):
                if cluster_can_be_compressed(win, cluster):
                    queue_compressed(win, cluster)
                else:
                    queue_raw(win, cluster)
        cluster += 1


# -------------------------------------------------------------------- one window


@primitive()
def window_is_dirty(win: Window) -> bool:
    """Is any of its folios?"""
    return any(win.taken[number(folio)] for folio in each(Folio))


@kernel("fs/f2fs/data.c")
def f2fs_take_window(win: Window):
    """Clear PG_dirty of the folios that are going to be written; each goes on to begin writeback under its lock."""
    for folio in each(Folio):
        if win.taken[number(folio)]:
            with atomic("folio_clear_dirty_for_io(): under the folio lock"):
                folio_clear_dirty_for_io(folio)
                atomic_dec(sbi.dirty_pages)


@kernel("fs/f2fs/data.c")
def f2fs_let_window_go(win: Window):
    """All is queued: no page is dirty any more; unlock, and then drop the biases."""
    for folio in each(Folio):
        if win.locked[number(folio)]:
            with atomic("folio_unlock(): the dirty bits are the folio lock's"):
                iomap_clear_range_dirty(folio, 0, FOLIO_SIZE)
                folio_unlock(folio)
            if BLOCKS > 1 and win.queued[number(folio)]:
                f2fs_end_folio(folio, 1)


@kernel("fs/f2fs/data.c")
def f2fs_write_window(wbc: WritebackControl, first: pgoff_t) -> Errno:
    """Write what is dirty in the window that begins at folio `first`; nothing of it is locked before or after."""
    fails = False
    while True:
        win = Window()
        f2fs_lock_window(win, first)
        if not window_is_dirty(win):
            f2fs_unlock_window(win)
            return OK
        if f2fs_trylock_op(sbi):
            break
        f2fs_unlock_window(win)
        if wbc.sync_mode == WB_SYNC_NONE:
            return OK
    with atomic("f2fs_get_dnode_of_data(): all of a window is in one dnode"):
        if ERRORS > 0:
            fails = choose(False, True)
        err = f2fs_get_dnode_of_data(fails)
    if err != OK:
        f2fs_unlock_op(sbi)
        f2fs_unlock_window(win)
        return err
    if F2FS_META_GC > 0:
        f2fs_wait_on_block_writeback_range(first * PAGES, (first + CLUSTER_FOLIOS) * PAGES)
    f2fs_take_window(win)
    f2fs_write_clusters(win, first)
    f2fs_unlock_op(sbi)
    f2fs_let_window_go(win)
    f2fs_submit_merged_write(sbi)
    return OK


@kernel("fs/f2fs/data.c")
def f2fs_write_folio_compressed(wbc: WritebackControl, folio: Folio) -> Errno:
    """A folio of a compressed file, as the iterator gives it: give it back, and write its window.

    Its bio is submitted at once: the iterator may come to another folio of the window, dirty again, and wait for it.
    """
    with atomic("folio_redirty_for_writepage(): under the folio lock"):
        folio_redirty_for_writepage(wbc, folio)
        folio_unlock(folio)
    return f2fs_write_window(wbc, number(folio) // CLUSTER_FOLIOS * CLUSTER_FOLIOS)


# ------------------------------------------------------------------- completion


@kernel("fs/f2fs/compress.c")
def f2fs_compress_end_folios(page: Page):
    """The block of a cluster is written: each of its pages is done."""
    with atomic("the bio is the interrupt's"):
        page.io = NO_IO
        sbi.wb_cp_data -= 1
    for slot in range(0, F2FS_CLUSTER_SIZE):
        index: pgoff_t = number(page) // F2FS_CLUSTER_SIZE * F2FS_CLUSTER_SIZE + slot
        with atomic("atomic_sub_and_test() and what follows: nobody else is the last"):
            f2fs_finish_page_writeback(Folio[index // PAGES])


# -------------------------------------------- the cluster of a write or of a truncate


@kernel("fs/f2fs/compress.c")
def f2fs_read_cluster_folios(cluster: cluster_t) -> bool:
    """Have the folios of a cluster in the page cache, and valid.  Left out: reads that fail."""
    for i in range(0, CLUSTER_FOLIOS):
        folio: Folio = Folio[cluster * F2FS_CLUSTER_SIZE // PAGES + i]
        __filemap_get_folio(mapping, folio)
        with atomic("f2fs_read_multi_pages(), and its completion, which unlocks the folio"):
            if not folio_test_uptodate(folio):
                f2fs_read_pages(folio)
            folio_unlock(folio)
    return True


@kernel("fs/f2fs/compress.c")
def f2fs_lock_uptodate_folio(folio: Folio) -> bool:
    """Lock a folio that is valid, and idle; False: it was gone, and is not locked."""
    found = filemap_lock_folio(folio)
    good = False
    if found:
        f2fs_wait_on_page_writeback(folio)
        with atomic("folio_test_uptodate(): under the folio lock"):
            good = folio.mapping and folio_test_uptodate(folio)
        if not good:
            folio_unlock(folio)
    return good


@kernel("fs/f2fs/compress.c")
def f2fs_lock_cluster_folios(cluster: cluster_t) -> bool:
    """Lock the folios of a cluster, valid and idle; False: one was gone, and none is locked."""
    for i in range(0, CLUSTER_FOLIOS):
        folio: Folio = Folio[cluster * F2FS_CLUSTER_SIZE // PAGES + i]
        if not f2fs_lock_uptodate_folio(folio):
            for locked in range(0, i):
                folio_unlock(Folio[cluster * F2FS_CLUSTER_SIZE // PAGES + locked])
            return False
    return True


@kernel("fs/f2fs/compress.c")
def f2fs_dirty_cluster_folios(cluster: cluster_t, pos: loff_t, copied: loff_t):
    """Dirty the pages of a cluster, and unlock each of its folios once; before that i_size covers what is new.

    A pass looks at i_size under the folio locks, and throws away what is behind it.
    """
    with atomic("i_size_write(): under i_rwsem"):
        if copied > 0 and pos + copied > i_size_read(inode):
            i_size_write(inode, pos + copied)
    for i in range(0, CLUSTER_FOLIOS):
        folio: Folio = Folio[cluster * F2FS_CLUSTER_SIZE // PAGES + i]
        with atomic("f2fs_dirty_data_folio(): under the folio lock"):
            ffs_alloc(folio)
            from_: loff_t = max(cluster * F2FS_CLUSTER_SIZE * PAGE_SIZE, folio_pos(folio)) - folio_pos(folio)
            iomap_set_range_dirty(folio, from_, min(F2FS_CLUSTER_SIZE * PAGE_SIZE, FOLIO_SIZE))
            f2fs_dirty_data_folio(mapping, folio)
            f2fs_note_written(max(pos, folio_pos(folio)), min(pos + copied, folio_pos(folio) + FOLIO_SIZE))
            set_page_private_gcing(folio, True)
            folio_unlock(folio)


from model.systems.f2fs.designs.f2fs_folios import f2fs_end_folio, f2fs_finish_page_writeback  # noqa: E402
