"""ext4: fix data integrity sync in ordered mode (v3.16).

fsync has marked a folio TOWRITE.  Before it comes there, a commit of the journal writes those blocks of the
folio that are allocated already, and redirties it for the others.  The start of that writeback clears TOWRITE:
fsync does not see the folio any more, and returns with blocks unwritten.
"""

from __future__ import annotations

from checker.lang import atomic, bug_on, kernel, number, primitive, replace, scenario, thread, variant

from model.fs.iomap.buffered_io import iomap_clear_range_dirty
from model.fs.iomap.buffered_io_writeback import iomap_add_to_ioend, iomap_submit_ioend
from model.fs.xfs.xfs_aops import xfs_bmbt_to_iomap
from model.include.primitives import atomic_dec_and_test, atomic_inc, folio_lock, folio_test_writeback, folio_unlock
from model.include.state import BLOCKS, BLOCK_SIZE, CELLS, FOLIOS, IOENDS, IOMAP_MAPPED, OK, Block, File, Folio, Task
from model.include.state import WritepageCtx, block_t, loff_t, mapping
from model.mm.page_writeback import filemap_dirty_folio, folio_clear_dirty_for_io, folio_end_writeback
from model.mm.page_writeback import folio_start_writeback
from model.systems.iomap_xfs.operations import HOLE_AT_END, ON_DISK, OVERWRITE_LEN, OVERWRITE_POS, file_on_disk, fsync
from model.systems.iomap_xfs.operations import overwrite
from model.systems.iomap_xfs.scenarios import COMPLETION, FSYNC, LOCK_ORDER, iomap


@primitive("mm/page-writeback.c")
def folio_start_writeback_keepwrite(folio: Folio):
    """folio_start_writeback(), but TOWRITE stays: not all of the folio is going to be written."""
    bug_on(folio.writeback)
    folio.writeback = True
    folio.tag_writeback = True
    if not folio.dirty:
        folio.tag_dirty = False


@primitive("fs/ext4/inode.c")
def block_is_mapped(folio: Folio, b: block_t) -> bool:
    """Is a block of the folio dirty and allocated?"""
    return folio.ifs_dirty[b] and Block[number(folio) * BLOCKS + b].extent == IOMAP_MAPPED


@kernel("fs/ext4/page-io.c")
def write_one_block(current: Task, folio: Folio, b: block_t, keep_towrite: bool):
    """Write one dirty block of a locked folio, and unlock it: ext4_bio_write_folio().

    keep_towrite: the folio has further dirty blocks.
    """
    wpc = WritepageCtx()
    wpc.current = current
    pos: loff_t = number(folio) * BLOCKS * BLOCK_SIZE + b * BLOCK_SIZE
    with atomic("folio_start_writeback(): under the folio lock"):
        iomap_clear_range_dirty(folio, b * BLOCK_SIZE, BLOCK_SIZE)
        atomic_inc(folio.write_bytes_pending)
        if keep_towrite:
            folio_start_writeback_keepwrite(folio)
        else:
            folio_start_writeback(folio)
    xfs_bmbt_to_iomap(wpc, current, pos)
    iomap_add_to_ioend(wpc, folio, pos, pos + BLOCK_SIZE, BLOCK_SIZE)
    folio_unlock(folio)
    if atomic_dec_and_test(folio.write_bytes_pending):
        folio_end_writeback(folio)
    iomap_submit_ioend(wpc, OK)


def commit_writes_mapped_blocks():
    """jbd2_journal_submit_inode_data_buffers(): what can be written without an allocation."""
    folio: Folio = Folio[0]
    folio_lock(folio)
    writeback = folio_test_writeback(folio)
    partial = False
    with atomic("folio_redirty_for_writepage(): under the folio lock"):
        if folio.mapping and folio.dirty and not writeback:
            partial = block_is_mapped(folio, 0) and not block_is_mapped(folio, 1)
        if partial:
            folio_clear_dirty_for_io(folio)
            filemap_dirty_folio(mapping, folio)
    if partial:
        write_one_block(Task[1], folio, 0, True)
    else:
        folio_unlock(folio)


partial_writeback = scenario(
    "A folio with a block on disk and one in a hole: a write to both, fsync, and a commit that writes the first only.",
    thread("writer", overwrite), thread("fsync", fsync, per=File), thread("journal", commit_writes_mapped_blocks),
    *COMPLETION, setup=file_on_disk,
    scope={FOLIOS: 1, CELLS: 1, ON_DISK: 1, HOLE_AT_END: 1, OVERWRITE_POS: 0, OVERWRITE_LEN: 2, IOENDS: 2}, bound=3,
    of=iomap, lock_order=LOCK_ORDER, properties=(*FSYNC, "io_is_of_real_extents"),
)  # fmt: skip

towrite_tag_cleared_partial = variant(
    "Writeback of some blocks of a folio clears TOWRITE, although other blocks stay dirty.",
    replace(folio_start_writeback_keepwrite, by=folio_start_writeback, inside=write_one_block), of=iomap,
    undoes="1c8349a17137", scenario=partial_writeback,
)  # fmt: skip
