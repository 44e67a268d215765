"""The read of a folio, where it is modelled by itself (model/history/iomap_uptodate_bitmap_race.py)."""

from __future__ import annotations

from checker.lang import implies, invariant

from model.history.iomap_uptodate_bitmap_race import READ_BLOCKS, FolioRead, reading


@invariant(of=reading)
def a_folio_that_was_read_is_uptodate(folio: FolioRead):
    """When the read of a folio has ended and all its blocks are valid, the folio is uptodate."""
    return implies(
        not folio.locked and all(folio.ifs_uptodate[b] for b in range(0, READ_BLOCKS)), folio.uptodate
    )
