"""iomap: fix handling of dirty folios over unwritten extents (v6.12).

Zeroing takes an unwritten extent for zeros, and does not ask whether the page cache holds newer data for it.  A
process has stored behind EOF through its mapping, into the block of EOF, which is unwritten; the file is extended,
nothing is zeroed, and what was stored behind the old EOF is inside the file.
"""

from __future__ import annotations

from checker.lang import Place, kernel, override, primitive, scenario, thread, variant

from model.fs.iomap.buffered_io import iomap_zero_iter, iomap_zero_range
from model.fs.iomap.iter import iomap_iter, iomap_length
from model.include.state import BLOCKS, IOENDS, IOMAP_HOLE, IOMAP_UNWRITTEN, MAPPERS, OK, SPARSE_WRITES, Block, Errno
from model.include.state import IomapIter, Task, loff_t
from model.systems.iomap_xfs.operations import HOLE_AT_END, ON_DISK, SPARSE_POS, STORE_A, STORE_B, file_on_disk
from model.systems.iomap_xfs.operations import sparse_write, store
from model.systems.iomap_xfs.scenarios import COMPLETION, LOCK_ORDER, iomap


@primitive()
def preallocated_file():
    """A file of one cell in an unwritten block; nothing has been written to it."""
    file_on_disk()
    Block[0].extent = IOMAP_UNWRITTEN
    Block[0].logged = IOMAP_UNWRITTEN


extend_over_unwritten = scenario(
    "An unwritten block with EOF in its middle: a store behind EOF through a mapping, and a write behind the block.",
    thread("mapper", store), thread("writer", sparse_write), *COMPLETION, setup=preallocated_file,
    scope={BLOCKS: 1, ON_DISK: 0, HOLE_AT_END: 1, STORE_A: 1, STORE_B: 1, SPARSE_WRITES: 1, SPARSE_POS: 2, MAPPERS: 1, IOENDS: 2},
    bound=2, of=iomap, lock_order=LOCK_ORDER, properties=("reads_return_what_was_written",),
)  # fmt: skip


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
    override(iomap_zero_range, by=iomap_zero_range_by_mapping), of=iomap, undoes="c5c810b94cfd",
    scenario=extend_over_unwritten,
)  # fmt: skip
