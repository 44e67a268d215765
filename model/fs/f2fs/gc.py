"""fs/f2fs/gc.c: a page moves to another block."""

from __future__ import annotations

from checker.lang import atomic, kernel, primitive

from model.fs.f2fs.data import f2fs_dirty_data_folio, f2fs_do_write_data_page
from model.fs.f2fs.primitives import f2fs_read_pages, lock_gc, trylock_i_gc_rwsem, unlock_gc, unlock_i_gc_rwsem
from model.fs.f2fs.segment import f2fs_submit_merged_write, f2fs_wait_on_page_writeback
from model.fs.f2fs.state import DATA_ADDR, LOCK_REQ, Page, sbi
from model.mm.filemap import __filemap_get_folio
from model.mm.page_writeback import folio_clear_dirty_for_io
from model.primitives import atomic_dec, folio_test_dirty, folio_test_uptodate, folio_test_writeback, folio_unlock
from model.size import folio_index
from model.state import OK, Folio, mapping


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
