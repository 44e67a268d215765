"""The split of a large folio, and references of a small one: what each of the steps is there for."""

from __future__ import annotations

from checker.lang import bug_on, drop, kernel, override, primitive, replace, try_acquire, variant

from model.mm.huge_memory import PageFolio, __split_huge_page_tail, drop_tail_behind_eof, folio_ref_freeze
from model.mm.huge_memory import large_folio, large_folio_split, remove_page_folio, split_huge_page_to_list_to_order
from model.mm.huge_memory import truncate_pages_from, xas_split_entry
from model.mm.references import PAGE_CACHE, FrameFolio, __filemap_remove_folio, __folio_put, __remove_mapping_of_frame
from model.mm.references import alloc_frame, filemap_add_folio, filemap_get_entry, folio_has_mapping, folio_put_frame
from model.mm.references import folio_reclaimed, folio_ref_freeze_frame, folio_reused, frame_is_dirty, lock_folio_of_index
from model.mm.references import lock_frame, truncate_one_page, wait_for_writeback_of_frame


@primitive("mm/huge_memory.c")
def freeze_whatever_it_is(folio: PageFolio) -> bool:
    """The count of references is not looked at again under xa_lock."""
    return folio.refcount >= 1


@primitive("mm/huge_memory.c")
def split_clean_tail(head: PageFolio, tail: PageFolio):
    """The second page becomes a folio: locked, and clean."""
    locked = try_acquire(tail.locked)
    bug_on(not locked)
    tail.mapping = True
    tail.large = False
    tail.refcount += 1


split_without_freeze = variant(
    "The split looks at the references only before it takes xa_lock.",
    override(folio_ref_freeze, by=freeze_whatever_it_is), of=large_folio, scenario=large_folio_split,
)  # fmt: skip
split_keeps_no_marks = variant(
    "The second part of a split folio does not get the marks of the whole.",
    drop(xas_split_entry, inside=split_huge_page_to_list_to_order), of=large_folio, scenario=large_folio_split,
)  # fmt: skip
split_keeps_tail = variant(
    "A part behind EOF is taken away neither by the split nor by what truncate does after it.",
    drop(drop_tail_behind_eof, inside=split_huge_page_to_list_to_order),
    drop(remove_page_folio, inside=truncate_pages_from), of=large_folio, scenario=large_folio_split,
)  # fmt: skip
split_cleans_tail = variant(
    "The second part of a split folio does not get PG_dirty of the whole.",
    override(__split_huge_page_tail, by=split_clean_tail), of=large_folio, scenario=large_folio_split,
)  # fmt: skip


# ------------------------------------------------- references and memory of a folio (model/mm/references.py)


@kernel("mm/vmscan.c")
def __remove_mapping_looks_first(folio: FrameFolio) -> bool:
    """Whether the folio is dirty is looked at before its references are frozen."""
    if not folio_has_mapping(folio):
        return False
    if frame_is_dirty(folio):
        return False
    if not folio_ref_freeze_frame(folio):
        return False
    __filemap_remove_folio(folio)
    return True


@kernel("mm/filemap.c")
def lock_folio_whatever_it_is() -> FrameFolio:
    """__filemap_get_folio() that does not look at folio->mapping once it has the lock."""
    while True:
        folio = filemap_get_entry()
        if folio is not None:
            lock_frame(folio)
            return folio
        folio = alloc_frame(PAGE_CACHE)
        if folio is None:
            return None
        if filemap_add_folio(folio):
            return folio
        folio_put_frame(folio)


@primitive("mm/swap.c")
def folio_free_at_once(folio: FrameFolio):
    """The last reference of truncate goes, and the memory is freed, whoever else has one."""
    folio.refcount -= 1
    __folio_put(folio)


reclaim_looks_before_it_freezes = variant(
    "Reclaim looks whether a folio is dirty before it has made sure that nobody else has a reference.",
    override(__remove_mapping_of_frame, by=__remove_mapping_looks_first), of=large_folio, scenario=folio_reclaimed,
)  # fmt: skip
writer_trusts_the_lookup = variant(
    "A writer does not look at folio->mapping again when it has the folio lock.",
    override(lock_folio_of_index, by=lock_folio_whatever_it_is), of=large_folio, scenario=folio_reused,
)  # fmt: skip
folio_freed_with_references = variant(
    "Truncate frees the memory of a folio, whoever has a reference.",
    replace(folio_put_frame, by=folio_free_at_once, inside=truncate_one_page, nth=2), of=large_folio, scenario=folio_reused,
)  # fmt: skip
memory_reused_under_io = variant(
    "Truncate removes a folio without waiting for its writeback; the bio has no reference.",
    drop(wait_for_writeback_of_frame, inside=truncate_one_page), of=large_folio, scenario=folio_reused,
)  # fmt: skip
