"""fs/f2fs/segment.c and the lower half of data.c: bios, cached and submitted, and their completion.

A bio of several pages is submitted as one, and completed page by page in any order.
"""

from __future__ import annotations

from checker.lang import Place, atomic, bug_on, choose, each, kernel, number, primitive, wait_until

from model.include.f2fs import CARRIED_OUT, CDATA_ADDR, DATA_ADDR, F2FS_CLUSTER_SIZE, F2FS_NO_SPACE, F2FS_UMOUNT
from model.include.f2fs import F2FS_WRITER_SUBMITS
from model.include.f2fs import IN_CACHED_BIO
from model.include.f2fs import NO_IO, NULL_ADDR, SUBMITTED, Page, Sbi, sbi
from model.fs.f2fs.primitives import f2fs_note_failure, f2fs_update_data_blkaddr
from model.include.primitives import folio_test_writeback
from model.include.state import EIO, ERRORS, OK, PAGES, PAGE_SIZE, STALE, Errno, Folio, Task, mapping, pgoff_t
from model.mm.filemap import mapping_set_error
from model.mm.page_writeback import folio_end_writeback, folio_wait_stable, folio_wait_writeback

# ------------------------------------------------------------------- submission


@primitive("fs/f2fs/data.c")
def inc_page_count(page: Page):
    """One more page is on its way: F2FS_WB_CP_DATA if the checkpoint has to wait for it."""
    if Page[number(page) // PAGES * PAGES].gcing:
        sbi.wb_cp_data += 1
    else:
        sbi.wb_data += 1


@primitive("fs/f2fs/data.c")
def dec_page_count(page: Page):
    """One page fewer is on its way, of the type that its flag says now."""
    head = Page[number(page) // PAGES * PAGES]
    if head.gcing:
        sbi.wb_cp_data -= 1
    else:
        sbi.wb_data -= 1


@primitive("fs/f2fs/f2fs.h")
def clear_page_private_gcing(folio: Folio):
    """PAGE_PRIVATE_ONGOING_MIGRATION goes."""
    Page[number(folio) * PAGES].gcing = False


@primitive("fs/f2fs/data.c")
def f2fs_submit_merged_write(sbi: Sbi):
    """Submit the bio in sbi->write_io, if there is one."""
    for page in each(Page):
        if page.io == IN_CACHED_BIO and page.bio is None:
            page.io = SUBMITTED


@primitive("fs/f2fs/data.c")
def f2fs_submit_merged_ipu_write(current: Task):
    """Submit the bio for writes in place that this pass keeps."""
    for page in each(Page):
        if page.bio == current:
            page.io = SUBMITTED
            page.bio = None


@primitive("fs/f2fs/data.c")
def __has_merged_page(page: Page, folio: Folio) -> bool:
    """Is what is written at the address of a page, as far as a bio knows, a page of this folio?

    The block of a compressed cluster counts as the first page of the cluster (f2fs_compress_control_page()).
    """
    first = number(page)
    if F2FS_CLUSTER_SIZE > 1:
        if page.addr == CDATA_ADDR:
            first = number(page) // F2FS_CLUSTER_SIZE * F2FS_CLUSTER_SIZE
    return first // PAGES == number(folio)


@primitive("fs/f2fs/data.c")
def f2fs_submit_merged_write_of(folio: Folio):
    """Submit every cached bio that a page of this folio is in.

    The cached bio of writes out of place holds all pages that have one; of bios for writes in place,
    those that hold one of the pages.  Who waits for another page than the first of a compressed cluster submits nothing.
    """
    mine = any(p.io == IN_CACHED_BIO and p.bio is None and __has_merged_page(p, folio) for p in each(Page))
    for page in each(Page):
        if mine and page.io == IN_CACHED_BIO and page.bio is None:
            page.io = SUBMITTED
    for task in each(Task):
        if any(p.bio == task for p in each(Page) if number(p) // PAGES == number(folio)):
            f2fs_submit_merged_ipu_write(task)


@kernel("fs/f2fs/segment.c")
def f2fs_wait_on_page_writeback(folio: Folio):
    """Wait until a folio is not under writeback; first submit the cached bios that it is in."""
    if not folio_test_writeback(folio):
        return
    f2fs_submit_merged_write_of(folio)
    folio_wait_writeback(folio)


@kernel("fs/f2fs/segment.c")
def f2fs_wait_on_stable_page(folio: Folio):
    """f2fs_wait_on_page_writeback() that is not `ordered`: submit the cached bios of a folio.

    It waits only if pages must not change under I/O.
    In scopes without F2FS_WRITER_SUBMITS a writer leaves the bio in the cache.
    """
    if F2FS_WRITER_SUBMITS > 0:
        if not folio_test_writeback(folio):
            return
        f2fs_submit_merged_write_of(folio)
    folio_wait_stable(folio)


@primitive("fs/f2fs/segment.c")
def f2fs_wait_on_block_writeback_range(first: pgoff_t, behind: pgoff_t):
    """Wait until no copy is on its way to the blocks of these pages; garbage collection has submitted it, or the wait does."""
    wait_until(not any(page.meta for page in each(Page) if first <= number(page) < behind))


@kernel("fs/f2fs/segment.c")
def f2fs_wait_on_block_writeback(page: Page):
    """Wait until no copy is on its way to the block of a page."""
    f2fs_wait_on_block_writeback_range(number(page), number(page) + 1)


@primitive("fs/f2fs/data.c")
def add_to_bio(page: Page, data: Page, bio: Task, submitted: bool):
    """A page is in a bio now, which writes the data of `data` to its address."""
    if page.io != NO_IO:
        page.twice = True
    page.io = SUBMITTED if submitted else IN_CACHED_BIO
    page.bio = bio
    page.source = number(data) % PAGES


@primitive("fs/f2fs/data.c")
def something_is_cached() -> bool:
    """Is there a bio in sbi->write_io?"""
    return any(page.io == IN_CACHED_BIO and page.bio is None for page in each(Page))


@kernel("fs/f2fs/data.c")
def f2fs_submit_page_write(page: Page, data: Page):
    """Add a page to the bio in sbi->write_io; one that it cannot be merged into is submitted first.

    The choice is of block addresses, which are not here.  A submission, then the page in a bio of its own: nobody who comes
    between them finds the page in a bio that is cached.
    Left out: io_rwsem and io_list (one step, so the first in the list is the caller's own).
    """
    merges = True
    if something_is_cached():
        merges = choose(True, False)
    if not merges:
        f2fs_submit_merged_write(sbi)
    inc_page_count(page)
    add_to_bio(page, data, None, False)


@kernel("fs/f2fs/f2fs.h")
def f2fs_cp_error() -> bool:
    """Have checkpoints stopped?  Only in scopes with F2FS_NO_SPACE."""
    stopped = False
    if F2FS_NO_SPACE > 0:
        stopped = sbi.cp_error
    return stopped


@primitive("fs/f2fs/checkpoint.c")
def f2fs_stop_checkpoint():
    """Submit all cached bios, and write no metadata from now on.  Left out: errors=remount-ro and panic."""
    f2fs_submit_merged_write(sbi)
    sbi.cp_error = True


@kernel("fs/f2fs/segment.c")
def f2fs_allocate_data_block() -> bool:
    """Is there a block?  Whatever the reason why there is none, get_new_segment() or f2fs_get_sum_page() stops the checkpoints.

    Once a log has no segment (NULL_SEGNO), it has none for anybody.
    """
    if F2FS_NO_SPACE > 0:
        fails = choose(False, True)
        if fails or sbi.cp_error:
            f2fs_stop_checkpoint()
            return False
    return True


@primitive("fs/f2fs/segment.c")
def f2fs_lose_page(page: Page):
    """A page for which there is no block: its writeback ends, and it has no address."""
    folio = Folio[number(page) // PAGES]
    folio_end_writeback(folio)
    f2fs_update_data_blkaddr(page, NULL_ADDR)
    f2fs_note_failure(page)


@kernel("fs/f2fs/segment.c")
def f2fs_outplace_write_data(page: Page, data: Page, submitted: Place):
    """Allocate a block, queue the page for it, and put the block into the dnode.

    If there is no block, do_write_page() ends writeback of the page, and the dnode gets NULL_ADDR for an address; nobody is
    told of an error then, but checkpoints have stopped, so that every fsync fails from now on.
    Left out: curseg_mutex and sentry_lock (the allocation is one step).
    """
    if f2fs_allocate_data_block():
        f2fs_submit_page_write(page, data)
        f2fs_update_data_blkaddr(page, DATA_ADDR)
        submitted = True
    else:
        f2fs_lose_page(page)


@kernel("fs/f2fs/segment.c")
def f2fs_inplace_write_data(page: Page, data: Page, bio: Task):
    """Write a page where it is: into the pass's own bio, or (bio None) into one that is submitted at once."""
    inc_page_count(page)
    add_to_bio(page, data, bio, bio is None)


# -------------------------------------------------------------------- completion


@primitive()
def f2fs_transfer(page: Page, fails: bool) -> Errno:
    """The device writes a page at its address, or fails to."""
    page.io = CARRIED_OUT
    if fails and mapping.failures_left > 0:
        mapping.failures_left -= 1
        f2fs_note_failure(page)
        if page.addr == CDATA_ADDR:
            for other in each(Page):
                if number(other) // F2FS_CLUSTER_SIZE == number(page) // F2FS_CLUSTER_SIZE:
                    f2fs_note_failure(other)
        return EIO
    if page.addr == CDATA_ADDR:
        f2fs_transfer_cluster(page)
        return OK
    for c in range(0, PAGE_SIZE):
        page.block[c] = Folio[number(page) // PAGES].data[page.source * PAGE_SIZE + c]
        if not page.moved:
            page.image_block[c] = page.block[c]
    return OK


@primitive()
def f2fs_bio_put(page: Page):
    """The page is in no bio any more."""
    page.io = NO_IO
    page.source = 0


@primitive("fs/f2fs/compress.c")
def f2fs_is_compressed_page(page: Page) -> bool:
    """f2fs_is_compressed_page(): is it a block of a compressed cluster that is written at this address?"""
    return page.addr == CDATA_ADDR


@kernel("fs/f2fs/data.c")
def f2fs_end_page_writeback(folio: Folio):
    """A page of a bio is done: with it ends writeback of its folio, which is never a large one.

    The flag goes with PG_writeback: garbage collection sets it only where PG_writeback is clear.
    """
    clear_page_private_gcing(folio)
    folio_end_writeback(folio)


@kernel("fs/f2fs/data.c")
def f2fs_write_end_io(page: Page):
    """The interrupt for one page of a bio; then it looks in sbi whether a checkpoint waits.

    Left out: f2fs_stop_checkpoint() after an error of a page that the checkpoint waits for; of cp_wait everything but that sbi is looked at, which
    only a scope with F2FS_UMOUNT can tell.
    """
    fails = False
    with atomic("the device writes the block"):
        wait_until(page.io == SUBMITTED)
        if ERRORS > 0:
            fails = choose(False, True)
        error = f2fs_transfer(page, fails)
    if error != OK:
        mapping_set_error(mapping, error)
    if F2FS_CLUSTER_SIZE > 1:
        if f2fs_is_compressed_page(page):
            f2fs_compress_write_end_io(page)
            return
    dec_page_count(page)
    with atomic("the bio is the interrupt's"):
        f2fs_bio_put(page)
        f2fs_end_page_writeback(Folio[number(page) // PAGES])
    if F2FS_UMOUNT > 0:
        f2fs_wake_checkpoint(sbi)


@primitive("fs/f2fs/data.c")
def f2fs_wake_checkpoint(sbi: Sbi):
    """get_pages(sbi, F2FS_WB_CP_DATA), wq_has_sleeper(&sbi->cp_wait): of memory that is in use, one would think."""
    bug_on(sbi.freed)


@primitive("fs/f2fs/node.c")
def f2fs_in_warm_node_list(page: Page):
    """Is it a page of NODE_MAPPING(sbi)?  That is a page cache of sbi->node_inode, whatever the page is."""
    bug_on(sbi.node_inode_is_gone)


@primitive()
def is_in_block_of(page: Page, other: Page) -> bool:
    """Is the data of `other` in the block at the address of `page`?  Of a cluster that has become raw in part: no more."""
    if page.addr == CDATA_ADDR:
        return number(other) // F2FS_CLUSTER_SIZE == number(page) // F2FS_CLUSTER_SIZE and other.addr != DATA_ADDR
    return other == page


@primitive("fs/f2fs/data.c")
def f2fs_transfer_copy(page: Page):
    """The device writes the copy of a block, which a page of META_MAPPING holds."""
    for other in each(Page):
        if is_in_block_of(page, other):
            for c in range(0, PAGE_SIZE):
                other.block[c] = other.compressed[c]
                other.compressed[c] = STALE
                if not other.moved:
                    other.image_block[c] = other.block[c]


@primitive("fs/f2fs/data.c")
def dec_meta_page_count():
    """A page of META_MAPPING counts as F2FS_WB_CP_DATA, and is on its way no more."""
    sbi.wb_cp_data -= 1


@primitive("mm/filemap.c")
def end_meta_page_writeback(page: Page):
    """end_page_writeback() of a page of META_MAPPING."""
    page.meta = False


@kernel("fs/f2fs/data.c")
def f2fs_meta_write_end_io(page: Page):
    """f2fs_write_end_io() of a page of META_MAPPING, by way of which a block of the file moves.

    That the device writes and that the interrupt comes is one step: in between the block is there already, and nobody looks
    at it but by way of `meta`.  The count, the look in sbi and the end of the page are steps of their own only where sbi may be
    freed (F2FS_UMOUNT).  Left out: errors, which stop all checkpoints; the look at cp_wait, for which see f2fs_write_end_io().
    """
    with atomic("the device writes the block, and the bio is the interrupt's"):
        wait_until(page.meta)
        f2fs_transfer_copy(page)
        dec_meta_page_count()
        if F2FS_UMOUNT == 0:
            end_meta_page_writeback(page)
    if F2FS_UMOUNT > 0:
        f2fs_in_warm_node_list(page)
        end_meta_page_writeback(page)


from model.fs.f2fs.compress import f2fs_compress_write_end_io, f2fs_transfer_cluster  # noqa: E402
