"""The end of the file: what size the completion of an I/O records."""

from __future__ import annotations

from checker.lang import override, pure, variant

from model.include.size import xfs_new_eof
from model.include.state import loff_t
from model.systems.iomap_xfs.scenarios import append_flush, iomap


@pure("fs/xfs/xfs_inode.h")
def xfs_eof_now(new_size: loff_t, isize: loff_t, di_size: loff_t) -> loff_t:
    """The on-disk size after any I/O: i_size at the moment of completion."""
    return isize if isize > di_size else 0


size_at_completion = variant(
    "Completion records i_size as it is then, not what the I/O covers.",
    override(xfs_new_eof, by=xfs_eof_now), of=iomap, scenario=append_flush,
)  # fmt: skip
