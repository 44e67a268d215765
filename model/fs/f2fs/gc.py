"""fs/f2fs/gc.c: a page moves to another block, by way of the page cache or, where its data cannot be read, of META_MAPPING."""

from __future__ import annotations

from checker.lang import atomic, each, kernel, number, primitive

from model.fs.f2fs.data import f2fs_dirty_data_folio, f2fs_do_write_data_page
from model.fs.f2fs.primitives import f2fs_data_blkaddr, f2fs_read_pages, lock_gc, trylock_i_gc_rwsem, unlock_gc, unlock_i_gc_rwsem
from model.fs.f2fs.segment import f2fs_submit_merged_write, f2fs_wait_on_block_writeback, f2fs_wait_on_page_writeback
from model.fs.f2fs.segment import is_in_block_of
from model.fs.f2fs.state import CDATA_ADDR, DATA_ADDR, LOCK_REQ, Page, sbi
from model.mm.filemap import __filemap_get_folio
from model.mm.page_writeback import folio_clear_dirty_for_io
from model.primitives import atomic_dec, folio_test_dirty, folio_test_uptodate, folio_test_writeback, folio_unlock
from model.size import folio_index
from model.state import OK, PAGES, PAGE_SIZE, STALE, Folio, mapping


@primitive("fs/f2fs/gc.c")
def set_page_private_gcing(folio: Folio, on: bool):
    """PAGE_PRIVATE_ONGOING_MIGRATION."""
    Page[folio_index(folio)].gcing = on


@kernel("fs/f2fs/gc.c")
def move_data_page(folio: Folio, foreground: bool):
    """Move the page of a locked folio: now, or (background) by dirtying it for the flusher.

    Left out: pinned files, retries after ENOMEM.
    """
    if not foreground:
        with atomic("folio_test_writeback(): under the folio lock"):
            if not folio_test_writeback(folio):
                f2fs_dirty_data_folio(mapping, folio)
                set_page_private_gcing(folio, True)
        return
    with atomic("folio_test_dirty(): under the folio lock"):
        is_dirty = folio_test_dirty(folio)
    f2fs_wait_on_page_writeback(folio)
    with atomic("folio_clear_dirty_for_io(): under the folio lock"):
        f2fs_dirty_data_folio(mapping, folio)
        cleared = folio_clear_dirty_for_io(folio)
        if cleared:
            atomic_dec(sbi.dirty_pages)
        set_page_private_gcing(folio, True)
    submitted = False
    err = f2fs_do_write_data_page(Page[folio_index(folio)], LOCK_REQ, None, submitted)
    if err != OK:
        with atomic("f2fs_dirty_data_folio(): under the folio lock"):
            set_page_private_gcing(folio, False)
            if is_dirty:
                f2fs_dirty_data_folio(mapping, folio)


@primitive("fs/f2fs/gc.c")
def f2fs_copy_block(page: Page):
    """Give a page a new block; what the old one holds is on its way there, in a page of META_MAPPING.

    The checkpoint waits for it: pages of META_MAPPING count as F2FS_WB_CP_DATA.
    """
    for other in each(Page):
        if is_in_block_of(page, other):
            for c in range(0, PAGE_SIZE):
                other.compressed[c] = other.block[c]
                other.block[c] = STALE
            other.moved = True
    page.meta = True
    sbi.wb_cp_data += 1


@kernel("fs/f2fs/gc.c")
def move_data_block(page: Page):
    """Move the block of a locked page without looking at the page: it may be compressed or encrypted.

    The read of the old block, the copy and the new address are one step: who looks at the address or at the block
    holds the folio lock, or the dnode, which is locked here.  That the copy is in a bio that nobody has submitted is not told apart:
    garbage collection needs nothing to submit it, and who waits for it submits it.
    Left out: pinned files, io_order_lock, failures (which put the old block back).
    """
    f2fs_wait_on_page_writeback(Folio[number(page) // PAGES])
    f2fs_wait_on_block_writeback(page)
    f2fs_copy_block(page)


@kernel("fs/f2fs/gc.c")
def f2fs_gc_block(page: Page):
    """Garbage collection meets a block of a file of which it cannot read the data.

    No cp_rwsem: a checkpoint needs gc_lock.  Left out: as in f2fs_gc().
    """
    lock_gc(sbi)
    if trylock_i_gc_rwsem(sbi):
        __filemap_get_folio(mapping, Folio[number(page) // PAGES])
        addr = f2fs_data_blkaddr(page)
        if addr in (DATA_ADDR, CDATA_ADDR):
            move_data_block(page)
        folio_unlock(Folio[number(page) // PAGES])
        unlock_i_gc_rwsem(sbi)
    unlock_gc(sbi)


@kernel("fs/f2fs/gc.c")
def f2fs_gc(folio: Folio, foreground: bool):
    """Garbage collection meets a block of this file.

    Left out: everything about segments; a block that is valid may be moved at any time.
    """
    lock_gc(sbi)
    if trylock_i_gc_rwsem(sbi):
        __filemap_get_folio(mapping, folio)
        with atomic("f2fs_get_lock_data_folio(), check_valid_map(): under the folio lock"):
            valid = Page[folio_index(folio)].addr == DATA_ADDR
            if valid and not folio_test_uptodate(folio):
                f2fs_read_pages(folio)
        if valid:
            move_data_page(folio, foreground)
        folio_unlock(folio)
        unlock_i_gc_rwsem(sbi)
        if foreground:
            f2fs_submit_merged_write(sbi)
    unlock_gc(sbi)
