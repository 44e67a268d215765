"""iomap: Convert write_count to write_bytes_pending (v5.10).

The count of a folio's I/O goes up for each new segment, and down for each bio that completes.  A block that
continues the page of the block before it, but no longer fits in the bio, goes into a new bio and is not counted.
"""

from __future__ import annotations

from checker.lang import atomic, kernel, override, primitive, scenario, thread, variant, warn_on

from model.fs.iomap.buffered_io_writeback import bio_add_folio, iomap_add_to_ioend, iomap_alloc_ioend
from model.fs.iomap.buffered_io_writeback import iomap_can_add_to_ioend, iomap_finish_folio_write
from model.fs.iomap.buffered_io_writeback import iomap_submit_ioend
from model.include.primitives import atomic_dec_and_test, atomic_inc, atomic_read
from model.include.size import clamp_io_size
from model.include.state import BIO_BLOCKS, BLOCK_SIZE, CELLS, FOLIO_SIZE, FOLIOS, OK, Errno, Folio, WritepageCtx
from model.include.state import loff_t
from model.mm.page_writeback import folio_end_writeback
from model.systems.iomap_xfs.operations import APPEND_A, APPEND_B, ON_DISK, append, background, file_on_disk
from model.systems.iomap_xfs.scenarios import COMPLETION, CONSEQUENCES, LOCK_ORDER, iomap

full_bios = scenario(
    "One folio of two blocks, and bios that hold one: a writer that appends, and the flusher.",
    thread("writer", append), thread("flusher", background), *COMPLETION, setup=file_on_disk,
    scope={FOLIOS: 1, CELLS: 1, ON_DISK: 0, APPEND_A: 2, APPEND_B: 2, BIO_BLOCKS: 1}, bound=2, of=iomap,
    lock_order=LOCK_ORDER, properties=CONSEQUENCES,
)  # fmt: skip


@primitive("block/bio.c")
def bio_same_page(wpc: WritepageCtx, pos: loff_t) -> bool:
    """Does a block at pos continue the page that the bio ends with?"""
    io = wpc.ioend
    return io.io_type == wpc.type and io.io_offset + io.io_size == pos and pos % FOLIO_SIZE != 0


@kernel("fs/iomap/buffered-io.c")
def iomap_add_block_to_ioend(wpc: WritepageCtx, folio: Folio, pos: loff_t, end_pos: loff_t, len: loff_t) -> Errno:
    """Block by block; only one that begins another page is counted."""
    while len > 0:
        fits = False
        same_page = False
        if wpc.ioend is not None:
            same_page = bio_same_page(wpc, pos)
            fits = iomap_can_add_to_ioend(wpc, pos)
        if not fits:
            iomap_submit_ioend(wpc, OK)
            wpc.ioend = iomap_alloc_ioend(wpc, pos)
        with atomic("bio_add_folio(): nobody sees the ioend yet"):
            bio_add_folio(wpc.ioend, folio, BLOCK_SIZE)
            if not same_page:
                atomic_inc(folio.write_bytes_pending)
            wpc.ioend.io_size += BLOCK_SIZE
            wpc.ioend.io_size = clamp_io_size(wpc.ioend.io_offset, wpc.ioend.io_size, end_pos)
        pos += BLOCK_SIZE
        len -= BLOCK_SIZE
    return OK


@kernel("fs/iomap/buffered-io.c")
def iomap_finish_one_bio_of_folio(folio: Folio, len: loff_t):
    """A bio with blocks of the folio is done."""
    with atomic("atomic_dec_and_test(), and its assertion"):
        warn_on(atomic_read(folio.write_bytes_pending) <= 0)
        last = atomic_dec_and_test(folio.write_bytes_pending)
    if last:
        folio_end_writeback(folio)


iomap_write_count_merged_bio = variant(
    "The I/O of a folio is counted by segments where it is submitted, and by bios where it completes.",
    override(iomap_add_to_ioend, by=iomap_add_block_to_ioend),
    override(iomap_finish_folio_write, by=iomap_finish_one_bio_of_folio), of=iomap, undoes="0fb2d7209d66",
    scenario=full_bios,
)  # fmt: skip
