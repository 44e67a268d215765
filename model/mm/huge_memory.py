"""mm/huge_memory.c: a large folio of two pages is split, while others look it up, write to it and write it back.

A small model of its own, in which a folio may have one page or two: `model/mm/truncate.py`, whose folios are all of
one size, takes the whole folio out of the page cache where the kernel splits it.

Left out of the whole file: page tables (a dirty entry makes the split fail), parts of a page, reclaim, the locks
that keep the pages of a folio from being mapped meanwhile, memory for the tree; the first pass of truncate, which waits
for nobody.
"""

from __future__ import annotations

from checker.lang import Array, Flag, Ghost, Lock, Range, Ref, Struct, acquire, atomic, baseline, bug_on, choose, each
from checker.lang import kernel, number, primitive, release, scenario, thread, try_acquire, wait_until, worker

large_folio = baseline("Linux 6.13.1: a large folio of two pages in the page cache, and its split.")

HALVES = 4  # i_size counts half pages
size_in_halves = Range(0, HALVES)
page_index_t = Range(0, 2)
batch_t = Range(0, 3)


class PagedFile(Struct):
    """struct inode and its address_space."""

    i_rwsem = Lock("i_rwsem")
    i_size = size_in_halves


class PageFolio(Struct, count=2):
    """struct folio, named after its first page: with two pages if it is large, and gone if that belongs to the one before."""

    locked = Lock("PG_locked")
    mapping = Flag("mapping", write_guard=locked)
    large = Flag("PG_head", write_guard=locked)
    dirty = Flag("PG_dirty", write_guard=locked)
    writeback = Flag("PG_writeback")
    private = Flag("PG_private", write_guard=locked)
    ifs_dirty = Array(Flag("ifs dirty", write_guard=locked), 2)
    refcount = Range(0, 5, "_refcount")  # beyond those that the page cache and private data hold
    tag_dirty = Flag("PAGECACHE_TAG_DIRTY")
    sent = Flag("bio submitted")
    bio = Array(Flag("in the bio"), 2)  # which of its pages are


class FilePage(Struct, count=2):
    """A page of the file: has the device its newest data?  Of what is behind EOF nothing is asked."""

    on_disk = Ghost(Flag("on disk", init=True))


paged = PagedFile[0]


@primitive()
def a_large_folio():
    """Two pages, cached as one folio and clean."""
    paged.i_size = HALVES
    PageFolio[0].mapping = True
    PageFolio[0].large = True


# ---------------------------------------------------------------- the page cache


@primitive("mm/filemap.c")
def filemap_get_page_folio(index: page_index_t) -> PageFolio:
    """The folio of a page, with a reference; None if the page is not cached."""
    folio: PageFolio = PageFolio[0]
    if index == 1 and not (PageFolio[0].mapping and PageFolio[0].large):
        folio = PageFolio[1]
    if not folio.mapping:
        return None
    folio.refcount += 1
    return folio


@primitive("include/linux/mm.h")
def folio_put(folio: PageFolio):
    """Drop a reference."""
    folio.refcount -= 1


@primitive("include/linux/pagemap.h")
def lock_page_folio(folio: PageFolio):
    """folio_lock()."""
    acquire(folio.locked)


@primitive("mm/filemap.c")
def unlock_page_folio(folio: PageFolio):
    """folio_unlock()."""
    release(folio.locked)


@primitive("include/linux/pagemap.h")
def page_folio_contains(folio: PageFolio, index: page_index_t) -> bool:
    """Is a page one of a folio's?"""
    return number(folio) == index or (folio.large and index == 1)


@primitive("mm/filemap.c")
def remove_page_folio(folio: PageFolio):
    """truncate_inode_folio(): undirty a locked folio, drop its ifs, and take it out of the page cache."""
    bug_on(folio.writeback)
    folio.mapping = False
    folio.large = False
    folio.dirty = False
    folio.tag_dirty = False
    folio.private = False
    for i in range(0, 2):
        folio.ifs_dirty[i] = False


@primitive("mm/filemap.c")
def filemap_add_page_folio(index: page_index_t) -> PageFolio:
    """A folio of one page, locked, with a reference and read from the device; None if somebody has been faster."""
    folio: PageFolio = PageFolio[index]
    if folio.mapping or (PageFolio[0].mapping and PageFolio[0].large) or not try_acquire(folio.locked):
        return None
    folio.mapping = True
    folio.large = False
    folio.refcount += 1
    return folio


# --------------------------------------------------------------------- the split


@primitive("mm/filemap.c")
def release_page_folio(folio: PageFolio) -> bool:
    """filemap_release_folio(): free the ifs of a clean folio; False: it is dirty."""
    if folio.private and folio.dirty:
        return False
    folio.private = False
    return True


@primitive("mm/huge_memory.c")
def can_split_folio(folio: PageFolio) -> bool:
    """Has nobody else a reference?"""
    return folio.refcount == 1


@primitive("mm/huge_memory.c")
def folio_ref_freeze(folio: PageFolio) -> bool:
    """Set the reference count to zero if it is what it has to be, so that nobody gets one."""
    return folio.refcount == 1


@primitive("mm/huge_memory.c")
def __split_huge_page_tail(head: PageFolio, tail: PageFolio):
    """The second page becomes a folio: locked, and with the flags of the first."""
    locked = try_acquire(tail.locked)
    bug_on(not locked)
    tail.mapping = True
    tail.large = False
    tail.dirty = head.dirty
    tail.refcount += 1


@primitive("lib/xarray.c")
def xas_split_entry(head: PageFolio, tail: PageFolio):
    """The entry of the tail gets the marks of the one that is split."""
    tail.tag_dirty = head.tag_dirty


@primitive("mm/huge_memory.c")
def drop_tail_behind_eof(tail: PageFolio, end: page_index_t):
    """A tail behind EOF is taken out of the page cache at once."""
    if end <= 1:
        tail.dirty = False
        tail.tag_dirty = False
        tail.mapping = False


@primitive("mm/huge_memory.c")
def clear_head(head: PageFolio):
    """ClearPageCompound(): the head is a folio of one page."""
    head.large = False


@primitive("mm/huge_memory.c")
def pages_below_eof() -> page_index_t:
    """DIV_ROUND_UP(i_size_read(), PAGE_SIZE)."""
    return (paged.i_size + 1) // 2


@kernel("mm/huge_memory.c")
def split_huge_page_to_list_to_order(folio: PageFolio) -> bool:
    """Split a locked, large folio; False: -EBUSY or -EAGAIN, it stays as it is."""
    tail: PageFolio = PageFolio[1]
    with atomic("PG_writeback and folio->mapping: under the folio lock"):
        possible = folio.mapping and not folio.writeback
        if possible:
            possible = release_page_folio(folio)
    if not possible:
        return False
    end: page_index_t = pages_below_eof()
    if not can_split_folio(folio):
        return False
    with atomic("xa_lock is held, interrupts are off, and the reference count is frozen"):
        done = folio_ref_freeze(folio)
        if done:
            __split_huge_page_tail(folio, tail)
            xas_split_entry(folio, tail)
            drop_tail_behind_eof(tail, end)
            clear_head(folio)
    if done:
        unlock_page_folio(tail)
        folio_put(tail)
    return done


# --------------------------------------------------------------------- truncate


@kernel("mm/truncate.c")
def truncate_partial_page_folio(folio: PageFolio, start: page_index_t) -> bool:
    """truncate_inode_partial_folio(): False: the folio stays as it is, dirty, and reaches behind EOF."""
    wait_for_writeback_of(folio)
    with atomic("under the folio lock"):
        small = not folio.large
        whole = start <= number(folio)
        if whole:
            remove_page_folio(folio)
    if whole or small:
        return True
    if split_huge_page_to_list_to_order(folio):
        return True
    with atomic("under the folio lock"):
        dirty = folio.dirty
        if not dirty:
            remove_page_folio(folio)
    return not dirty


@primitive("mm/filemap.c")
def wait_for_writeback_of(folio: PageFolio):
    """folio_wait_writeback()."""
    wait_until(not folio.writeback)


@kernel("mm/truncate.c")
def truncate_pages_from(first: page_index_t, start: page_index_t):
    """truncate_inode_pages_range(): the folio of page `first`, in which EOF is, and then those from `start` on."""
    folio: PageFolio = PageFolio[0]
    if first < 2:
        folio = filemap_get_page_folio(first)
        if folio is not None:
            lock_page_folio(folio)
            if folio.mapping:
                bug_on(not page_folio_contains(folio, first))
                if not truncate_partial_page_folio(folio, start):
                    start = 2
            unlock_page_folio(folio)
            folio_put(folio)
    for index in range(0, 2):
        if index >= start:
            folio = filemap_get_page_folio(index)
            if folio is not None:
                lock_page_folio(folio)
                if folio.mapping:
                    bug_on(not page_folio_contains(folio, index))
                    wait_for_writeback_of(folio)
                    remove_page_folio(folio)
                unlock_page_folio(folio)
                folio_put(folio)


def truncate_paged_file():
    """truncate(2) to a smaller size: to the middle of a page, or between the two."""
    with atomic("i_rwsem"):
        lock_paged_file()
        wanted = choose(range(1, HALVES))
        size: size_in_halves = min(wanted, paged.i_size)
    set_paged_size(size)
    truncate_pages_from(size // 2, (size + 1) // 2)
    unlock_paged_file()


@primitive()
def lock_paged_file():
    """i_rwsem."""
    acquire(paged.i_rwsem)


@primitive()
def unlock_paged_file():
    """i_rwsem."""
    release(paged.i_rwsem)


@primitive("include/linux/fs.h")
def set_paged_size(size: size_in_halves):
    """i_size_write(); what lies behind it is nobody's any more."""
    paged.i_size = size
    for page in each(FilePage):
        if number(page) * 2 >= size:
            page.on_disk = True


# ------------------------------------------------------------ writers and writeback


@primitive("fs/iomap/buffered-io.c")
def dirty_page_folio(folio: PageFolio, first: page_index_t, end: page_index_t):
    """Copy to pages of a locked folio and dirty it: with an ifs, unless the write covers all of it and it has none."""
    if folio.large and (first > 0 or end < 2) and not folio.private:
        folio.private = True
        for i in range(0, 2):
            folio.ifs_dirty[i] = folio.dirty
    for page in each(FilePage):
        if first <= number(page) < end and page_folio_contains(folio, number(page)):
            page.on_disk = False
            folio.ifs_dirty[number(page) - number(folio)] = folio.private
    folio.dirty = True
    folio.tag_dirty = True


def write_pages():
    """write(2) of a page or of both, inside the file."""
    with atomic("i_rwsem"):
        lock_paged_file()
        index: page_index_t = choose(range(0, 2))
        pages = choose(range(1, 3))
        end: page_index_t = min(index + pages, (paged.i_size + 1) // 2)
    while index < end:
        folio = filemap_get_page_folio(index)
        if folio is not None:
            lock_page_folio(folio)
        else:
            folio = filemap_add_page_folio(index)
        if folio is not None:
            with atomic("under the folio lock"):
                there = folio.mapping
                large = folio.large
                if there:
                    bug_on(not page_folio_contains(folio, index))
                    dirty_page_folio(folio, index, end)
            unlock_page_folio(folio)
            folio_put(folio)
            if there:
                index = 2 if large else index + 1
    unlock_paged_file()


@primitive("mm/filemap.c")
def filemap_get_dirty_folios() -> batch_t:
    """A reference to every folio with the mark, as the batch of a pass has it: 1 the first, 2 the second, 3 both."""
    found: batch_t = 0
    for folio in each(PageFolio):
        if folio.mapping and folio.tag_dirty:
            folio.refcount += 1
            found += 1 if number(folio) == 0 else 2
    return found


def write_back_pages():
    """A pass of the flusher over the whole file, with one batch."""
    found = filemap_get_dirty_folios()
    for i in range(0, 2):
        if found == 3 or found == i + 1:
            folio: PageFolio = PageFolio[i]
            lock_page_folio(folio)
            with atomic("folio_prepare_writeback(): under the folio lock"):
                ready = folio.mapping and folio.dirty and not folio.writeback
                if ready:
                    folio.dirty = False
            if ready:
                start_writeback_of(folio)
                submit_pages(folio)
            unlock_page_folio(folio)
    for i in range(0, 2):
        if found == 3 or found == i + 1:
            folio_put(PageFolio[i])


@primitive("mm/page-writeback.c")
def start_writeback_of(folio: PageFolio):
    """folio_start_writeback()."""
    bug_on(folio.writeback)
    folio.writeback = True
    if not folio.dirty:
        folio.tag_dirty = False


@primitive("fs/iomap/buffered-io.c")
def submit_pages(folio: PageFolio):
    """Add the dirty pages of a locked folio below EOF to a bio, submit it, and clear their bits."""
    for i in range(0, 2):
        inside = (i == 0 or folio.large) and (number(folio) + i) * 2 < paged.i_size
        folio.bio[i] = inside and (not folio.private or folio.ifs_dirty[i])
        folio.ifs_dirty[i] = False
    folio.sent = True


def end_bio(folio: PageFolio):
    """The device writes the pages of a bio, and writeback of the folio ends."""
    with atomic("the device writes"):
        wait_until(folio.sent)
        for page in each(FilePage):
            if number(page) >= number(folio):
                if folio.bio[number(page) - number(folio)]:
                    page.on_disk = True
        folio.sent = False
    end_writeback_of(folio)


@primitive("mm/filemap.c")
def end_writeback_of(folio: PageFolio):
    """folio_end_writeback()."""
    bug_on(not folio.writeback)
    folio.writeback = False


large_folio_split = scenario(
    "A large folio of two pages: a writer, truncate, which splits it where that is possible, and the flusher.",
    thread("writer", write_pages), thread("truncater", truncate_paged_file), thread("flusher", write_back_pages),
    worker("irq", end_bio, per=PageFolio), setup=a_large_folio, bound=3, of=large_folio,
    lock_order=(PagedFile.i_rwsem, PageFolio.locked),
    properties=(
        "a_written_page_is_dirty_or_under_writeback", "a_dirty_part_has_the_mark", "no_part_lies_behind_eof",
        "a_folio_keeps_its_size_for_who_holds_it", "a_small_folio_has_no_dirty_bits_of_others",
        "no_reference_to_a_folio_is_left", "a_split_leaves_both_parts", "a_split_leaves_one_part",
        "a_dirty_folio_is_split", "a_dirty_folio_is_not_split",
    ),
)  # fmt: skip
