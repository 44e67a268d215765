"""iomap: don't mark folio uptodate if read IO has bytes pending (v7.0).

A folio lies across EOF.  Its first block is being read; the rest is zeroed and marked, which makes all blocks
uptodate if the read has been fast, and sets PG_uptodate.  The submitter then finishes what it had counted for
itself, and ends the read by an exclusive or: PG_uptodate is clear again on a folio that is valid.
"""

from __future__ import annotations

from checker.lang import interrupt, override, primitive, process, scenario, variant

from model.history.small_models.iomap_uptodate_bitmap_race import READ_INSIDE, ReadBio, block_t, folio
from model.history.small_models.iomap_uptodate_bitmap_race import ifs_set_range_uptodate, iomap_read_end_io
from model.history.small_models.iomap_uptodate_bitmap_race import iomap_read_folio, iomap_set_zeroed_uptodate, reading

read_across_eof = scenario(
    "A folio whose second block lies behind EOF is read.",
    process("reader", iomap_read_folio), interrupt("irq", iomap_read_end_io, per=ReadBio), of=reading,
    scope={READ_INSIDE: 1}, properties=("a_folio_that_was_read_is_uptodate",),
)  # fmt: skip


@primitive("fs/iomap/buffered-io.c")
def set_zeroed_uptodate_at_once(b: block_t):
    """A block behind EOF is zeroed; if all are valid now, so is the folio."""
    if ifs_set_range_uptodate(b):
        folio.uptodate = True


iomap_read_uptodate_xor = variant(
    "Zeroing the last block calls the folio uptodate, although its read has not ended.",
    override(iomap_set_zeroed_uptodate, by=set_zeroed_uptodate_at_once), of=reading, undoes="debc1a492b26",
    scenario=read_across_eof,
)  # fmt: skip
