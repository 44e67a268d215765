"""References of a folio and its memory: lookup, removal, reclaim, and the page that gets the memory next.

A small model of its own, of one index of a file and two page frames, either of which the page cache, or somebody else, may have:
the folio that was removed and the one that takes its place are two here.
`model/mm/filemap.py` has one object for each index, and counts no references.

Its functions were written from what is known of them, and not compared with a tree line by line.
Left out of the whole file: the grace period of RCU (the memory of a struct folio stays a struct folio), large folios, private data,
the lists of reclaim, and rmap: reclaim meets no mapped folio but by its references, and truncate is not beside a mapping.
"""

from __future__ import annotations

from checker.lang import Flag, Ghost, Lock, Range, Ref, Struct, acquire, bug_on, each, enum, interrupt, kernel
from checker.lang import primitive, release, scenario, thread, try_acquire, wait_until

from model.mm.huge_memory import large_folio

# Who has a frame: the allocator; the page cache of the file, also of a removed folio, until its last reference goes; somebody else.
FrameOwner = enum("FrameOwner", "FREE PAGE_CACHE SOMEBODY")
FREE, PAGE_CACHE, SOMEBODY = FrameOwner


class FrameFolio(Struct, count=2):
    """A page frame, and struct folio of it."""

    locked = Lock("PG_locked")
    owner = FrameOwner
    refcount = Range(0, 7, "_refcount")
    mapping = Flag("mapping", write_guard=locked)
    dirty = Flag("PG_dirty")
    writeback = Flag("PG_writeback")
    under_io = Flag("the device reads its memory")
    newest = Flag("holds the newest data")
    removed = Ghost(Flag("has been removed from the page cache"))


class OnePageFile(Struct):
    """An index of i_pages; on_disk: the device has what was stored last.

    storing: somebody has stored, and not yet said that the folio is dirty.
    """

    entry = Ref(FrameFolio, "i_pages")
    on_disk = Ghost(Flag("on disk", init=True))
    storing = Ghost(Range(0, 3, "stores that are not marked"))
    astray = Ghost(Flag("somebody has stored into a folio that the file has no longer"))


one_page = OnePageFile[0]

# ------------------------------------------------------------------- references


@primitive("include/linux/page_ref.h")
def folio_try_get(folio: FrameFolio) -> bool:
    """One more reference, unless there is none, or the count is frozen."""
    got = folio.refcount > 0
    if got:
        folio.refcount += 1
    return got


@primitive("mm/swap.c")
def __folio_put(folio: FrameFolio):
    """The memory goes back to the allocator."""
    folio.owner = FREE
    folio.newest = False
    folio.dirty = False
    folio.removed = False


@primitive("include/linux/mm.h")
def folio_put_frame(folio: FrameFolio):
    """folio_put(): who drops the last reference frees the memory."""
    bug_on(folio.refcount == 0)
    folio.refcount -= 1
    if folio.refcount == 0:
        __folio_put(folio)


@primitive("include/linux/page_ref.h")
def folio_ref_freeze_frame(folio: FrameFolio) -> bool:
    """folio_ref_freeze(): the count becomes zero if the page cache and the caller have the only references."""
    frozen = folio.refcount == 2
    if frozen:
        folio.refcount = 0
    return frozen


@primitive("include/linux/page_ref.h")
def folio_ref_unfreeze(folio: FrameFolio):
    """The count is what it was."""
    folio.refcount = 2


# --------------------------------------------------------------- the page cache


@primitive("lib/xarray.c")
def xas_load() -> FrameFolio:
    """What the index has."""
    return one_page.entry


@primitive("lib/xarray.c")
def xas_reload(folio: FrameFolio) -> bool:
    """Has the index still this folio?"""
    return one_page.entry == folio


@kernel("mm/filemap.c")
def filemap_get_entry() -> FrameFolio:
    """The folio of the index, with a reference; None: there is none.

    Between the look and the reference the folio may go, and its memory, too.
    """
    while True:
        folio = xas_load()
        if folio is None:
            return None
        if folio_try_get(folio):
            if xas_reload(folio):
                return folio
            folio_put_frame(folio)


@primitive("mm/filemap.c")
def lock_frame(folio: FrameFolio):
    """folio_lock()."""
    acquire(folio.locked)


@primitive("mm/filemap.c")
def unlock_frame(folio: FrameFolio):
    """folio_unlock()."""
    release(folio.locked)


@primitive("mm/filemap.c")
def folio_has_mapping(folio: FrameFolio) -> bool:
    """folio->mapping == mapping: under the folio lock this stays so."""
    return folio.mapping


@primitive("mm/page_alloc.c")
def alloc_frame(owner: FrameOwner) -> FrameFolio:
    """A frame, with one reference; None: there is none."""
    found: FrameFolio = None
    for folio in each(FrameFolio):
        if found is None and folio.owner == FREE:
            found = folio
    if found is not None:
        found.owner = owner
        found.refcount += 1
    return found


@primitive("mm/filemap.c")
def filemap_add_folio(folio: FrameFolio) -> bool:
    """A new folio gets into the page cache, locked; False: another one is there."""
    if one_page.entry is not None or not try_acquire(folio.locked):
        return False
    one_page.entry = folio
    folio.mapping = True
    folio.refcount += 1
    return True


@kernel("mm/filemap.c")
def lock_folio_of_index() -> FrameFolio:
    """__filemap_get_folio(FGP_LOCK | FGP_CREAT): the folio of the index, locked and with a reference; None: there is no memory."""
    while True:
        folio = filemap_get_entry()
        if folio is not None:
            lock_frame(folio)
            if folio_has_mapping(folio):
                return folio
            unlock_frame(folio)
            folio_put_frame(folio)
        else:
            folio = alloc_frame(PAGE_CACHE)
            if folio is None:
                return None
            if filemap_add_folio(folio):
                return folio
            folio_put_frame(folio)


@primitive("mm/filemap.c")
def page_cache_delete(folio: FrameFolio):
    """The index is empty, and the folio has no mapping."""
    if one_page.entry == folio:
        one_page.entry = None
    folio.mapping = False
    folio.removed = True


# ------------------------------------------------------------- those who store


@primitive()
def store(folio: FrameFolio):
    """The CPU stores into the memory of a folio; it is data of the file if the folio is that of the index."""
    if one_page.entry == folio:
        folio.newest = True
        one_page.on_disk = False
    else:
        one_page.astray = True
    one_page.storing += 1


@primitive("mm/page-writeback.c")
def folio_mark_dirty(folio: FrameFolio):
    """PG_dirty.  Left out: the marks of i_pages."""
    folio.dirty = True
    one_page.storing -= 1


def write_one_page():
    """write(2): the copy, and PG_dirty, with the folio locked."""
    folio = lock_folio_of_index()
    if folio is not None:
        store(folio)
        folio_mark_dirty(folio)
        unlock_frame(folio)
        folio_put_frame(folio)


def store_and_unmap():
    """A page fault maps the folio, the CPU stores, and zap_present_folio_ptes() says that the folio is dirty, without its lock.

    The entry has the reference.
    """
    folio = filemap_get_entry()
    if folio is not None:
        lock_frame(folio)
        there = folio_has_mapping(folio)
        unlock_frame(folio)
        if there:
            store(folio)
            folio_mark_dirty(folio)
        folio_put_frame(folio)


# -------------------------------------------------------------------- writeback


@primitive("mm/page-writeback.c")
def folio_clear_dirty_and_start_writeback(folio: FrameFolio) -> bool:
    """folio_prepare_writeback() behind the look at the mapping, and folio_start_writeback(): under the folio lock."""
    ready = folio.dirty and not folio.writeback
    if ready:
        folio.dirty = False
        folio.writeback = True
    return ready


@primitive("block/bio.c")
def submit_frame(folio: FrameFolio):
    """submit_bio(): the bio has no reference to the folio."""
    folio.under_io = True


def write_back_one_page():
    """A pass of the flusher; its batch has a reference."""
    folio = filemap_get_entry()
    if folio is not None:
        lock_frame(folio)
        if folio_has_mapping(folio):
            if folio_clear_dirty_and_start_writeback(folio):
                submit_frame(folio)
        unlock_frame(folio)
        folio_put_frame(folio)


@primitive()
def transfer_frame(folio: FrameFolio):
    """The device has read the memory, whoever has it now."""
    wait_until(folio.under_io)
    folio.under_io = False
    if folio.newest:
        one_page.on_disk = True


@primitive("mm/filemap.c")
def get_frame(folio: FrameFolio):
    """folio_get(): PG_writeback has kept the folio so far, and does so no longer from the next step on."""
    bug_on(folio.refcount == 0)
    folio.refcount += 1


@primitive("mm/filemap.c")
def clear_writeback(folio: FrameFolio):
    """__folio_end_writeback()."""
    folio.writeback = False


@primitive("mm/filemap.c")
def folio_wake_bit(folio: FrameFolio):
    """Wake those who wait for a bit of this folio: of memory that is still one."""
    bug_on(folio.owner == FREE)


@kernel("mm/filemap.c")
def folio_end_writeback_of_frame(folio: FrameFolio):
    """folio_end_writeback()."""
    transfer_frame(folio)
    get_frame(folio)
    clear_writeback(folio)
    folio_wake_bit(folio)
    folio_put_frame(folio)


# ------------------------------------------------------------ those who remove


@primitive("mm/filemap.c")
def wait_for_writeback_of_frame(folio: FrameFolio):
    """folio_wait_writeback()."""
    wait_until(not folio.writeback)


@primitive("mm/truncate.c")
def truncate_inode_folio(folio: FrameFolio):
    """Undirty a locked folio and take it out of the page cache, under xa_lock; what it holds is nobody's any more."""
    folio.dirty = False
    folio.newest = False
    one_page.on_disk = True
    page_cache_delete(folio)


def truncate_one_page():
    """truncate(2) to nothing, and up again: the second pass, which waits."""
    folio = filemap_get_entry()
    if folio is not None:
        lock_frame(folio)
        wait_for_writeback_of_frame(folio)
        if folio_has_mapping(folio):
            truncate_inode_folio(folio)
            folio_put_frame(folio)
        unlock_frame(folio)
        folio_put_frame(folio)


@primitive("mm/vmscan.c")
def isolate_frame() -> FrameFolio:
    """isolate_lru_folios(): a folio of the page cache, with a reference; None: there is none."""
    for folio in each(FrameFolio):
        if folio.owner == PAGE_CACHE and folio.mapping and folio.refcount > 0:
            folio.refcount += 1
            return folio
    return None


@primitive("mm/vmscan.c")
def trylock_frame(folio: FrameFolio) -> bool:
    """folio_trylock()."""
    return try_acquire(folio.locked)


@primitive("mm/vmscan.c")
def frame_is_under_writeback(folio: FrameFolio) -> bool:
    """folio_test_writeback()."""
    return folio.writeback


@primitive("mm/vmscan.c")
def frame_is_dirty(folio: FrameFolio) -> bool:
    """folio_test_dirty()."""
    return folio.dirty


@primitive("mm/filemap.c")
def __filemap_remove_folio(folio: FrameFolio):
    """page_cache_delete(); the frozen count stands for the references of the page cache and of reclaim."""
    page_cache_delete(folio)


@kernel("mm/vmscan.c")
def __remove_mapping_of_frame(folio: FrameFolio) -> bool:
    """__remove_mapping(): first nobody else may have a reference, then the folio may not be dirty.

    xa_lock, which is held all the time, keeps off others that remove; who looks the folio up does not take it.
    """
    if not folio_has_mapping(folio):
        return False
    if not folio_ref_freeze_frame(folio):
        return False
    if frame_is_dirty(folio):
        folio_ref_unfreeze(folio)
        return False
    __filemap_remove_folio(folio)
    return True


@kernel("mm/vmscan.c")
def shrink_one_folio(folio: FrameFolio) -> bool:
    """shrink_folio_list() of a locked folio; True: it has no references any more, and its memory is to be freed."""
    if frame_is_under_writeback(folio):
        return False
    if frame_is_dirty(folio):
        return False
    return __remove_mapping_of_frame(folio)


def reclaim_one_page():
    """kswapd.  The memory of a folio whose count is frozen is freed without a put."""
    folio = isolate_frame()
    if folio is not None:
        if trylock_frame(folio):
            free_it = shrink_one_folio(folio)
            unlock_frame(folio)
            if free_it:
                __folio_put(folio)
            else:
                folio_put_frame(folio)
        else:
            folio_put_frame(folio)


def use_a_frame():
    """Somebody else needs memory for a while."""
    folio = alloc_frame(SOMEBODY)
    if folio is not None:
        folio_put_frame(folio)


folio_reused = scenario(
    "One index and two frames: a writer, truncate, the flusher, and somebody else who needs memory.",
    thread("writer", write_one_page), thread("truncater", truncate_one_page), thread("flusher", write_back_one_page),
    thread("other", use_a_frame), interrupt("irq", folio_end_writeback_of_frame, per=FrameFolio), bound=4, of=large_folio,
    properties=(
        "free_memory_has_no_references", "memory_under_io_is_the_files", "what_was_stored_is_dirty_or_on_its_way",
        "stores_go_to_the_file", "a_removed_folio_and_its_successor",
    ),
)  # fmt: skip

folio_reclaimed = scenario(
    "One index, two frames: a writer, a mapping that dirties without the lock, reclaim, the flusher, and somebody who needs memory.",
    like=folio_reused, also=(thread("mapper", store_and_unmap), thread("kswapd", reclaim_one_page)), without=("truncater",),
    properties=(
        "free_memory_has_no_references", "memory_under_io_is_the_files", "what_was_stored_is_dirty_or_on_its_way",
        "stores_go_to_the_file",
    ),
)  # fmt: skip
