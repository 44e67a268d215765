"""iomap: iomap that extends beyond EOF should be marked dirty (v5.5).

A direct O_DSYNC write into blocks that are allocated and written already needs no transaction, so it goes out
with FUA and the log is not forced.  If it extends the file, the size is not durable when write(2) returns.
"""

from __future__ import annotations

from checker.lang import each, number, primitive, replace, scenario, thread, variant

from model.fs.xfs.xfs_aops import xfs_setfilesize
from model.fs.xfs.xfs_log import xfs_ipincount, xfs_log_force
from model.include.primitives import i_size_read, i_size_write, inode_lock, inode_unlock, note_written
from model.include.state import BLOCK_SIZE, CELLS, FILE_SIZE, FOLIOS, IOMAP_MAPPED, NEW, ZERO, Block, Cell, inode
from model.include.state import loff_t
from model.systems.iomap_xfs.operations import ON_DISK, file_on_disk
from model.systems.iomap_xfs.scenarios import LOCK_ORDER, iomap


@primitive("fs/xfs/xfs_iomap.c")
def iomap_is_dirty(pos: loff_t, len: loff_t) -> bool:
    """IOMAP_F_DIRTY: is there anything of the inode that only a log force makes durable?"""
    return xfs_ipincount() or pos + len > inode.i_size


@primitive("fs/xfs/xfs_iomap.c")
def inode_is_pinned(pos: loff_t, len: loff_t) -> bool:
    """IOMAP_F_DIRTY, from before the write."""
    return xfs_ipincount()


@primitive("fs/iomap/direct-io.c")
def iomap_dio_bio_iter(pos: loff_t, len: loff_t, fua: bool):
    """Write past the page cache and wait; with FUA what is written is durable."""
    note_written(pos, pos + len)
    for cell in each(Cell):
        if pos <= number(cell) < pos + len:
            cell.volatile = NEW
            if fua:
                cell.durable = NEW


@primitive()
def note_dsync_returns(pos: loff_t, len: loff_t):
    """An O_DSYNC write has returned: what it wrote is promised."""
    for cell in each(Cell):
        if pos <= number(cell) < pos + len:
            cell.promised = True


def dsync_append():
    """write(2) of one block with O_DIRECT, O_DSYNC and O_APPEND: xfs_file_dio_write_aligned()."""
    inode_lock(inode)
    pos: loff_t = i_size_read(inode)
    len: loff_t = min(BLOCK_SIZE, FILE_SIZE - pos)
    if len > 0:
        dirty = iomap_is_dirty(pos, len)
        iomap_dio_bio_iter(pos, len, not dirty)
        i_size_write(inode, pos + len)
        xfs_setfilesize(pos, len)
        if dirty:
            xfs_log_force()
        note_dsync_returns(pos, len)
    inode_unlock(inode)


@primitive()
def file_with_blocks_behind_eof():
    """A file on disk, with written blocks behind EOF that hold zeros."""
    file_on_disk()
    for block in each(Block):
        block.extent = IOMAP_MAPPED
        block.logged = IOMAP_MAPPED
    for cell in each(Cell):
        if number(cell) >= ON_DISK:
            cell.volatile = ZERO
            cell.durable = ZERO


direct_writes = scenario(
    "Written blocks behind EOF, and a direct O_DSYNC write that extends the file over them.",
    thread("writer", dsync_append), setup=file_with_blocks_behind_eof, scope={FOLIOS: 1, CELLS: 1, ON_DISK: 1}, bound=1,
    of=iomap, lock_order=LOCK_ORDER, properties=("fsync_makes_durable", "no_stale_data_is_exposed"),
)  # fmt: skip

iomap_odsync_size_not_dirty = variant(
    "A direct O_DSYNC write that extends the file forces the log only if the inode was changed before.",
    replace(iomap_is_dirty, by=inode_is_pinned, inside=dsync_append), of=iomap, undoes="7684e2c4384d",
    scenario=direct_writes,
)  # fmt: skip
