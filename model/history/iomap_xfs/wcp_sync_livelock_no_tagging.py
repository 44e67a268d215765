"""mm: implement writeback livelock avoidance using page tagging (v2.6.36).

A data-integrity pass that walks the DIRTY marks finds, folio after folio, what was dirtied after it began: with
a writer that is fast enough it never ends.  Our searches are finite, so the property says what the endless run
is made of: such a pass writes a folio that it was not asked for.
"""

from __future__ import annotations

from checker.lang import kernel, override, replace, variant

from model.include.state import PAGECACHE_TAG_DIRTY, WritebackControl, XaMark
from model.mm.page_writeback import note_asked, tag_pages_for_writeback, wbc_to_tag, writeback_iter
from model.systems.iomap_xfs.scenarios import iomap, one_folio_batches


@kernel("mm/page-writeback.c")
def always_dirty(wbc: WritebackControl) -> XaMark:
    """Every pass looks for DIRTY."""
    return PAGECACHE_TAG_DIRTY


no_towrite_snapshot = variant(
    "Data-integrity writeback walks DIRTY and takes no TOWRITE snapshot.",
    replace(tag_pages_for_writeback, by=note_asked, inside=writeback_iter), override(wbc_to_tag, by=always_dirty),
    of=iomap, undoes="f446daaea9d4", scenario=one_folio_batches,
)  # fmt: skip
