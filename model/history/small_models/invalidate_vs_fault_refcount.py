"""[PATCH] invalidate_complete_page() race fix (v2.6.19).

Invalidation finds a page that is neither mapped nor dirty.  A fault has looked the page up and holds a reference,
and maps it; invalidation removes it from the page cache all the same.  What is stored through that mapping
belongs to no file.  A small model of its own: in 6.13.1 a fault maps a folio under its lock.
"""

from __future__ import annotations

from checker.lang import Flag, Range, Struct, atomic, baseline, kernel, override, primitive, process, scenario
from checker.lang import variant

invalidation = baseline("Linux 2.6.19: a fault and the invalidation of a page.")


class SharedPage(Struct):
    """struct page of a file that is mapped, shared and writable."""

    cached = Flag("mapping", init=True)
    mapped = Flag("page_mapped")
    references = Range(0, 1, "references other than the cache's and the invalidator's")


shared = SharedPage[0]


@primitive("mm/filemap.c")
def find_get_page() -> bool:
    """Look the page up and take a reference; False: it is not cached."""
    if shared.cached:
        shared.references += 1
    return shared.cached


@primitive("mm/memory.c")
def set_pte_at():
    """Map the page, writable; the entry keeps the reference."""
    shared.mapped = True


@kernel("mm/memory.c")
def do_no_page():
    """A fault.  Left out: reading the page if it is not cached."""
    if find_get_page():
        set_pte_at()


@primitive("include/linux/mm.h")
def page_mapped() -> bool:
    """Is the page mapped?"""
    return shared.mapped


@kernel("mm/truncate.c")
def invalidate_complete_page():
    """Remove the page under tree_lock, unless somebody else has a reference."""
    with atomic("tree_lock is held"):
        if shared.references == 0:
            shared.cached = False


@kernel("mm/truncate.c")
def invalidate_without_freezing():
    """Remove the page."""
    shared.cached = False


@kernel("mm/truncate.c")
def invalidate_mapping_pages():
    """Drop the page if nobody uses it."""
    mapped = page_mapped()
    if not mapped:
        invalidate_complete_page()


fault_and_invalidate = scenario(
    "A fault on a page, and its invalidation.",
    process("mapper", do_no_page), process("invalidator", invalidate_mapping_pages), of=invalidation,
    properties=("a_mapped_page_is_cached", "a_page_is_mapped", "a_page_is_invalidated"),
)  # fmt: skip

invalidate_vs_fault_refcount = variant(
    "Invalidation does not look at references when it removes a page.",
    override(invalidate_complete_page, by=invalidate_without_freezing), of=invalidation, undoes="016eb4a0ed06",
    scenario=fault_and_invalidate,
)  # fmt: skip
