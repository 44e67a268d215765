"""btrfs: fix race in subpage sync writeback handling (about v6.16).

A folio has two blocks that are written one at a time.  A writer of the first has found it and not locked it yet;
the second becomes dirty, and a data-integrity pass marks the folio TOWRITE.  Then the first block is written:
the start of that writeback clears TOWRITE, and the pass does not find the second.  (The shortest counterexample
has the second block dirty before the writer of the first looks for the folio: what counts is that it decides for
one block.)
"""

from __future__ import annotations

from checker.lang import atomic, primitive, replace, scenario, thread, variant

from model.history.iomap_xfs.towrite_tag_cleared_partial import write_one_block
from model.include.primitives import folio_lock, folio_test_writeback, folio_unlock, xa_get_mark
from model.include.state import CELLS, FOLIOS, IOENDS, PAGECACHE_TAG_DIRTY, File, Folio, Task
from model.mm.page_writeback import folio_clear_dirty_for_io
from model.systems.iomap_xfs.operations import APPEND_A, APPEND_B, ON_DISK, OVERWRITE_LEN, OVERWRITE_POS, append
from model.systems.iomap_xfs.operations import file_on_disk, fsync
from model.systems.iomap_xfs.operations import overwrite
from model.systems.iomap_xfs.scenarios import COMPLETION, FSYNC, LOCK_ORDER, iomap


@primitive("fs/btrfs/extent_io.c")
def other_blocks_are_dirty(folio: Folio) -> bool:
    """Does the folio stay dirty when its first block has been written?"""
    return folio.ifs_dirty[1]


@primitive("fs/btrfs/extent_io.c")
def no_other_blocks(folio: Folio) -> bool:
    """The folio is taken for its first block."""
    return False


def write_first_block():
    """Metadata writeback of the first block: write_one_eb()."""
    folio: Folio = Folio[0]
    found = xa_get_mark(folio, PAGECACHE_TAG_DIRTY)
    if found:
        folio_lock(folio)
        writeback = folio_test_writeback(folio)
        with atomic("btrfs_folio_clear_dirty(): under the folio lock"):
            wanted = folio.mapping and folio.dirty and not writeback and folio.ifs_dirty[0]
            others = folio.ifs_dirty[1]
        if wanted and not others:
            folio_clear_dirty_for_io(folio)
        if wanted:
            keep = other_blocks_are_dirty(folio)
            write_one_block(Task[1], folio, 0, keep)
        else:
            folio_unlock(folio)


one_block_at_a_time = scenario(
    "A folio with a block on disk: writes to it and to the next block, fsync, and writeback of the first only.",
    thread("writer", overwrite, append), thread("fsync", fsync, per=File), thread("flusher", write_first_block),
    *COMPLETION, setup=file_on_disk,
    scope={FOLIOS: 1, CELLS: 1, ON_DISK: 1, APPEND_A: 1, APPEND_B: 1, OVERWRITE_POS: 0, OVERWRITE_LEN: 1, IOENDS: 2},
    bound=4, of=iomap, lock_order=LOCK_ORDER, properties=FSYNC,
)  # fmt: skip

btrfs_subpage_towrite_lost = variant(
    "Writeback of one block of a folio clears TOWRITE, whether or not another is dirty.",
    replace(other_blocks_are_dirty, by=no_other_blocks, inside=write_first_block), of=iomap,
    scenario=one_block_at_a_time,
)  # fmt: skip
