"""iomap: fix zero padding data issue in concurrent append writes (v6.13, 6.12.10).

The I/O of a first append carries a whole block.  Its completion comes after a second append to that block
has raised i_size, and records a size that covers bytes which the device holds as zeros.
"""

from __future__ import annotations

from checker.lang import drop, variant

from model.fs.iomap.buffered_io_writeback import iomap_add_to_ioend
from model.include.size import clamp_io_size
from model.systems.iomap_xfs.scenarios import append_flush, iomap

no_io_size_clamp = variant(
    "Do not clamp io_size to the in-core EOF.",
    drop(clamp_io_size, inside=iomap_add_to_ioend), of=iomap, undoes="51d20d1dacbe", scenario=append_flush,
)  # fmt: skip
