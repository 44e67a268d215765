"""mm/vmscan.c: reclaim of folios of the page cache."""

from __future__ import annotations

from checker.lang import atomic, kernel

from model.include.primitives import folio_test_dirty, folio_test_writeback, folio_trylock, folio_unlock
from model.include.state import MAPPERS, Folio
from model.mm.filemap import filemap_release_folio
from model.mm.memory import unmap_mapping_folio
from model.mm.truncate import filemap_remove_folio


@kernel("mm/vmscan.c")
def shrink_folio_list(folio: Folio):
    """Free a folio if it is clean, idle and without private data that is still needed.

    try_to_unmap() is unmap_mapping_folio() here: one process maps the file.
    Left out: references, which __remove_mapping() looks at (who holds one here looks at folio->mapping again once
    it has the lock; a fault that has looked for PG_uptodate does not, so no scenario has reclaim beside a mapping and a
    writer), the lists of folios, PG_reclaim; writing from reclaim, for which XFS has no ->writepage.
    """
    if not folio_trylock(folio):
        return
    if not folio_test_writeback(folio):
        if MAPPERS > 0:
            unmap_mapping_folio(folio)
        if not folio_test_dirty(folio):
            if filemap_release_folio(folio):
                __remove_mapping(folio)
    folio_unlock(folio)


@kernel("mm/vmscan.c")
def __remove_mapping(folio: Folio):
    """Take a folio out of the page cache, unless it has become dirty."""
    with atomic("i_pages.xa_lock is held"):
        if folio.mapping:
            if not folio_test_dirty(folio):
                filemap_remove_folio(folio)
