"""ocfs2: fix data corruption by fallocate (v5.13).

Extending a file zeroes the rest of its last cluster through the page cache, and only then raises i_size.  Writeback
in between finds dirty folios behind EOF, drops them, and leaves them clean: the old content of the cluster stays
on disk, inside the file now.  The mechanism is that of iomap_i_size_in_write_end, with a truncate that extends.
"""

from __future__ import annotations

from checker.lang import scenario, variant

from model.history.iomap_xfs.iomap_i_size_in_write_end import LARGE_UNITS
from model.include.state import BLOCKS, CELLS, FOLIOS, IOENDS
from model.systems.iomap_xfs.operations import ON_DISK, TRUNCATE_A, TRUNCATE_B
from model.systems.iomap_xfs.scenarios import default, iomap

cluster = scenario(
    "A cluster of two blocks on disk: truncate down into it and up again, and the flusher.",
    like=default, without=("writer", "fsync"),
    scope={FOLIOS: 2, BLOCKS: 1, CELLS: 1, ON_DISK: 2, TRUNCATE_A: 1, TRUNCATE_B: 2, IOENDS: 2}, bound=3,
    properties=("clean_folios_may_be_dropped",)
)  # fmt: skip

writeback_drops_dirty_beyond_isize = variant(
    "Blocks are freed in units of two; what a truncate adds is zeroed before i_size is raised.",
    *LARGE_UNITS, of=iomap, undoes="6bba4471f0cc", scenario=cluster,
)  # fmt: skip
