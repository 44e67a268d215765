"""iomap: fix sub-page uptodate handling (v5.5).

Two reads fill the two blocks of a folio and complete on two CPUs.  Each sets its own bit and looks at the other
one, not under a lock: each may miss what the other sets, and nobody calls the folio uptodate.  The read path is
a small model of its own, as of 7.0; `FolioRead` stands for the folio and its state.
"""

from __future__ import annotations

from checker.lang import Array, Flag, Range, Struct, atomic, baseline, constant, interrupt, kernel, number, override
from checker.lang import primitive, process, scenario, variant, wait_until


reading = baseline("Linux 7.0: the read of a folio by iomap.")

READ_BLOCKS = constant(2, "blocks of a folio that is read; one at least is inside the file")
READ_INSIDE = constant(2, "how many of them are inside the file")
block_t = Range(0, READ_BLOCKS)


class FolioRead(Struct):
    """struct folio with its struct iomap_folio_state, while it is read."""

    locked = Flag("PG_locked")
    uptodate = Flag("PG_uptodate")
    ifs_uptodate = Array(Flag("ifs uptodate"), READ_BLOCKS)
    read_bytes_pending = Range(0, READ_BLOCKS + 1, "read_bytes_pending")  # in blocks, and the submitter's own


class ReadBio(Struct, count=READ_BLOCKS):
    """A bio that reads one block."""

    submitted = Flag("submitted")


folio = FolioRead[0]


@primitive("fs/iomap/buffered-io.c")
def ifs_set_range_uptodate(b: block_t) -> bool:
    """Set the bit of a block; are all set?"""
    folio.ifs_uptodate[b] = True
    return all(folio.ifs_uptodate[i] for i in range(0, READ_BLOCKS))


@primitive("mm/filemap.c")
def folio_end_read(success: bool):
    """Unlock, and change PG_uptodate in the same instruction: an exclusive or."""
    folio.locked = False
    if success:
        folio.uptodate = not folio.uptodate


@kernel("fs/iomap/buffered-io.c")
def iomap_finish_folio_read(b: block_t):
    """A block has been read; the last one ends the read of the folio."""
    with atomic("state_lock"):
        uptodate = ifs_set_range_uptodate(b)
        folio.read_bytes_pending -= 1
        finished = folio.read_bytes_pending == 0
    if finished:
        folio_end_read(uptodate)


@kernel("fs/iomap/buffered-io.c")
def iomap_read_end_io(bio: ReadBio):
    """Completion of a read."""
    with atomic("the device has read the block"):
        wait_until(bio.submitted)
        bio.submitted = False
    iomap_finish_folio_read(number(bio))


@primitive("fs/iomap/buffered-io.c")
def iomap_set_zeroed_uptodate(b: block_t):
    """A block behind EOF is zeroed; as long as something is being read, the folio is not called uptodate here."""
    all_set = ifs_set_range_uptodate(b)
    if all_set and folio.read_bytes_pending == 0:
        folio.uptodate = True


def iomap_read_folio():
    """Read what is inside the file, zero the rest, and finish what the submitter has counted for itself."""
    with atomic("folio_lock(), iomap_read_init(): nobody else has the folio yet"):
        folio.locked = True
        folio.read_bytes_pending = READ_BLOCKS + 1
    for b in range(0, READ_BLOCKS):
        if b < READ_INSIDE:
            ReadBio[b].submitted = True
        else:
            iomap_set_zeroed_uptodate(b)
    iomap_read_end()


@kernel("fs/iomap/buffered-io.c")
def iomap_read_end():
    """Take back what was counted and not submitted."""
    with atomic("state_lock"):
        uptodate = all(folio.ifs_uptodate[i] for i in range(0, READ_BLOCKS))
        folio.read_bytes_pending -= READ_BLOCKS + 1 - READ_INSIDE
        finished = folio.read_bytes_pending == 0
    if finished:
        folio_end_read(uptodate)


@kernel("fs/iomap/buffered-io.c")
def iomap_finish_folio_read_unlocked(b: block_t):
    """Set the own bit, look at the others one by one, and only then count."""
    uptodate = True
    for i in range(0, READ_BLOCKS):
        if i == b:
            folio.ifs_uptodate[i] = True
        else:
            other = folio.ifs_uptodate[i]
            if not other:
                uptodate = False
    if uptodate:
        folio.uptodate = True
    with atomic("atomic_dec_and_test(read_count)"):
        folio.read_bytes_pending -= 1
        finished = folio.read_bytes_pending == 0
    if finished:
        folio_unlock_read()


@primitive("mm/filemap.c")
def folio_unlock_read():
    """Unlock; PG_uptodate stays as it is."""
    folio.locked = False


read_of_two_blocks = scenario(
    "A folio of two blocks is read by two bios.",
    process("reader", iomap_read_folio), interrupt("irq", iomap_read_end_io, per=ReadBio), of=reading,
    properties=("a_folio_that_was_read_is_uptodate", "a_read_ends"),
)  # fmt: skip

iomap_uptodate_bitmap_race = variant(
    "The completion of a read sets its bits and looks at the others without a lock.",
    override(iomap_finish_folio_read, by=iomap_finish_folio_read_unlocked), of=reading, undoes="1cea335d1db1",
    scenario=read_of_two_blocks,
)  # fmt: skip
