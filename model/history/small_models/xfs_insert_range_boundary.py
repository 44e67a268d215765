"""xfs: stabilize insert range start boundary to avoid COW writeback race (v5.5).

Insert range at a block flushes what lies behind it and shifts its extents.  The block before is dirty and shared:
its copy-on-write completion maps it anew, beside the extent that is to be shifted, and merges the two.  The merged
extent is shifted as a whole.  A small model of its own: block 0, block 1, and room for one.
"""

from __future__ import annotations

from checker.lang import Array, Field, Flag, Lock, Struct, acquire, atomic, baseline, drop, enum, kernel, primitive
from checker.lang import process, release, scenario, variant, wait_until

insert_range = baseline("Linux 5.5: XFS shifts extents to insert a range.")

Piece = enum("Piece", "NOTHING FIRST SECOND")
NOTHING, FIRST, SECOND = Piece


class Fork(Struct):
    """The data fork: what each block of the file holds, and whether blocks 0 and 1 are one extent."""

    lock = Lock("ILOCK")
    holds = Array(Field(Piece, "block", init=NOTHING, guard=lock), 3)
    merged = Flag("one extent", guard=lock)
    cow = Flag("block 0 is under copy-on-write")


fork = Fork[0]


@primitive()
def two_blocks():
    """Two blocks that are two extents; the first one's writeback is under way."""
    fork.holds[0] = FIRST
    fork.holds[1] = SECOND
    fork.cow = True


@primitive("fs/xfs/xfs_bmap_util.c")
def flush_block_before():
    """xfs_flush_unmap_range() from the block before the insertion on: wait for its writeback."""
    wait_until(not fork.cow)


@primitive("fs/xfs/xfs_inode.c")
def ilock():
    """Wait for ILOCK."""
    acquire(fork.lock)


@primitive("fs/xfs/xfs_inode.c")
def iunlock():
    """Give ILOCK back."""
    release(fork.lock)


@primitive("fs/xfs/libxfs/xfs_bmap.c")
def xfs_bmap_split_extent():
    """An extent begins where the range is inserted."""
    fork.merged = False


@primitive("fs/xfs/libxfs/xfs_bmap.c")
def xfs_bmap_insert_extents():
    """Shift the extent that block 1 belongs to by one block."""
    fork.holds[2] = fork.holds[1]
    fork.holds[1] = NOTHING
    if fork.merged:
        fork.holds[1] = fork.holds[0]
        fork.holds[0] = NOTHING
    fork.merged = False


@kernel("fs/xfs/xfs_bmap_util.c")
def xfs_insert_file_space():
    """Insert one block at block 1: flush, split, shift; the last two are transactions of their own."""
    flush_block_before()
    ilock()
    xfs_bmap_split_extent()
    iunlock()
    ilock()
    xfs_bmap_insert_extents()
    iunlock()


@kernel("fs/xfs/xfs_reflink.c")
def xfs_reflink_end_cow():
    """Block 0 has been written elsewhere: map it there, beside block 1 if that has not been shifted yet."""
    with atomic("one transaction: under ILOCK"):
        acquire(fork.lock)
        fork.cow = False
        fork.merged = fork.holds[1] == SECOND
        release(fork.lock)


insert_and_cow = scenario(
    "A block is inserted at block 1 while block 0 is written by copy-on-write.",
    process("fallocate", xfs_insert_file_space), process("kworker", xfs_reflink_end_cow), setup=two_blocks,
    of=insert_range, properties=("data_stays_at_its_offset", "two_blocks_become_one_extent"),
)  # fmt: skip

xfs_insert_range_boundary = variant(
    "Insert range does not flush the block before the insertion.",
    drop(flush_block_before, inside=xfs_insert_file_space), of=insert_range, undoes="d0c2204135a0",
    scenario=insert_and_cow,
)  # fmt: skip
