"""The end of the file: how far an I/O reaches, and what size its completion records."""

from __future__ import annotations

from checker.lang import drop, override, pure, variant

from model.fs.iomap.buffered_io_writeback import iomap_add_to_ioend
from model.scenarios import append_flush, iomap
from model.size import clamp_io_size, xfs_new_eof
from model.state import loff_t


@pure("fs/xfs/xfs_inode.h")
def xfs_eof_now(new_size: loff_t, isize: loff_t, di_size: loff_t) -> loff_t:
    """The on-disk size after any I/O: i_size at the moment of completion."""
    return isize if isize > di_size else 0


no_io_size_clamp = variant(
    "Do not clamp io_size to the in-core EOF.",
    drop(clamp_io_size, inside=iomap_add_to_ioend),
    of=iomap,
    undoes="51d20d1dacbe",
    scenario=append_flush,
)

size_at_completion = variant(
    "Completion records i_size as it is then, not what the I/O covers.",
    override(xfs_new_eof, by=xfs_eof_now),
    of=iomap,
    scenario=append_flush,
)
