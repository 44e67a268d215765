"""iomap: support invalidating partial folios (562d192c4345, 7.2).

What a truncate cuts off a folio is not dirty any more, so that writeback behind it finds less.  A folio may be dirty with no
dirty block then.
"""

from __future__ import annotations

from checker.lang import kernel, override, scenario, thread, variant, warn_on

from model.fs.iomap.buffered_io import ifs_free, iomap_clear_range_dirty, iomap_invalidate_folio
from model.include.primitives import folio_test_writeback
from model.include.state import FOLIOS, FOLIO_SIZE, IOENDS, Folio, loff_t
from model.mm.page_writeback import folio_cancel_dirty
from model.systems.iomap_xfs.operations import APPEND_A, APPEND_B, ON_DISK, TRUNCATE_A, TRUNCATE_B, append
from model.systems.iomap_xfs.scenarios import CONSEQUENCES, default, iomap

truncate_into_a_folio = scenario(
    "A folio of two blocks: a writer, truncate to the middle of the first block, and the flusher.",
    thread("writer", append), like=default, without=("fsync",),
    scope={FOLIOS: 1, ON_DISK: 0, APPEND_A: 3, APPEND_B: 3, TRUNCATE_A: 1, TRUNCATE_B: 1, IOENDS: 2}, bound=3,
    properties=CONSEQUENCES
)  # fmt: skip


@kernel("fs/iomap/buffered-io.c")
def iomap_invalidate_part(folio: Folio, offset: loff_t, len: loff_t):
    """What is thrown away of a folio is not dirty any more."""
    if offset == 0 and len == FOLIO_SIZE:
        warn_on(folio_test_writeback(folio))
        folio_cancel_dirty(folio)
        ifs_free(folio)
    else:
        iomap_clear_range_dirty(folio, offset, len)


partial_dirty_clear = variant(
    "Invalidating a part of a folio clears the dirty bits of the blocks that lie wholly in it.",
    override(iomap_invalidate_folio, by=iomap_invalidate_part), of=iomap, scenario=truncate_into_a_folio,
)  # fmt: skip
