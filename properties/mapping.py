"""Page-table entries of shared mappings, and the folios that they map."""

from __future__ import annotations

from checker.lang import implies, invariant, is_locked, number

from model.include.size import page_folio
from model.include.state import PAGE_SIZE, Pte, inode
from properties.witnesses import a_page_is_mapped_writable


@invariant(witness=a_page_is_mapped_writable)
def clean_folios_are_write_protected(pte: Pte):
    """A clean folio that nobody has locked has no writable page-table entry, so the next store is noticed."""
    folio = page_folio(pte)
    return implies(pte.write and not is_locked(folio.locked), folio.dirty)


@invariant(witness=a_page_is_mapped_writable)
def mapped_folios_are_cached(pte: Pte):
    """A page that is mapped is in the page cache, and valid."""
    folio = page_folio(pte)
    return implies(pte.present, folio.mapping and folio.uptodate)


@invariant(witness=a_page_is_mapped_writable)
def mappings_end_at_eof(pte: Pte):
    """Unless the size is changing, no page that lies wholly behind EOF is mapped: an access to it gets SIGBUS."""
    return implies(pte.present and not is_locked(inode.i_rwsem), number(pte) * PAGE_SIZE < inode.i_size)
