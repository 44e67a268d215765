"""ext4: fix stale xarray tags after writeback (v7.0).

Writeback clears PG_dirty of a folio, finds nothing in it that could be submitted, and returns without having
begun writeback: the marks, which only folio_start_writeback() moves, stay.  Here a folio has nothing to submit
because its block cannot be allocated.
"""

from __future__ import annotations

from checker.lang import drop, insert_before, kernel, scenario, variant

from model.fs.iomap.buffered_io_writeback import iomap_add_to_ioend, iomap_writepage_map
from model.fs.iomap.buffered_io_writeback import iomap_writepage_map_blocks
from model.include.state import BLOCKS, CELLS, ERRORS, Folio, block_t
from model.mm.page_writeback import folio_end_writeback, folio_start_writeback
from model.systems.iomap_xfs.operations import APPEND_A, APPEND_B
from model.systems.iomap_xfs.scenarios import append_flush, iomap

nothing_to_submit = scenario(
    "One folio of one block, and one failure: a writer and the flusher.",
    like=append_flush, scope={BLOCKS: 1, CELLS: 1, APPEND_A: 1, APPEND_B: 1, ERRORS: 1}, bound=2,
    properties=("clean_folios_carry_no_marks",)
)  # fmt: skip


@kernel("fs/ext4/page-io.c")
def start_writeback_of_the_first_block(folio: Folio, count: block_t):
    """Writeback begins when there is a block to submit."""
    if count == 0:
        folio_start_writeback(folio)


stale_tags_nothing_to_write = variant(
    "Writeback of a folio begins with the first block that can be submitted; if there is none, not at all.",
    drop(folio_start_writeback, inside=iomap_writepage_map),
    drop(folio_end_writeback, inside=iomap_writepage_map, nth=2),
    insert_before(iomap_add_to_ioend, start_writeback_of_the_first_block, inside=iomap_writepage_map_blocks), of=iomap,
    undoes="f4a2b42e7891", scenario=nothing_to_submit,
)  # fmt: skip
