"""iomap: clear the per-folio dirty bits on all writeback failures (v6.9).

->map_blocks fails after the folio's dirty flag has been cleared, and the exit that follows leaves the dirty bits
of the blocks as they are: the folio is clean, its blocks say that they are not.
"""

from __future__ import annotations

from checker.lang import drop, insert_before, kernel, scenario, variant

from model.fs.iomap.buffered_io import iomap_clear_range_dirty
from model.fs.iomap.buffered_io_writeback import iomap_writepage_map
from model.include.primitives import folio_unlock
from model.include.state import CELLS, ERRORS, FOLIO_SIZE, OK, Errno, Folio
from model.systems.iomap_xfs.operations import APPEND_A
from model.systems.iomap_xfs.scenarios import append_flush, iomap

failing_map = scenario(
    "One folio of two blocks, and one failure: a writer that appends, and the flusher.",
    like=append_flush, scope={CELLS: 1, APPEND_A: 1, ERRORS: 1}, bound=2,
    properties=("dirty_blocks_are_in_dirty_folios", "dirty_folios_have_dirty_blocks")
)  # fmt: skip


@kernel("fs/iomap/buffered-io.c")
def clear_range_dirty_unless_failed(folio: Folio, error: Errno):
    """Clear the dirty bits only where everything has been mapped."""
    if error == OK:
        iomap_clear_range_dirty(folio, 0, FOLIO_SIZE)


iomap_dirty_bits_kept_on_failure = variant(
    "Dirty bits are cleared only if every block of the folio could be mapped.",
    drop(iomap_clear_range_dirty, inside=iomap_writepage_map),
    insert_before(folio_unlock, clear_range_dirty_unless_failed, inside=iomap_writepage_map, nth=2), of=iomap,
    undoes="7ea1d9b4a840", scenario=failing_map,
)  # fmt: skip
