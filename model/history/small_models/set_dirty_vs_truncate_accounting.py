"""mm: protect set_page_dirty() from ongoing truncation (v3.19).

A fault sets PG_dirty; truncate removes the page, sees the flag, and takes the page off the count of dirty ones;
the fault finds no mapping and does not count it.  The count is one too low for ever.  In the model of 6.13.1 a
PG_dirty that is set without the folio lock violates `guard` at once, so the pages and their count are a small
model of their own here.
"""

from __future__ import annotations

from checker.lang import Flag, Lock, Range, Struct, acquire, baseline, kernel, override, primitive, process
from checker.lang import release, scenario, variant

dirty_accounting = baseline("Linux 3.19: the count of dirty pages.")


class CountedPage(Struct):
    """struct page, and NR_FILE_DIRTY."""

    locked = Lock("PG_locked")
    mapping = Flag("mapping", init=True)
    dirty = Flag("PG_dirty")
    nr_file_dirty = Range(-1, 1, "NR_FILE_DIRTY")


page = CountedPage[0]


@primitive("mm/filemap.c")
def lock_page():
    """Wait for PG_locked."""
    acquire(page.locked)


@primitive("mm/filemap.c")
def unlock_page():
    """Give PG_locked back."""
    release(page.locked)


@primitive("include/linux/page-flags.h")
def TestSetPageDirty() -> bool:
    """Set PG_dirty; was it set?"""
    was_dirty = page.dirty
    page.dirty = True
    return was_dirty


@primitive("mm/page-writeback.c")
def account_page_dirtied():
    """Count the page if it is in the page cache, under tree_lock."""
    if page.mapping:
        page.nr_file_dirty += 1


@kernel("mm/page-writeback.c")
def __set_page_dirty_nobuffers():
    """The flag, and then the count."""
    was_dirty = TestSetPageDirty()
    if not was_dirty:
        account_page_dirtied()


@primitive("mm/truncate.c")
def cancel_dirty_page():
    """Clear PG_dirty, and do not count the page any more."""
    if page.dirty:
        page.dirty = False
        page.nr_file_dirty -= 1


@primitive("mm/filemap.c")
def delete_from_page_cache():
    """The page leaves the page cache."""
    page.mapping = False


@kernel("mm/memory.c")
def dirty_shared_page():
    """A store has faulted: the page is dirty.  Its lock keeps truncate away."""
    lock_page()
    if page_is_mapped():
        __set_page_dirty_nobuffers()
    unlock_page()


@primitive("mm/memory.c")
def page_is_mapped() -> bool:
    """Is the page in the page cache?"""
    return page.mapping


@kernel("mm/memory.c")
def dirty_shared_page_unlocked():
    """A store has faulted: the page is dirty."""
    if page_is_mapped():
        __set_page_dirty_nobuffers()


@kernel("mm/truncate.c")
def truncate_complete_page():
    """Remove the page."""
    lock_page()
    cancel_dirty_page()
    delete_from_page_cache()
    unlock_page()


dirty_and_truncate = scenario(
    "A fault that dirties a page, and a truncate that removes it.",
    process("mapper", dirty_shared_page), process("truncater", truncate_complete_page), of=dirty_accounting,
    properties=("dirty_pages_are_counted", "a_dirty_page_is_counted", "the_page_is_gone"),
)  # fmt: skip

set_dirty_vs_truncate_accounting = variant(
    "A fault dirties the page without its lock.",
    override(dirty_shared_page, by=dirty_shared_page_unlocked), of=dirty_accounting, undoes="2d6d7f982846",
    scenario=dirty_and_truncate,
)  # fmt: skip
