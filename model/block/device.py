"""The block layer and the device: bios, a volatile write cache, flush, and what can fail.

The device carries out submitted bios in any order.  It takes each cell from memory at some moment
between submission and completion; all cells of a bio at one moment here, because no property speaks
of two cells at a time.  A completed write is in the volatile cache until a flush.
"""

from __future__ import annotations

from checker.lang import atomic, choose, each, kernel, number, primitive, wait_until

from model.include.size import XFS_B_TO_FSBT
from model.include.state import CELLS, DATA, EIO, ERRORS, FLUSH_FAILURES, FOLIO_SIZE, IOMAP_HOLE
from model.include.state import IOMAP_WRITEPAGE_END_BIO, IO_DONE, IO_FREE, IO_SUBMITTED, NEW, OK, REOPENS, UNDEFINED
from model.include.state import XFS_END_BIO, Bio, Cell, Errno, File, Folio, Ioend, block_t, loff_t, mapping


@primitive("block/blk-core.c")
def submit_bio(ioend: Ioend):
    """The bio belongs to the device now.

    Left out: plugging, splitting and merging.
    """
    ioend.state = IO_SUBMITTED


@primitive("block/bio.c")
def bio_load(ioend: Ioend, bio: Bio):
    """What its completion reads of an ioend."""
    bio.io_offset = ioend.io_offset
    bio.io_size = ioend.io_size
    bio.io_type = ioend.io_type
    bio.first = XFS_B_TO_FSBT(ioend.io_offset)
    bio.behind = XFS_B_TO_FSBT(ioend.io_offset) + ioend.bi_blocks
    bio.bi_end_io = ioend.bi_end_io
    bio.bi_status = ioend.bi_status


@primitive("block/bio.c")
def bio_put(ioend: Ioend):
    """The ioend and its bio are free."""
    ioend.state = IO_FREE
    ioend.io_offset = 0
    ioend.io_size = 0
    ioend.io_type = IOMAP_HOLE
    ioend.bi_blocks = 0
    ioend.bi_end_io = IOMAP_WRITEPAGE_END_BIO
    ioend.bi_status = OK


@primitive()
def transfer(ioend: Ioend, bio: Bio, fails: bool):
    """Write the blocks of a bio into the volatile cache of the device, or fail to."""
    ioend.state = IO_DONE
    if fails and ioend.bi_status == OK and mapping.failures_left > 0:
        mapping.failures_left -= 1
        ioend.bi_status = EIO
        note_failure_of_ioend(ioend)
    bio_load(ioend, bio)
    for cell in each(Cell):
        if ioend.bi_status == OK and bio.first <= number(cell) // CELLS < bio.behind:
            cell.volatile = Folio[number(cell) // FOLIO_SIZE].data[number(cell) % FOLIO_SIZE]


@kernel("block/bio.c")
def bio_endio(ioend: Ioend, bio: Bio):
    """Call ->bi_end_io."""
    if bio.bi_end_io == XFS_END_BIO:
        xfs_end_bio(ioend)
    else:
        iomap_writepage_end_bio(ioend, bio)


@kernel("block/blk-mq.c")
def blk_mq_complete_request(ioend: Ioend):
    """The device writes what a bio asks for, and its interrupt completes the bio."""
    bio = Bio()
    with atomic("the device writes the blocks"):
        wait_until(ioend.state == IO_SUBMITTED)
        fails = False
        if ERRORS > 0:
            fails = choose(False, True)
        transfer(ioend, bio, fails)
    bio_endio(ioend, bio)


@primitive("block/blk-flush.c")
def blkdev_issue_flush() -> Errno:
    """Make all that is in the volatile cache durable, or fail to."""
    fails = False
    if FLUSH_FAILURES > 0:
        fails = choose(False, True) and mapping.failures_left > 0
    if fails:
        mapping.failures_left -= 1
        return EIO
    flush_volatile_cache()
    return OK


@primitive()
def flush_volatile_cache():
    """All that is in the volatile cache is durable."""
    for cell in each(Cell):
        cell.durable = cell.volatile


# --------------------------------------------------------------------- ghosts


@primitive()
def note_failure_of_ioend(ioend: Ioend):
    """What an ioend carries does not reach the device."""
    first: block_t = XFS_B_TO_FSBT(ioend.io_offset)
    note_failure(first, first + ioend.bi_blocks)


@primitive()
def note_failure_of_folio(folio: Folio, pos: loff_t):
    """What a folio holds from pos on is not going to be written."""
    note_failure(XFS_B_TO_FSBT(pos), (number(folio) + 1) * (FOLIO_SIZE // CELLS))


@primitive()
def note_failure(first: block_t, end: block_t):
    """Writing the blocks [first, end) has failed: what was new is lost; every file is owed the error."""
    if REOPENS > 0:
        mapping.unseen = True
    for file in each(File):
        file.owed = True
    for cell in each(Cell):
        if first <= number(cell) // CELLS < end and cell.volatile != NEW:
            if cell.logical == DATA:
                cell.logical = UNDEFINED
            for file in each(File):
                if file.covered[number(cell)]:
                    file.owed_now = True


from model.fs.iomap.buffered_io_writeback import iomap_writepage_end_bio  # noqa: E402
from model.fs.xfs.xfs_aops import xfs_end_bio  # noqa: E402
