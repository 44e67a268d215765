"""btrfs: fix a race in clearing the writeback bit for sub-page I/O; iomap: submit ioends immediately (v6.9).

A folio has blocks in two I/Os.  The first completes before the second is submitted, and nothing counts the
submitter: writeback of the folio ends while its second I/O is still to come.
"""

from __future__ import annotations

from checker.lang import drop, insert_after, kernel, variant

from model.fs.iomap.buffered_io_writeback import iomap_writepage_map
from model.include.primitives import atomic_dec_and_test, atomic_inc, folio_unlock
from model.include.state import Folio, block_t
from model.mm.page_writeback import folio_end_writeback
from model.systems.iomap_xfs.scenarios import iomap, two_mappings


@kernel("fs/iomap/buffered-io.c")
def end_writeback_of_nothing(folio: Folio, count: block_t):
    """End writeback here only if no block was added to any I/O."""
    if count == 0:
        folio_end_writeback(folio)


no_writeback_bias = variant(
    "No bias on write_bytes_pending while the blocks of a folio are being submitted.",
    drop(atomic_inc, inside=iomap_writepage_map), drop(atomic_dec_and_test, inside=iomap_writepage_map),
    insert_after(folio_unlock, end_writeback_of_nothing, inside=iomap_writepage_map, nth=2), of=iomap,
    undoes="73e96b2f42ad", scenario=two_mappings,
)  # fmt: skip
