"""mm/rmap.c: from a folio to the page-table entries that map it."""

from __future__ import annotations

from checker.lang import kernel, number, primitive

from model.include.state import PAGES, Folio, Pte


@primitive("mm/rmap.c")
def page_vma_mkclean_one(pte: Pte) -> bool:
    """Clean and write-protect one entry, under the lock of its table; was it dirty or writable?"""
    cleaned = pte.dirty or pte.write
    pte.dirty = False
    pte.write = False
    return cleaned


@kernel("mm/rmap.c")
def folio_mkclean(folio: Folio) -> bool:
    """Write-protect a folio wherever it is mapped, so that the next store to it faults; was it dirty anywhere?"""
    cleaned = False
    for i in range(0, PAGES):
        if page_vma_mkclean_one(Pte[number(folio) * PAGES + i]):
            cleaned = True
    return cleaned


@primitive("include/linux/mm.h")
def folio_mapped(folio: Folio) -> bool:
    """Does any entry map the folio?"""
    return any(Pte[number(folio) * PAGES + i].present for i in range(0, PAGES))
