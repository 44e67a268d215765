"""iomap: correct the range of a partial dirty clear (2026).

Clearing the dirty bits of a byte range rounds outwards, and takes the bit of a block that holds live data beside
the range.  It lay dormant as long as everybody cleared whole folios; here the invalidation of a part of a folio
by truncate clears the bits of that part, which with rounding inwards is harmless (`partial_dirty_clear`).
"""

from __future__ import annotations

from checker.lang import override, primitive, variant

from model.fs.iomap.buffered_io import iomap_clear_range_dirty, iomap_invalidate_folio
from model.include.state import BLOCKS, BLOCK_SIZE, Folio, loff_t
from model.systems.iomap_xfs.scenarios import iomap
from model.systems.iomap_xfs.versions.partial_dirty_clear import iomap_invalidate_part, truncate_into_a_folio

@primitive("fs/iomap/buffered-io.c")
def clear_range_dirty_outwards(folio: Folio, off: loff_t, len: loff_t):
    """Clear the dirty bits of all blocks that a range touches."""
    if folio.private:
        for b in range(0, BLOCKS):
            if off < (b + 1) * BLOCK_SIZE and b * BLOCK_SIZE < off + len:
                folio.ifs_dirty[b] = False


iomap_partial_clear_rounding = variant(
    "Invalidating a part of a folio clears the dirty bits of all blocks that it touches.",
    override(iomap_invalidate_folio, by=iomap_invalidate_part),
    override(iomap_clear_range_dirty, by=clear_range_dirty_outwards), of=iomap, undoes="88c265153133",
    scenario=truncate_into_a_folio,
)  # fmt: skip
