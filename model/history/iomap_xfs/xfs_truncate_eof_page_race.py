"""xfs: flush new eof page on truncate to avoid post-eof corruption (v5.10).

The folio of the new EOF is dirty over an unwritten extent, so truncate has nothing to zero; then writeback
writes the folio, and only then truncate sets i_size and zeroes the tail, in memory, of a folio that is clean.
What was cut off stays behind EOF on the device.
"""

from __future__ import annotations

from checker.lang import Place, kernel, override, scenario, thread, variant

from model.fs.iomap.buffered_io import iomap_truncate_page
from model.include.state import BLOCKS, BLOCK_SIZE, FOLIOS, IOENDS, OK, Errno
from model.include.state import Task
from model.include.state import loff_t
from model.history.iomap_xfs.iomap_zero_range_skips_dirty_unwritten import iomap_zero_range_by_mapping
from model.systems.iomap_xfs.operations import APPEND_A, APPEND_B, ON_DISK, TRUNCATE_A, TRUNCATE_B, append
from model.systems.iomap_xfs.scenarios import default, iomap

truncate_into_a_block = scenario(
    "A file of one block: a writer, truncate to the middle of the block, and the flusher.",
    thread("writer", append), like=default, without=("fsync",),
    scope={FOLIOS: 1, BLOCKS: 1, ON_DISK: 0, APPEND_A: 2, APPEND_B: 2, TRUNCATE_A: 1, TRUNCATE_B: 1, IOENDS: 2}, bound=3,
    properties=("the_block_of_eof_ends_in_zeros", "reads_return_what_was_written")
)  # fmt: skip


@kernel("fs/iomap/buffered-io.c")
def iomap_truncate_page_by_mapping(current: Task, pos: loff_t, did_zero: Place) -> Errno:
    """Zero the rest of the block, unless the extent is a hole or unwritten."""
    if pos % BLOCK_SIZE == 0:
        return OK
    return iomap_zero_range_by_mapping(current, pos, BLOCK_SIZE - pos % BLOCK_SIZE, did_zero)


xfs_truncate_eof_page_race = variant(
    "Truncate decides by the extent whether to zero, and does not flush the folio of the new EOF.",
    override(iomap_truncate_page, by=iomap_truncate_page_by_mapping), of=iomap, undoes="869ae85dae64",
    scenario=truncate_into_a_block,
)  # fmt: skip
