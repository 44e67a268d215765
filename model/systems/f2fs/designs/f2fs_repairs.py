"""Repairs of what the model of f2fs in 6.13.1 itself violates."""

from __future__ import annotations

from checker.lang import atomic, drop, each, insert_before, kernel, number, override, primitive, replace, variant, wait_until

from model.fs.f2fs.checkpoint import f2fs_wait_on_all_pages, f2fs_write_checkpoint, f2fs_write_idle_node
from model.fs.f2fs.checkpoint import f2fs_write_node
from model.fs.f2fs.compress import CompressCtx, cancel_cluster_writeback, cluster_t, f2fs_write_compressed_pages
from model.fs.f2fs.compress import f2fs_compress_write_end, f2fs_compress_write_end_io, f2fs_is_compressed_cluster, f2fs_lock_cluster
from model.fs.f2fs.compress import f2fs_prepare_compress_overwrite, f2fs_read_cluster, f2fs_write_raw_pages, page_array_free
from model.fs.f2fs.data import f2fs_start_over, f2fs_submit_page_read, f2fs_write_cache_pages, f2fs_write_entry
from model.fs.f2fs.data import f2fs_write_single_data_page
from model.fs.f2fs.file import f2fs_do_sync_file, f2fs_free_blocks, f2fs_setattr_size, f2fs_truncate_blocks
from model.fs.f2fs.file import f2fs_truncate_partial_cluster, f2fs_zero_cluster
from model.fs.f2fs.gc import check_valid_map, ra_data_block
from model.fs.f2fs.segment import __has_merged_page, clear_page_private_gcing, dec_meta_page_count, f2fs_in_warm_node_list
from model.fs.f2fs.segment import f2fs_meta_write_end_io, f2fs_submit_merged_write
from model.fs.f2fs.segment import f2fs_end_page_writeback, f2fs_wait_on_block_writeback, f2fs_wait_on_page_writeback
from model.fs.f2fs.segment import f2fs_wake_checkpoint, f2fs_write_end_io
from model.include.f2fs import CDATA_ADDR, COMPRESS_ADDR, F2FS_CLUSTER_SIZE, F2FS_UMOUNT, IN_CACHED_BIO, NEW_ADDR, NO_IO, SUBMITTED
from model.include.f2fs import CANNOT_READ, NOT_COMPRESSED, PREPARED, CachePages, Page, Prepared, Sbi, page_count_t, sbi
from model.fs.f2fs.primitives import f2fs_unlock_op, f2fs_update_data_blkaddr, lock_i_gc_rwsem
from model.fs.f2fs.primitives import unlock_i_gc_rwsem
from model.include.primitives import filemap_invalidate_lock, filemap_invalidate_unlock, folio_lock, folio_test_uptodate
from model.include.primitives import folio_unlock
from model.include.state import EIO, FILE_SIZE, OK, PAGES, PAGE_SIZE, AddressSpace, Errno, File, Folio, Task, inode
from model.include.state import loff_t, mapping, pgoff_t
from model.mm.filemap import __filemap_get_folio, file_write_and_wait_range
from model.mm.page_writeback import folio_end_writeback
from model.mm.truncate import truncate_setsize
from model.systems.f2fs.scenarios import f2fs, f2fs_budget, f2fs_cluster_cut, f2fs_cluster_no_space, f2fs_gc_moves
from model.systems.f2fs.scenarios import f2fs_cut_in_a_page, f2fs_two_clusters, f2fs_two_clusters_gc
from model.systems.f2fs.scenarios_in_turn import f2fs_cluster_bad_block, f2fs_cluster_umounts, f2fs_cut_bad_block
from model.systems.f2fs.scenarios_in_turn import f2fs_meta_umounts, f2fs_umounts


@kernel("fs/f2fs/data.c")
def forget_submitted(cp: CachePages):
    """submitted = 0, because a page that is not written leaves it as it is."""
    cp.submitted = 0


f2fs_submitted_is_reset = variant(
    "f2fs_write_cache_pages resets `submitted` before each page.",
    insert_before(f2fs_write_single_data_page, forget_submitted, inside=f2fs_write_entry), of=f2fs,
    scenario=f2fs_budget,
)  # fmt: skip


@kernel("fs/f2fs/file.c")
def f2fs_do_sync_file_without_gc(current: Task, file: File) -> Errno:
    """From before the data is waited for until the node is durable, garbage collection moves no page.

    A compressed file needs it not: a checkpoint waits for what garbage collection writes.
    """
    if F2FS_CLUSTER_SIZE == 1:
        lock_i_gc_rwsem(sbi)
    ret = file_write_and_wait_range(current, file, 0, FILE_SIZE)
    if ret == OK:
        if F2FS_CLUSTER_SIZE > 1:
            f2fs_write_checkpoint(sbi)
        else:
            f2fs_write_node(sbi)
    if F2FS_CLUSTER_SIZE == 1:
        unlock_i_gc_rwsem(sbi)
    return ret


f2fs_fsync_excludes_gc = variant(
    "fsync holds i_gc_rwsem from before its wait for data until the node is durable.",
    override(f2fs_do_sync_file, by=f2fs_do_sync_file_without_gc), of=f2fs, scenario=f2fs_gc_moves,
)  # fmt: skip


@kernel("fs/f2fs/compress.c")
def drop_compressed_slots(cc: CompressCtx, compr_blocks: page_count_t):
    """Slots that still have their part of the compressed cluster, header or block, lose it: alone nobody can read it."""
    with atomic("dnode: under cp_rwsem"):
        for slot in range(0, F2FS_CLUSTER_SIZE):
            page = Page[cc.cluster_idx * F2FS_CLUSTER_SIZE + slot]
            if compr_blocks > 0 and page.addr in (COMPRESS_ADDR, CDATA_ADDR):
                f2fs_update_data_blkaddr(page, NEW_ADDR)


f2fs_raw_drops_compressed_slots = variant(
    "A raw write of a compressed cluster frees what is left of it, for pages that have gone meanwhile.",
    insert_before(f2fs_unlock_op, drop_compressed_slots, inside=f2fs_write_raw_pages), of=f2fs,
    scenario=f2fs_cluster_cut,
)  # fmt: skip


@kernel("fs/f2fs/compress.c")
def keep_locked(folio: Folio):
    """The page of slot 0 stays locked until the compressed block is in a bio."""


@kernel("fs/f2fs/compress.c")
def unlock_the_first(cluster: cluster_t):
    """folio_unlock() of slot 0."""
    folio_unlock(Folio[cluster * F2FS_CLUSTER_SIZE])


@kernel("fs/f2fs/compress.c")
def is_locked_still(folio: Folio):
    """No folio_lock(): the page has not been unlocked."""


f2fs_cluster_unlocked_when_queued = variant(
    "The pages of a compressed cluster are unlocked when its block is in a bio, and not before.",
    replace(folio_unlock, by=keep_locked, inside=f2fs_write_compressed_pages, nth=1),
    insert_before(folio_unlock, unlock_the_first, inside=f2fs_write_compressed_pages, nth=2),
    replace(folio_lock, by=is_locked_still, inside=cancel_cluster_writeback), of=f2fs, scenario=f2fs_cluster_no_space,
)  # fmt: skip


@kernel("fs/f2fs/compress.c")
def f2fs_truncate_partial_cluster_in_one_look(cluster: pgoff_t, first: pgoff_t) -> Errno:
    """Whether the cluster is compressed is what f2fs_prepare_compress_overwrite() says, whose locks keep it so."""
    prepared = f2fs_prepare_compress_overwrite(cluster)
    if prepared == CANNOT_READ:
        return EIO
    if prepared == PREPARED:
        f2fs_zero_cluster(cluster, first)
        f2fs_compress_write_end(cluster, 0, 0)
    else:
        f2fs_free_blocks(first)
    return OK


f2fs_truncate_looks_once = variant(
    "Truncate looks only once whether the cluster that it cuts is compressed: when it has locked the pages.",
    override(f2fs_truncate_partial_cluster, by=f2fs_truncate_partial_cluster_in_one_look), of=f2fs,
    scenario=f2fs_cluster_cut,
)  # fmt: skip


@kernel("fs/f2fs/data.c")
def submit_before_the_retry(mapping: AddressSpace):
    """A pass that starts over submits what it has queued."""
    f2fs_submit_merged_write(sbi)


f2fs_retry_submits = variant(
    "f2fs_write_cache_pages submits its bio before it starts over at index 0.",
    insert_before(f2fs_start_over, submit_before_the_retry, inside=f2fs_write_cache_pages), of=f2fs,
    scenario=f2fs_two_clusters,
)  # fmt: skip


@primitive("fs/f2fs/data.c")
def has_merged_page_of_cluster(page: Page, folio: Folio) -> bool:
    """The block of a compressed cluster counts as each page of the cluster."""
    if page.addr == CDATA_ADDR:
        return any(
            number(other) // PAGES == number(folio)
            for other in each(Page)
            if number(other) // F2FS_CLUSTER_SIZE == number(page) // F2FS_CLUSTER_SIZE
        )
    return number(page) // PAGES == number(folio)


f2fs_wait_submits_the_cluster = variant(
    "Who waits for writeback of any page of a compressed cluster submits the bio with its block.",
    override(__has_merged_page, by=has_merged_page_of_cluster), of=f2fs, scenario=f2fs_two_clusters_gc,
)  # fmt: skip


@kernel("fs/f2fs/compress.c")
def f2fs_prepare_compress_overwrite_once(cluster: cluster_t) -> Prepared:
    """A page of the cluster that cannot be read is an error for who wants it; only who has lost a page to truncate tries again."""
    while f2fs_is_compressed_cluster(cluster):
        if not f2fs_read_cluster(cluster):
            return CANNOT_READ
        if f2fs_lock_cluster(cluster):
            return PREPARED
    return NOT_COMPRESSED


f2fs_read_error_is_told = variant(
    "f2fs_prepare_compress_overwrite gives up if the device cannot read the cluster.",
    override(f2fs_prepare_compress_overwrite, by=f2fs_prepare_compress_overwrite_once), of=f2fs,
    scenario=f2fs_cluster_bad_block,
)  # fmt: skip


@kernel("fs/f2fs/file.c")
def f2fs_read_cut_page(newsize: loff_t) -> bool:
    """Have the page that the file will end in uptodate; False: it cannot be read."""
    folio: Folio = Folio[newsize // PAGE_SIZE // PAGES]
    __filemap_get_folio(mapping, folio)
    with atomic("f2fs_get_lock_data_page(): under the folio lock"):
        good = folio_test_uptodate(folio)
        if not good:
            good = f2fs_submit_page_read(folio)
        folio_unlock(folio)
    return good


@kernel("fs/f2fs/file.c")
def f2fs_setattr_size_read_first(oldsize: loff_t, newsize: loff_t) -> Errno:
    """A truncate that cannot read the page that it cuts fails before i_size has changed.

    Left out: that the page is reclaimed before it is zeroed; it would be kept by a reference.
    """
    lock_i_gc_rwsem(sbi)
    filemap_invalidate_lock(mapping)
    good = True
    if newsize <= oldsize and newsize % PAGE_SIZE > 0:
        good = f2fs_read_cut_page(newsize)
    err: Errno = EIO
    if good:
        truncate_setsize(inode, newsize)
        err = OK
        if newsize <= oldsize:
            err = f2fs_truncate_blocks(newsize)
    filemap_invalidate_unlock(mapping)
    unlock_i_gc_rwsem(sbi)
    return err


f2fs_truncate_reads_first = variant(
    "truncate reads the page that it cuts in the middle before it sets i_size, and fails if it cannot.",
    override(f2fs_setattr_size, by=f2fs_setattr_size_read_first), of=f2fs, scenario=f2fs_cut_bad_block,
)  # fmt: skip


@kernel("fs/f2fs/data.c")
def f2fs_wake_and_end(folio: Folio):
    """Whether a checkpoint waits is looked at before writeback ends, which may be the end of sbi."""
    f2fs_wake_checkpoint(sbi)
    f2fs_end_page_writeback(folio)


@kernel("fs/f2fs/data.c")
def f2fs_has_woken(sbi: Sbi):
    """Nothing is left to look at."""


f2fs_wakes_before_the_end = variant(
    "f2fs_write_end_io() does not look at sbi any more once it has ended writeback of the last page.",
    replace(f2fs_end_page_writeback, by=f2fs_wake_and_end, inside=f2fs_write_end_io),
    replace(f2fs_wake_checkpoint, by=f2fs_has_woken, inside=f2fs_write_end_io), of=f2fs, scenario=f2fs_umounts,
)  # fmt: skip


@kernel("fs/f2fs/compress.c")
def f2fs_compress_write_end_io_and_count(page: Page):
    """The count is given back when nothing of sbi is needed any more."""
    with atomic("the bio is the interrupt's"):
        page.io = NO_IO
    for slot in range(0, F2FS_CLUSTER_SIZE):
        with atomic("folio_end_writeback(): the cluster's I/O is done"):
            folio: Folio = Folio[(number(page) // F2FS_CLUSTER_SIZE * F2FS_CLUSTER_SIZE + slot) // PAGES]
            clear_page_private_gcing(folio)
            folio_end_writeback(folio)
    if F2FS_UMOUNT > 0:
        page_array_free(sbi)
    dec_meta_page_count()


f2fs_counts_the_cluster_last = variant(
    "The block of a compressed cluster is on its way until its array of pages has been freed.",
    override(f2fs_compress_write_end_io, by=f2fs_compress_write_end_io_and_count), of=f2fs, scenario=f2fs_cluster_umounts,
)  # fmt: skip
f2fs_looks_before_the_count = variant(
    "Whether a page is a warm node's is looked at before the page is on its way no more.",
    insert_before(dec_meta_page_count, f2fs_in_warm_node_list, inside=f2fs_meta_write_end_io),
    drop(f2fs_in_warm_node_list, inside=f2fs_meta_write_end_io), of=f2fs, scenario=f2fs_meta_umounts,
)  # fmt: skip


@kernel("fs/f2fs/gc.c")
def ra_data_block_of_the_victim(page: Page):
    """The page is let go if it has another block by the time its lock is there, as move_data_block() does."""
    folio: Folio = Folio[number(page) // PAGES]
    __filemap_get_folio(mapping, folio)
    if check_valid_map(page):
        f2fs_wait_on_page_writeback(folio)
        f2fs_wait_on_block_writeback(page)
    folio_unlock(folio)


f2fs_readahead_looks_again = variant(
    "Garbage collection that reads ahead looks, with the page locked, whether its block is still the one that it has met.",
    override(ra_data_block, by=ra_data_block_of_the_victim), of=f2fs, scenario=f2fs_two_clusters_gc,
)  # fmt: skip


@kernel("fs/f2fs/file.c")
def f2fs_do_sync_file_when_idle(current: Task, file: File) -> Errno:
    """The node is written, under its lock, when no page is on its way to an address that it has."""
    ret = file_write_and_wait_range(current, file, 0, FILE_SIZE)
    if ret != OK:
        return ret
    if F2FS_CLUSTER_SIZE > 1:
        f2fs_write_checkpoint(sbi)
    else:
        while not f2fs_write_idle_node(sbi):
            f2fs_submit_merged_write(sbi)
    return OK


f2fs_only_fsync_waits_with_the_node = variant(
    "fsync locks the node before it waits for data that is on its way to an address in it; a checkpoint does not.",
    override(f2fs_do_sync_file, by=f2fs_do_sync_file_when_idle), of=f2fs, scenario=f2fs_cut_in_a_page,
)  # fmt: skip


@primitive("fs/f2fs/checkpoint.c")
def wait_on_all_new_addresses(sbi: Sbi):
    """A checkpoint waits for all that is on its way to an address that it makes durable, not only for F2FS_WB_CP_DATA.

    Nobody gets a new address meanwhile, because it has cp_rwsem.  Left out: a bio for writes in place that a pass keeps.
    """
    wait_until(sbi.wb_cp_data == 0 and not any(page.moved and page.io in (IN_CACHED_BIO, SUBMITTED) for page in each(Page)))


f2fs_fsync_waits_with_the_node = variant(
    "fsync locks the node before it waits for data that is on its way to an address in it, whoever has sent it; so does a checkpoint.",
    override(f2fs_do_sync_file, by=f2fs_do_sync_file_when_idle),
    override(f2fs_wait_on_all_pages, by=wait_on_all_new_addresses),
    of=f2fs,
    scenario=f2fs_cut_in_a_page,
)
