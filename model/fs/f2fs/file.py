"""fs/f2fs/file.c and the buffered write of data.c."""

from __future__ import annotations

from checker.lang import atomic, bug_on, kernel, number, primitive

from model.fs.f2fs.checkpoint import f2fs_write_checkpoint, f2fs_write_node
from model.fs.f2fs.compress import f2fs_compress_write_end, f2fs_is_compressed_cluster, f2fs_prepare_compress_overwrite
from model.fs.f2fs.data import f2fs_dirty_data_folio, f2fs_submit_page_read, ffs_alloc
from model.fs.f2fs.segment import f2fs_wait_on_block_writeback_range, f2fs_wait_on_page_writeback
from model.fs.f2fs.segment import f2fs_wait_on_stable_page
from model.fs.iomap.buffered_io import iomap_set_range_dirty
from model.include.f2fs import CANNOT_READ, F2FS_CLUSTER_SIZE, F2FS_META_GC, F2FS_WHOLE_PAGES, NEW_ADDR, NOT_COMPRESSED
from model.include.f2fs import NULL_ADDR, PREPARED, Page, Prepared, sbi
from model.fs.f2fs.primitives import f2fs_lock_op, f2fs_note_written, f2fs_unlock_op
from model.fs.f2fs.primitives import f2fs_update_data_blkaddr, lock_i_gc_rwsem, unlock_i_gc_rwsem
from model.include.primitives import copy_to_folio, filemap_invalidate_lock, filemap_invalidate_unlock
from model.include.primitives import folio_test_uptodate
from model.include.primitives import folio_unlock, folio_zero_segment, i_size_read, i_size_write
from model.include.size import folio_pos
from model.include.state import EIO, FILE_SIZE, FOLIO_SIZE, OK, PAGES, PAGE_SIZE, Errno, File, Folio, Task, inode
from model.include.state import loff_t
from model.include.state import mapping, pgoff_t
from model.mm.filemap import __filemap_get_folio, file_write_and_wait_range
from model.mm.truncate import truncate_pagecache_range, truncate_setsize


@primitive("fs/f2fs/data.c")
def f2fs_reserve_blocks(folio: Folio, from_: loff_t, to: loff_t):
    """Reserve a block for each page that a write touches and that has none."""
    for p in range(0, PAGES):
        page = Page[number(folio) * PAGES + p]
        if from_ < (p + 1) * PAGE_SIZE and p * PAGE_SIZE < to and page.addr == NULL_ADDR:
            f2fs_update_data_blkaddr(page, NEW_ADDR)


@kernel("fs/f2fs/data.c")
def f2fs_write_begin(pos: loff_t, len: loff_t, folio: Folio) -> bool:
    """Lock the folio of a write, reserve its blocks and make the rest of it valid; False: that cannot be read, and it is unlocked.

    Left out: inline data, node_change, f2fs_balance_fs(), and the unlocked wait for a read; f2fs_preallocate_blocks(), which reserves
    earlier (a reservation alone is looked at by a compressed write only, which then may compress).  The kernel reserves before it
    waits: a page under writeback has its block, so that of these two only one does anything.
    """
    __filemap_get_folio(mapping, folio)
    f2fs_wait_on_stable_page(folio)
    with atomic("reserve, read: under the folio lock"):
        f2fs_reserve_blocks(folio, pos - folio_pos(folio), pos - folio_pos(folio) + len)
        good = True
        if not folio_test_uptodate(folio):
            good = f2fs_submit_page_read(folio)
        if not good:
            folio_unlock(folio)
    return good


@kernel("fs/f2fs/data.c")
def f2fs_write_end(pos: loff_t, copied: loff_t, folio: Folio):
    """Dirty the folio, and raise i_size while it is still locked.

    Left out: short copies.
    """
    with atomic("f2fs_dirty_data_folio(): under the folio lock"):
        ffs_alloc(folio)
        iomap_set_range_dirty(folio, pos - folio_pos(folio), copied)
        f2fs_dirty_data_folio(mapping, folio)
        f2fs_note_written(pos, pos + copied)
    with atomic("i_size_write(): under i_rwsem"):
        if pos + copied > i_size_read(inode):
            i_size_write(inode, pos + copied)
    folio_unlock(folio)


@kernel("fs/f2fs/file.c")
def f2fs_buffered_write(pos: loff_t, count: loff_t):
    """generic_perform_write(), i_rwsem held: folio by folio, up to the first whose rest cannot be read.

    Left out: f2fs_write_failed(), which drops what such a write has reserved behind EOF; nothing is read there.
    Of a compressed cluster a write of a part of a page has all pages locked, and dirties and unlocks them all.
    """
    while count > 0:
        folio: Folio = Folio[pos // FOLIO_SIZE]
        prepared: Prepared = NOT_COMPRESSED
        if F2FS_WHOLE_PAGES == 0:
            prepared = f2fs_prepare_compress_overwrite(number(folio) * PAGES // F2FS_CLUSTER_SIZE)
        len: loff_t = min(count, folio_pos(folio) + FOLIO_SIZE - pos)
        if prepared == CANNOT_READ:
            return
        if prepared == NOT_COMPRESSED:
            if not f2fs_write_begin(pos, len, folio):
                return
        copy_to_folio(folio, pos - folio_pos(folio), len)
        if prepared == PREPARED:
            f2fs_compress_write_end(number(folio) * PAGES // F2FS_CLUSTER_SIZE, pos, len)
            with atomic("i_size_write(): under i_rwsem, the pages are unlocked"):
                if pos + len > i_size_read(inode):
                    i_size_write(inode, pos + len)
        else:
            f2fs_write_end(pos, len, folio)
        pos += len
        count -= len


@primitive("fs/f2fs/file.c")
def f2fs_do_truncate_blocks(from_: pgoff_t):
    """Free the blocks of the file from a page on."""
    for p in range(0, FILE_SIZE // PAGE_SIZE):
        if p >= from_ and Page[p].addr != NULL_ADDR:
            f2fs_update_data_blkaddr(Page[p], NULL_ADDR)


@kernel("fs/f2fs/file.c")
def f2fs_free_blocks(first: pgoff_t):
    """f2fs_do_truncate_blocks(), as one change for the checkpoint.

    A block to which garbage collection copies is given up when the copy is there (f2fs_truncate_meta_inode_pages()).
    Left out: nodes of their own for a part of the file.
    """
    f2fs_lock_op(sbi)
    if F2FS_META_GC > 0:
        f2fs_wait_on_block_writeback_range(first, FILE_SIZE // PAGE_SIZE)
    f2fs_do_truncate_blocks(first)
    f2fs_unlock_op(sbi)


@kernel("fs/f2fs/file.c")
def truncate_partial_data_page(from_: loff_t) -> bool:
    """Zero the rest of the page that the file now ends in, in memory and, by way of the page cache, on disk; False: it cannot be read."""
    folio: Folio = Folio[from_ // FOLIO_SIZE]
    __filemap_get_folio(mapping, folio)
    with atomic("f2fs_get_lock_data_page(): under the folio lock"):
        found = Page[from_ // PAGE_SIZE].addr != NULL_ADDR
        good = True
        if found and not folio_test_uptodate(folio):
            good = f2fs_submit_page_read(folio)
    if found and good:
        f2fs_wait_on_page_writeback(folio)
        with atomic("zero_user(), f2fs_dirty_data_folio(): under the folio lock"):
            folio_zero_segment(folio, from_ - folio_pos(folio), (from_ // PAGE_SIZE + 1) * PAGE_SIZE - folio_pos(folio))
            ffs_alloc(folio)
            iomap_set_range_dirty(folio, from_ // PAGE_SIZE * PAGE_SIZE - folio_pos(folio), PAGE_SIZE)
            f2fs_dirty_data_folio(mapping, folio)
    folio_unlock(folio)
    return good


@kernel("fs/f2fs/compress.c")
def f2fs_zero_cluster(cluster: pgoff_t, first: pgoff_t):
    """Zero the pages of a locked cluster from one on."""
    for slot in range(0, F2FS_CLUSTER_SIZE):
        index: pgoff_t = cluster * F2FS_CLUSTER_SIZE + slot
        if index >= first:
            from_: loff_t = index % PAGES * PAGE_SIZE
            folio_zero_segment(Folio[index // PAGES], from_, from_ + PAGE_SIZE)


@kernel("fs/f2fs/compress.c")
def f2fs_truncate_partial_cluster(cluster: pgoff_t, first: pgoff_t) -> Errno:
    """Of a cluster that is not compressed, free the blocks from a page on; of one that is, zero the pages, and dirty them all.

    Nothing is held between the two looks at the cluster: whoever writes it raw meanwhile makes them differ.
    """
    if not f2fs_is_compressed_cluster(cluster):
        f2fs_free_blocks(first)
        return OK
    prepared = f2fs_prepare_compress_overwrite(cluster)
    bug_on(prepared == NOT_COMPRESSED)
    if prepared == CANNOT_READ:
        return EIO
    f2fs_zero_cluster(cluster, first)
    f2fs_compress_write_end(cluster, 0, 0)
    return OK


@kernel("fs/f2fs/file.c")
def f2fs_truncate_blocks(from_: loff_t) -> Errno:
    """Free the blocks behind a new end of file: whole clusters first, then what is cut in the middle.

    EIO: what is cut in the middle cannot be read, and is as it was.
    """
    first: pgoff_t = (from_ + PAGE_SIZE - 1) // PAGE_SIZE
    behind: pgoff_t = (first + F2FS_CLUSTER_SIZE - 1) // F2FS_CLUSTER_SIZE * F2FS_CLUSTER_SIZE
    f2fs_free_blocks(behind)
    if PAGE_SIZE > 1 and F2FS_CLUSTER_SIZE == 1:
        if from_ % PAGE_SIZE > 0:
            if not truncate_partial_data_page(from_):
                return EIO
    if F2FS_CLUSTER_SIZE > 1:
        if first != behind:
            err = f2fs_truncate_partial_cluster(first // F2FS_CLUSTER_SIZE, first)
            return err
    return OK


@kernel("fs/f2fs/file.c")
def f2fs_setattr_size(oldsize: loff_t, newsize: loff_t) -> Errno:
    """f2fs_setattr() with ATTR_SIZE: i_size, then the page cache, then the blocks.  An error leaves i_size as it has been set.

    Left out: direct I/O, inline data, last_disk_size.
    """
    lock_i_gc_rwsem(sbi)
    filemap_invalidate_lock(mapping)
    truncate_setsize(inode, newsize)
    err: Errno = OK
    if newsize <= oldsize:
        err = f2fs_truncate_blocks(newsize)
    filemap_invalidate_unlock(mapping)
    unlock_i_gc_rwsem(sbi)
    return err


@primitive("fs/f2fs/file.c")
def f2fs_truncate_hole(page: Page):
    """Free the block of a page.  Left out: nodes, the count of blocks."""
    if page.addr != NULL_ADDR:
        f2fs_update_data_blkaddr(page, NULL_ADDR)


@kernel("fs/f2fs/file.c")
def f2fs_punch_hole(page: Page):
    """f2fs_punch_hole() of one whole page: the page cache, and then the block.

    Left out: parts of a page (fill_zero()), f2fs_balance_fs().
    """
    lock_i_gc_rwsem(sbi)
    filemap_invalidate_lock(mapping)
    truncate_pagecache_range(inode, number(page) * PAGE_SIZE, (number(page) + 1) * PAGE_SIZE - 1)
    f2fs_lock_op(sbi)
    f2fs_truncate_hole(page)
    f2fs_unlock_op(sbi)
    filemap_invalidate_unlock(mapping)
    unlock_i_gc_rwsem(sbi)


@kernel("fs/f2fs/file.c")
def f2fs_do_sync_file(current: Task, file: File) -> Errno:
    """Write the data and wait for it, then make durable what points to it.

    A compressed file needs a checkpoint; else the file's own nodes are written, with marks for recovery.
    Left out: when the nodes need not be written; FI_NEED_IPU; atomic files; flushing the device.
    """
    ret = file_write_and_wait_range(current, file, 0, FILE_SIZE)
    if ret != OK:
        return ret
    if F2FS_CLUSTER_SIZE > 1:
        f2fs_write_checkpoint(sbi)
    else:
        f2fs_write_node(sbi)
    return OK
