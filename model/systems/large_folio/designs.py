"""The split of a large folio: what each of its steps is there for."""

from __future__ import annotations

from checker.lang import bug_on, drop, override, primitive, try_acquire, variant

from model.mm.huge_memory import PageFolio, __split_huge_page_tail, drop_tail_behind_eof, folio_ref_freeze
from model.mm.huge_memory import large_folio, large_folio_split, remove_page_folio, split_huge_page_to_list_to_order
from model.mm.huge_memory import truncate_pages_from, xas_split_entry


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
