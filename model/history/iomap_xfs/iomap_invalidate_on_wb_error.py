"""iomap: don't invalidate folios after writeback errors (v5.19).

The first block of a folio is with the device, the second cannot be mapped.  The error path calls the folio not
uptodate and frees its block state, which the completion of the first block still needs.
"""

from __future__ import annotations

from checker.lang import atomic, insert_after, kernel, primitive, scenario, variant

from model.fs.iomap.buffered_io_writeback import iomap_writepage_map_blocks
from model.fs.xfs.xfs_aops import xfs_discard_folio
from model.include.state import BLOCKS, CELLS, ERRORS, Folio
from model.systems.iomap_xfs.operations import APPEND_A, APPEND_B, ON_DISK, OVERWRITE_LEN
from model.systems.iomap_xfs.scenarios import iomap, two_mappings

failing_map_behind_io = scenario(
    "One folio whose first block is on disk, and one failure: a write to both blocks, and the flusher.",
    like=two_mappings, scope={CELLS: 1, ON_DISK: 1, APPEND_A: 1, APPEND_B: 1, OVERWRITE_LEN: 1, ERRORS: 1},
    properties=("writeback_lasts_as_long_as_its_io", "no_bytes_pending_without_writeback", "nothing_is_left_behind")
)  # fmt: skip


@primitive("fs/iomap/buffered-io.c")
def iomap_page_release(folio: Folio):
    """Detach the block state.

    Left out: the assertion that nothing is pending, which the bias would break; that is younger than this bug.
    """
    folio.private = False
    for b in range(0, BLOCKS):
        folio.ifs_uptodate[b] = False
        folio.ifs_dirty[b] = False


@kernel("fs/iomap/buffered-io.c")
def iomap_invalidate_failed_folio(folio: Folio):
    """folio_clear_uptodate(), and iomap_invalidate_folio() of the whole folio."""
    with atomic("iomap_page_release(): under the folio lock"):
        folio.uptodate = False
        iomap_page_release(folio)


iomap_invalidate_on_wb_error = variant(
    "An error of ->map_blocks invalidates the folio, whatever is in flight.",
    insert_after(xfs_discard_folio, iomap_invalidate_failed_folio, inside=iomap_writepage_map_blocks), of=iomap,
    undoes="e9c3a8e820ed", scenario=failing_map_behind_io,
)  # fmt: skip
