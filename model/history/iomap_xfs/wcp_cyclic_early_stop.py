"""mm: write_cache_pages cyclic fix (v2.6.29), and the follow-up "Fix page writeback thinko".

The first fix forgot to ask why a cyclic pass ends.  One that stops because its budget is used up stores 0, as
one that has come to the end of the file: each pass begins at 0 again, and what lies behind is never written if
somebody dirties the first folios often enough.  (What the first fix itself repaired, a pass that does not wrap
within one call, is what Linux 6.13.1 does on purpose.)
"""

from __future__ import annotations

from checker.lang import insert_after, kernel, scenario, thread, variant

from model.fs.fs_writeback import __writeback_single_inode
from model.include.state import BLOCKS, CELLS, COUNT_PASSES, IOENDS, WB_SYNC_NONE, AddressSpace, Task, WritebackControl
from model.mm.page_writeback import folio_batch_release, writeback_iter
from model.systems.iomap_xfs.operations import ON_DISK, OVERWRITE_LEN, OVERWRITE_POS, dirty_file, overwrite
from model.systems.iomap_xfs.scenarios import COMPLETION, LOCK_ORDER, iomap


def background_of_one_page():
    """A background pass with a budget of one page."""
    __writeback_single_inode(Task[1], 1, WB_SYNC_NONE)


one_page_budgets = scenario(
    "Two dirty folios, a flusher with a budget of one page, and a writer that dirties the first one again.",
    thread("writer", overwrite), thread("flusher", background_of_one_page), *COMPLETION, setup=dirty_file,
    scope={BLOCKS: 1, CELLS: 1, ON_DISK: 2, OVERWRITE_POS: 0, OVERWRITE_LEN: 1, IOENDS: 2, COUNT_PASSES: 1}, bound=7,
    of=iomap, lock_order=LOCK_ORDER, properties=("no_folio_starves",),
)  # fmt: skip


@kernel("mm/page-writeback.c")
def start_again(mapping: AddressSpace, wbc: WritebackControl):
    """The next pass begins at 0, whatever was the reason to stop."""
    if wbc.range_cyclic:
        mapping.writeback_index = 0


wcp_cyclic_early_stop = variant(
    "A cyclic pass that stops on its budget begins at 0 the next time.",
    insert_after(folio_batch_release, start_again, inside=writeback_iter), of=iomap, undoes="3a4c6800f31e",
    scenario=one_page_budgets,
)  # fmt: skip
