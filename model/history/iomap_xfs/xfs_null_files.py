"""[XFS] Fix to prevent the notorious 'NULL files' problem after a crash (v2.6.22).

There is one size, the in-core one, and every transaction that logs the inode takes it to the log, long before
the data is on disk.  Expressed by the transaction that allocates delayed blocks: it records i_size.
"""

from __future__ import annotations

from checker.lang import insert_after, kernel, variant

from model.fs.xfs.libxfs.xfs_bmap import xfs_bmapi_allocate
from model.fs.xfs.xfs_aops import xfs_bmapi_convert_delalloc
from model.fs.xfs.xfs_iomap import note_recorded_size
from model.include.primitives import i_size_read
from model.include.state import inode
from model.systems.iomap_xfs.scenarios import append_flush, iomap


@kernel("fs/xfs/xfs_inode_item.c")
def log_the_in_core_size():
    """xfs_inode_item_format() takes i_size."""
    inode.i_disk_size = i_size_read(inode)
    note_recorded_size(0)


xfs_null_files = variant(
    "A transaction that logs the inode records i_size.",
    insert_after(xfs_bmapi_allocate, log_the_in_core_size, inside=xfs_bmapi_convert_delalloc), of=iomap,
    undoes="ba87ea699ebd", scenario=append_flush,
)  # fmt: skip
