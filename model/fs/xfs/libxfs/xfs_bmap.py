"""fs/xfs/libxfs/xfs_bmap.c: the extents of the data fork.

An extent is a run of blocks of one state; Block.extent says the state of each.  The disk is full but
for one place for each block of the file, so a block that is freed and allocated again is the same one,
unless another file has got it meanwhile (other_file(), below).
All of this runs under ILOCK, which its callers take.
Left out: the COW fork, the real-time device, quota, speculative preallocation, the B-trees.
"""

from __future__ import annotations

from checker.lang import atomic, choose, each, number, primitive, warn_on

from model.include.state import BLOCKS, BLOCK_SIZE, CELLS, FILE_BLOCKS, IOMAP_DELALLOC, IOMAP_HOLE, IOMAP_MAPPED
from model.include.state import IOMAP_UNWRITTEN, STALE, Block, Cell, Folio, Task, block_t, loff_t


@primitive("fs/xfs/libxfs/xfs_iext_tree.c")
def xfs_iext_inc_seq():
    """Increase if_seq: every mapping that somebody holds is out of date."""
    for task in each(Task):
        task.imap_valid = False


@primitive("fs/xfs/libxfs/xfs_iext_tree.c")
def xfs_iext_end(first: block_t) -> block_t:
    """The end of the extent that block `first` belongs to."""
    end: block_t = first
    for block in each(Block):
        if number(block) == end and block.extent == Block[first].extent:
            end += 1
    return end


@primitive("fs/xfs/libxfs/xfs_iext_tree.c")
def xfs_iext_start(first: block_t) -> block_t:
    """The first block of the extent that block `first` belongs to."""
    start: block_t = first
    for i in range(0, FILE_BLOCKS):
        if FILE_BLOCKS - i == start and Block[FILE_BLOCKS - 1 - i].extent == Block[first].extent:
            start -= 1
    return start


@primitive("fs/xfs/libxfs/xfs_bmap.c")
def xfs_bmapi_reserve_delalloc(first: block_t, end: block_t):
    """Reserve space for the hole that begins at `first`, as far as `end`."""
    behind: block_t = min(end, xfs_iext_end(first))
    xfs_iext_inc_seq()
    for block in each(Block):
        if first <= number(block) < behind:
            block.extent = IOMAP_DELALLOC


@primitive("fs/xfs/xfs_extent_busy.c")
def xfs_extent_busy(block: Block) -> bool:
    """Would the log that is durable give the place of a block to some file?"""
    return block.logged != IOMAP_HOLE or block.other_logged


@primitive("fs/xfs/libxfs/xfs_alloc.c")
def place_is_free(first: block_t) -> bool:
    """Is there room for the delayed extent at block `first`?  While another file has its place, there is none."""
    start: block_t = xfs_iext_start(first)
    end: block_t = xfs_iext_end(first)
    return not any(start <= number(block) < end and block.other for block in each(Block))


@primitive("fs/xfs/libxfs/xfs_bmap.c")
def xfs_bmapi_allocate(first: block_t):
    """Allocate the whole delayed extent at block `first`, as unwritten: new blocks hold whatever was there.

    A block that the log would still give to this or another file is busy: the log is forced first, as it
    is when nothing else is free.
    """
    start: block_t = xfs_iext_start(first)
    end: block_t = xfs_iext_end(first)
    if any(start <= number(block) < end and xfs_extent_busy(block) for block in each(Block)):
        xfs_log_force()
    xfs_iext_inc_seq()
    for block in each(Block):
        if start <= number(block) < end:
            block.extent = IOMAP_UNWRITTEN
    for cell in each(Cell):
        if start <= number(cell) // CELLS < end:
            cell.volatile = STALE
            cell.durable = STALE


@primitive("fs/xfs/libxfs/xfs_bmap.c")
def xfs_bmapi_convert_unwritten(first: block_t, end: block_t):
    """The blocks [first, end) are written."""
    xfs_iext_inc_seq()
    for block in each(Block):
        if first <= number(block) < end:
            warn_on(block.extent not in (IOMAP_UNWRITTEN, IOMAP_MAPPED))
            block.extent = IOMAP_MAPPED


@primitive("fs/xfs/libxfs/xfs_bmap.c")
def xfs_bunmapi(first: block_t, end: block_t) -> bool:
    """Free the last extent of the blocks [first, end); are there more?"""
    last: block_t = first
    for block in each(Block):
        if first <= number(block) < end and block.extent != IOMAP_HOLE:
            last = number(block) + 1
    if last == first:
        return False
    start: block_t = max(first, xfs_iext_start(last - 1))
    xfs_iext_inc_seq()
    for block in each(Block):
        if start <= number(block) < last:
            block.extent = IOMAP_HOLE
    forget_free_blocks()
    return any(first <= number(block) < end and block.extent != IOMAP_HOLE for block in each(Block))


@primitive("fs/xfs/xfs_bmap_util.c")
def xfs_bmap_punch_delalloc_range(folio: Folio, start: loff_t, end: loff_t):
    """Give back the reservations of a folio's blocks in [start, end)."""
    for block in each(Block):
        at: loff_t = number(block) * BLOCK_SIZE
        if number(block) // BLOCKS == number(folio) and start <= at < end and block.extent == IOMAP_DELALLOC:
            block.extent = IOMAP_HOLE
            xfs_iext_inc_seq()


# -------------------------------------------------------------------- another file


def other_file():
    """Another file gets a free place, writes its data there, and gives the place back when it is deleted.

    What it writes is STALE to this file, and so is what is there if that write fails: nobody reads an extent that is
    still unwritten.  Left out: when its data becomes durable; it is at once.
    """
    with atomic("one transaction of another inode, and the write that it is for"):
        block = choose(b for b in each(Block) if b.extent == IOMAP_HOLE and not b.other)
        if xfs_extent_busy(block):
            xfs_log_force()
        block.other = True
        for c in range(0, CELLS):
            Cell[number(block) * CELLS + c].volatile = STALE
            Cell[number(block) * CELLS + c].durable = STALE
    forced = choose(False, True)
    if forced:
        xfs_log_force()
    with atomic("one transaction of another inode: under its own ILOCK"):
        block.other = False
        forget_free_blocks()


@primitive()
def forget_free_blocks():
    """What a block holds that neither a file nor the log owns is of no interest."""
    for block in each(Block):
        free = block.extent in (IOMAP_HOLE, IOMAP_DELALLOC) and not block.other
        if free and not xfs_extent_busy(block):
            for c in range(0, CELLS):
                Cell[number(block) * CELLS + c].volatile = STALE
                Cell[number(block) * CELLS + c].durable = STALE


from model.fs.xfs.xfs_log import xfs_log_force  # noqa: E402
