"""fs/f2fs/gc.c: a page moves to another block, by way of the page cache or, where its data cannot be read, of META_MAPPING."""

from __future__ import annotations

from checker.lang import atomic, choose, each, kernel, number, primitive

from model.include.f2fs import CDATA_ADDR, DATA_ADDR, F2FS_LOW_SPACE, F2FS_META_GC, IN_CACHED_BIO, LOCK_REQ, Page, sbi
from model.fs.f2fs.primitives import f2fs_data_blkaddr, lock_gc, trylock_i_gc_rwsem, unlock_gc, unlock_i_gc_rwsem
from model.include.primitives import atomic_dec, folio_test_dirty, folio_test_uptodate, folio_test_writeback
from model.include.primitives import folio_unlock
from model.include.size import folio_index
from model.include.state import OK, PAGES, PAGE_SIZE, STALE, Folio, mapping
from model.mm.filemap import __filemap_get_folio
from model.mm.page_writeback import folio_clear_dirty_for_io


@primitive("fs/f2fs/gc.c")
def f2fs_get_victim(page: Page) -> bool:
    """Choose a section with the block of a page, and find in its summary that the block is the page's (is_alive()).

    No section in which a log is open is chosen (sec_usage_check()), which is here: none of whose blocks is in a cached bio.  A page that gets
    another block between the choice and is_alive() is skipped, as if the section had not been chosen: so it is one step.
    Left out: a section that other files have filled up while its last blocks are still in a cached bio.
    """
    page.victim = page.addr in (DATA_ADDR, CDATA_ADDR) and page.io != IN_CACHED_BIO
    return page.victim


@primitive("fs/f2fs/gc.c")
def check_valid_map(page: Page) -> bool:
    """Is the block that was met in the section valid still?  No longer once its page has another one, or none.

    is_alive() compares addresses and says the same: no block is used for something else before the next checkpoint.
    """
    return page.victim


@primitive("fs/f2fs/gc.c")
def f2fs_put_victim(page: Page):
    """The section is not looked at any more."""
    page.victim = False


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
    page.victim = False
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
def ra_data_block(page: Page):
    """Read the block that a page has now into META_MAPPING, ahead of move_data_block().

    Whether it is the block that garbage collection met is not asked again under the lock of the page, as move_data_block() does.
    Left out: the read, which nobody waits for here; what it finds move_data_block() would read itself.
    """
    folio: Folio = Folio[number(page) // PAGES]
    __filemap_get_folio(mapping, folio)
    addr = f2fs_data_blkaddr(page)
    if addr in (DATA_ADDR, CDATA_ADDR):
        f2fs_wait_on_page_writeback(folio)
        f2fs_wait_on_block_writeback(page)
    folio_unlock(folio)


@kernel("fs/f2fs/gc.c")
def f2fs_gc_block(page: Page):
    """Garbage collection meets a block of a file of which it cannot read the data: it reads ahead, and then moves it.

    The two are phases 3 and 4 of gc_data_segment().  The second comes whether the first could take i_gc_rwsem or not: another block
    of the file may have put its inode on the list.  No cp_rwsem: a checkpoint needs gc_lock.  Left out: as in f2fs_gc().
    """
    lock_gc(sbi)
    if f2fs_get_victim(page):
        if trylock_i_gc_rwsem(sbi):
            ra_data_block(page)
            unlock_i_gc_rwsem(sbi)
        if check_valid_map(page):
            if trylock_i_gc_rwsem(sbi):
                __filemap_get_folio(mapping, Folio[number(page) // PAGES])
                if check_valid_map(page):
                    move_data_block(page)
                folio_unlock(Folio[number(page) // PAGES])
                unlock_i_gc_rwsem(sbi)
    with atomic("f2fs_up_write(&sbi->gc_lock)"):
        f2fs_put_victim(page)
        unlock_gc(sbi)


@kernel("fs/f2fs/gc.c")
def f2fs_gc(folio: Folio, foreground: bool):
    """Garbage collection meets a block of this file, in a section that it has chosen.

    Between the choice and the lock of the page somebody else may give the page another block; then it is skipped.
    Left out: everything else about segments: any block outside the open logs may be in the section that is chosen; phase 3, which
    reads the page if nobody has, and waits for nothing else.
    """
    page: Page = Page[folio_index(folio)]
    lock_gc(sbi)
    if f2fs_get_victim(page):
        if trylock_i_gc_rwsem(sbi):
            __filemap_get_folio(mapping, folio)
            with atomic("f2fs_get_lock_data_page(), check_valid_map(): under the folio lock"):
                valid = check_valid_map(page)
                if valid and not folio_test_uptodate(folio):
                    valid = f2fs_submit_page_read(folio)
            if valid:
                move_data_page(folio, foreground)
            folio_unlock(folio)
            unlock_i_gc_rwsem(sbi)
            if foreground:
                f2fs_submit_merged_write(sbi)
    with atomic("f2fs_up_write(&sbi->gc_lock)"):
        f2fs_put_victim(page)
        unlock_gc(sbi)


@kernel("fs/f2fs/segment.c")
def f2fs_balance_fs():
    """Before who has written goes on, there have to be enough free sections: collect garbage in the foreground, if there are too few.

    The caller holds no page; a pass keeps its cached bio and, of a serialised pass, sbi->writepages.
    Left out: waiting for the thread that collects garbage (GC_MERGE), which comes to the same; f2fs_balance_fs_bg().
    """
    if F2FS_LOW_SPACE > 0:
        low = choose(False, True)
        if low:
            if F2FS_META_GC > 0:
                f2fs_gc_block(choose(page for page in each(Page)))
            else:
                f2fs_gc(choose(folio for folio in each(Folio)), True)


# The files of f2fs call each other in circles, so these imports come last.
from model.fs.f2fs.data import f2fs_dirty_data_folio, f2fs_do_write_data_page, f2fs_submit_page_read  # noqa: E402
from model.fs.f2fs.segment import f2fs_submit_merged_write, f2fs_wait_on_block_writeback, f2fs_wait_on_page_writeback  # noqa: E402
from model.fs.f2fs.segment import is_in_block_of  # noqa: E402
