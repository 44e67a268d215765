"""mm/truncate.c: the page cache behind a new EOF.

Left out of the whole file: shadow entries, the batches of
folios: entries are taken one at a time, and a folio is let go before the next is looked at.
"""

from __future__ import annotations

from checker.lang import atomic, bug_on, each, kernel, primitive, release, try_acquire, warn_on

from model.include.primitives import folio_lock, folio_test_dirty, folio_unlock, folio_zero_segment, i_size_read
from model.include.primitives import i_size_write
from model.include.size import dir_pages_end, folio_index, folio_next_index, folio_pos, offset_in_folio
from model.include.size import round_up_to_block
from model.include.state import BLOCK_SIZE, FILE_PAGES, FILE_SIZE, FOLIO_SIZE, MAPPERS, PAGES, PAGE_SIZE, STALE
from model.include.state import AddressSpace, Folio, Inode, loff_t, mapping, pgoff_t
from model.mm.rmap import folio_mapped, folio_mkclean


@primitive("mm/filemap.c")
def filemap_remove_folio(folio: Folio):
    """Take a folio out of the page cache: the entry, its marks and folio->mapping, in one xa_lock section."""
    warn_on(folio.dirty)
    folio.mapping = False
    folio.tag_dirty = False
    folio.tag_towrite = False
    folio.tag_writeback = False
    folio.uptodate = False
    for k in range(0, FOLIO_SIZE):
        folio.data[k] = STALE


@kernel("mm/truncate.c")
def truncate_cleanup_folio(folio: Folio):
    """Unmap a folio that is going to be removed, and drop its private state and its dirtiness."""
    if MAPPERS > 0:
        if folio_mapped(folio):
            unmap_mapping_folio(folio)
    if folio.private:
        iomap_invalidate_folio(folio, 0, FOLIO_SIZE)
    folio_cancel_dirty(folio)


@kernel("mm/truncate.c")
def truncate_inode_folio(mapping: AddressSpace, folio: Folio):
    """Remove a locked folio from the page cache, if it is still there."""
    present = False
    with atomic("truncate_cleanup_folio(): under the folio lock"):
        present = folio.mapping
        if present:
            truncate_cleanup_folio(folio)
    if present:
        filemap_remove_folio(folio)


@kernel("mm/truncate.c")
def truncate_inode_partial_folio(folio: Folio, start: loff_t, end: loff_t) -> bool:
    """Zero or remove the part of a locked folio that lies in [start, end]; False: it stays as it is, dirty.

    Left out: split_folio() where it succeeds: the folio is removed instead, and read again.  The split itself
    is in mm/huge_memory.py.  It fails for a folio with an ifs that is dirty, and for one that somebody refers to.
    """
    pos: loff_t = folio_pos(folio)
    offset: loff_t = start - pos if pos < start else 0
    length: loff_t = FOLIO_SIZE - offset if pos + FOLIO_SIZE <= end else end + 1 - pos - offset
    folio_wait_writeback(folio)
    if length == FOLIO_SIZE:
        truncate_inode_folio(mapping, folio)
        return True
    with atomic("folio_zero_range(): under the folio lock"):
        folio_zero_segment(folio, offset, offset + length)
        iomap_invalidate_folio(folio, offset, length)
    if PAGES == 1:
        return True
    if folio_test_dirty(folio):
        return False
    truncate_inode_folio(mapping, folio)
    return True


@primitive("mm/filemap.c")
def find_lock_entry(folio: Folio) -> bool:
    """Lock a folio, if it is there, not locked and not under writeback (as find_lock_entries() does)."""
    if not folio.mapping or not try_acquire(folio.locked):
        return False
    if folio.writeback:
        release(folio.locked)
        return False
    return True


@primitive("mm/filemap.c")
def find_get_entry(start: pgoff_t, end: pgoff_t) -> Folio:
    """The first folio of the cache that begins in [start, end), or None."""
    for folio in each(Folio):
        if start <= folio_index(folio) < end and folio.mapping:
            return folio
    return None


@kernel("mm/truncate.c")
def truncate_inode_pages_range(mapping: AddressSpace, lstart: loff_t, lend: loff_t):
    """Remove the folios of [lstart, lend] from the page cache; FILE_SIZE stands for a lend of -1."""
    start: pgoff_t = dir_pages_end(lstart)
    end: pgoff_t = FILE_PAGES if lend == FILE_SIZE else (lend + 1) // PAGE_SIZE
    index: pgoff_t = (start + PAGES - 1) // PAGES * PAGES
    while index + PAGES <= end:
        folio: Folio = Folio[index // PAGES]
        if find_lock_entry(folio):
            truncate_inode_folio(mapping, folio)
            folio_unlock(folio)
        index += PAGES
    same_folio = lstart // FOLIO_SIZE == lend // FOLIO_SIZE
    if lstart < FILE_SIZE:
        folio = Folio[lstart // FOLIO_SIZE]
        if filemap_lock_folio(folio):
            if not truncate_inode_partial_folio(folio, lstart, lend):
                start = folio_next_index(folio)
                if same_folio:
                    end = folio_index(folio)
            folio_unlock(folio)
    if not same_folio and lend < FILE_SIZE:
        folio = Folio[lend // FOLIO_SIZE]
        if filemap_lock_folio(folio):
            if not truncate_inode_partial_folio(folio, lstart, lend):
                end = folio_index(folio)
            folio_unlock(folio)
    index = start
    while index < end:
        folio = find_get_entry(index, end)
        if folio is None:
            if index == start:
                break
            index = start
            continue
        folio_lock(folio)
        folio_wait_writeback(folio)
        truncate_inode_folio(mapping, folio)
        folio_unlock(folio)
        index = folio_next_index(folio)


@kernel("mm/truncate.c")
def truncate_inode_pages(mapping: AddressSpace, lstart: loff_t):
    """Remove everything from lstart on."""
    truncate_inode_pages_range(mapping, lstart, FILE_SIZE)


@kernel("mm/truncate.c")
def truncate_pagecache(inode: Inode, newsize: loff_t):
    """Remove what lies behind a new EOF from the page cache.

    The second unmapping finds private copies, and a page of a large folio that lies across EOF, if a fault
    has asked for i_size before it was lowered, and mapped the page after the first unmapping.
    """
    if MAPPERS > 0:
        unmap_mapping_range(dir_pages_end(newsize), FILE_PAGES)
    truncate_inode_pages(mapping, newsize)
    if MAPPERS > 0 and PAGES > 1:
        unmap_mapping_range(dir_pages_end(newsize), FILE_PAGES)


@kernel("mm/truncate.c")
def truncate_pagecache_range(inode: Inode, lstart: loff_t, lend: loff_t):
    """Remove [lstart, lend] from the page cache."""
    if MAPPERS > 0:
        unmap_mapping_range(dir_pages_end(lstart), (lend + 1) // PAGE_SIZE)
    truncate_inode_pages_range(mapping, lstart, lend)


@kernel("mm/truncate.c")
def invalidate_complete_folio2(mapping: AddressSpace, folio: Folio) -> bool:
    """Remove a locked, idle, unmapped folio from the page cache, unless it is dirty."""
    removed = False
    with atomic("filemap_release_folio(), then one section under i_lock and xa_lock: under the folio lock"):
        if filemap_release_folio(folio):
            if not folio_test_dirty(folio):
                bug_on(folio.private)
                filemap_remove_folio(folio)
                removed = True
    return removed


@kernel("mm/truncate.c")
def invalidate_inode_pages2_range(mapping: AddressSpace, start: pgoff_t, end: pgoff_t) -> bool:
    """Remove the folios of [start, end) from the page cache; False: -EBUSY, one of them was dirty.

    Left out: ->launder_folio, which XFS does not have.
    """
    done = True
    did_range_unmap = False
    index: pgoff_t = start
    while index < end:
        folio = find_get_entry(index, end)
        if folio is None:
            break
        if MAPPERS > 0:
            if not did_range_unmap:
                if folio_mapped(folio):
                    unmap_mapping_range(folio_index(folio), end)
                    did_range_unmap = True
        folio_lock(folio)
        if folio.mapping:
            folio_wait_writeback(folio)
            if MAPPERS > 0:
                if folio_mapped(folio):
                    unmap_mapping_folio(folio)
                bug_on(folio_mapped(folio))
            if not invalidate_complete_folio2(mapping, folio):
                done = False
        folio_unlock(folio)
        index = folio_next_index(folio)
    return done


@kernel("mm/truncate.c")
def truncate_setsize(inode: Inode, newsize: loff_t):
    """Set i_size, and only then drop what lies behind it from the page cache."""
    with atomic("i_size_write(): under i_rwsem"):
        oldsize = i_size_read(inode)
        i_size_write(inode, newsize)
    if newsize > oldsize:
        pagecache_isize_extended(inode, oldsize, newsize)
    truncate_pagecache(inode, newsize)


@kernel("mm/truncate.c")
def pagecache_isize_extended(inode: Inode, from_: loff_t, to: loff_t):
    """i_size has grown: write-protect the folio at the old EOF, so that a store behind it reserves space
    for its block, and zero what the folio holds there.

    Left out: the assertion that i_size is `to` already, or beyond.
    """
    if from_ >= to or BLOCK_SIZE >= PAGE_SIZE:
        return
    rounded_from: loff_t = round_up_to_block(from_)
    if to <= rounded_from or rounded_from % PAGE_SIZE == 0:
        return
    folio: Folio = Folio[from_ // FOLIO_SIZE]
    if filemap_lock_folio(folio):
        if MAPPERS > 0:
            if folio_mkclean(folio):
                with atomic("folio_mark_dirty(): under the folio lock"):
                    folio_mark_dirty(folio)
        with atomic("folio_zero_segment(): under the folio lock"):
            if folio_test_dirty(folio):
                offset: loff_t = offset_in_folio(from_)
                folio_zero_segment(folio, offset, min(to - folio_pos(folio), FOLIO_SIZE))
        folio_unlock(folio)


from model.fs.iomap.buffered_io import folio_mark_dirty, iomap_invalidate_folio  # noqa: E402
from model.mm.filemap import filemap_lock_folio, filemap_release_folio  # noqa: E402
from model.mm.memory import unmap_mapping_folio, unmap_mapping_range  # noqa: E402
from model.mm.page_writeback import folio_cancel_dirty, folio_wait_writeback  # noqa: E402
