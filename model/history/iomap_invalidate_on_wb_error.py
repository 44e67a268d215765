"""iomap: don't invalidate folios after writeback errors (v5.19).

The first block of a folio is with the device, the second cannot be mapped.  The error path calls the folio not
uptodate and frees its block state, which the completion of the first block still needs.
"""

from __future__ import annotations

from checker.lang import atomic, insert_after, kernel, variant

from model.fs.iomap.buffered_io import ifs_free
from model.fs.iomap.buffered_io_writeback import iomap_writepage_map_blocks
from model.fs.xfs.xfs_aops import xfs_discard_folio
from model.scenarios import iomap, two_mappings
from model.state import ERRORS, Folio


@kernel("fs/iomap/buffered-io.c")
def iomap_invalidate_failed_folio(folio: Folio):
    """folio_clear_uptodate(), and iomap_invalidate_folio() of the whole folio."""
    with atomic("ifs_free(): under the folio lock"):
        folio.uptodate = False
        ifs_free(folio)


iomap_invalidate_on_wb_error = variant(
    "An error of ->map_blocks invalidates the folio, whatever is in flight.",
    insert_after(xfs_discard_folio, iomap_invalidate_failed_folio, inside=iomap_writepage_map_blocks),
    of=iomap,
    undoes="e9c3a8e820ed",
    scenario=two_mappings,
    set={ERRORS: 1},
)
