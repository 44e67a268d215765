"""iomap: skip pages past eof in iomap_do_writepage() (v6.0).

A truncate has lowered i_size and not yet dropped what lies behind it.  Writeback finds a dirty folio there and
redirties it, since truncate will drop it soon.  As long as truncate is kept waiting, every pass finds the folio
again.  Our searches are finite, so the property speaks of what the endless run is made of.
"""

from __future__ import annotations

from checker.lang import insert_before, kernel, scenario, thread, variant

from model.fs.iomap.buffered_io_writeback import iomap_writepage_map
from model.include.primitives import folio_unlock
from model.include.state import BLOCKS, CELLS, FOLIOS, IOENDS, Folio, mapping
from model.mm.page_writeback import filemap_dirty_folio
from model.systems.iomap_xfs.operations import APPEND_A, APPEND_B, ON_DISK, TRUNCATE_A, TRUNCATE_B, append
from model.systems.iomap_xfs.scenarios import default, iomap

truncate_to_nothing = scenario(
    "A file of one block: a writer, truncate to nothing, and the flusher.",
    thread("writer", append), like=default, without=("fsync",),
    scope={FOLIOS: 1, BLOCKS: 1, CELLS: 1, ON_DISK: 0, APPEND_A: 1, APPEND_B: 1, TRUNCATE_A: 0, TRUNCATE_B: 0, IOENDS: 2},
    bound=3, properties=("nobody_dirties_behind_a_truncate", "folios_under_writeback_are_in_the_cache")
)  # fmt: skip


@kernel("fs/iomap/buffered-io.c")
def folio_redirty_for_writepage(folio: Folio):
    """Somebody else will see to it."""
    filemap_dirty_folio(mapping, folio)


iomap_eof_redirty_storm = variant(
    "Writeback redirties a folio that lies behind EOF.",
    insert_before(folio_unlock, folio_redirty_for_writepage, inside=iomap_writepage_map, nth=1), of=iomap,
    undoes="d58562ca6c99", scenario=truncate_to_nothing,
)  # fmt: skip
