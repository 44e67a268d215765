"""iomap: fix handling of dirty folios over unwritten extents (v6.12).

Zeroing takes an unwritten extent for zeros, and does not ask whether the page cache holds newer data for it.
A truncate to the middle of such a block zeroes it in memory only; writeback has come first, and what was cut
off stays behind EOF on the device.
"""

from __future__ import annotations

from checker.lang import Place, kernel, override, scenario, thread, variant

from model.fs.iomap.buffered_io import iomap_zero_iter, iomap_zero_range
from model.fs.iomap.iter import iomap_iter, iomap_length
from model.operations import APPEND_A, APPEND_B, ON_DISK, TRUNCATE_A, TRUNCATE_B, append, background, file_on_disk
from model.operations import truncate
from model.scenarios import COMPLETION, LOCK_ORDER, iomap
from model.state import BLOCKS, CELLS, FOLIOS, IOENDS, IOMAP_HOLE, IOMAP_UNWRITTEN, OK, Errno, IomapIter
from model.state import Task, loff_t

truncate_into_a_block = scenario(
    "A file of one block: a writer, truncate to the middle of the block, and the flusher.",
    thread("writer", append),
    thread("truncater", truncate),
    thread("flusher", background),
    *COMPLETION,
    setup=file_on_disk,
    scope={
        FOLIOS: 1,
        BLOCKS: 1,
        ON_DISK: 0,
        APPEND_A: 2,
        APPEND_B: 2,
        TRUNCATE_A: 1,
        TRUNCATE_B: 1,
        IOENDS: 2,
    },
    bound=3,
    of=iomap,
    lock_order=LOCK_ORDER,
    properties=("the_block_of_eof_ends_in_zeros", "reads_return_what_was_written"),
)


@kernel("fs/iomap/buffered-io.c")
def iomap_zero_range_by_mapping(current: Task, pos: loff_t, len: loff_t, did_zero: Place) -> Errno:
    """Holes and unwritten extents are skipped, whatever the page cache holds."""
    iter = IomapIter()
    iter.current = current
    iter.zero = True
    iter.pos = pos
    iter.len = len
    while iomap_iter(iter):
        if iter.type in (IOMAP_HOLE, IOMAP_UNWRITTEN):
            iter.processed = iomap_length(iter)
        else:
            iter.processed = iomap_zero_iter(iter, did_zero)
    return OK


iomap_zero_range_skips_dirty_unwritten = variant(
    "Zeroing skips unwritten extents without a look at the page cache.",
    override(iomap_zero_range, by=iomap_zero_range_by_mapping),
    of=iomap,
    undoes="c5c810b94cfd",
    scenario=truncate_into_a_block,
)
