"""Repairs of what the model of 6.13.1 itself violates."""

from __future__ import annotations

from checker.lang import drop, insert_before, kernel, variant

from model.fs.iomap.buffered_io import fill_block, iomap_set_range_uptodate
from model.fs.iomap.buffered_io_writeback import iomap_writepage_map
from model.mm.filemap import mapping_set_error
from model.primitives import folio_unlock
from model.scenarios import errors, iomap, short_copy_in_hole
from model.state import Errno, mapping


@kernel("fs/iomap/buffered-io.c")
def record_error(error: Errno):
    """mapping_set_error(), where the folio is still locked and under writeback."""
    mapping_set_error(mapping, error)


error_before_end_writeback = variant(
    "Record an error of ->map_blocks before writeback of the folio can end.",
    insert_before(folio_unlock, record_error, inside=iomap_writepage_map, nth=2),
    drop(mapping_set_error, inside=iomap_writepage_map),
    of=iomap,
    scenario=errors,
)

uptodate_after_copy = variant(
    "Do not call blocks uptodate before the copy, where they were zeroed for a part of them only.",
    drop(iomap_set_range_uptodate, inside=fill_block, nth=1),
    of=iomap,
    scenario=short_copy_in_hole,
)
