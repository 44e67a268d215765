"""mm: fix VM_BUG_ON(PageTail) and BUG_ON(PageWriteback) (v5.10).

The end of writeback clears the bit, and then wakes who waits.  As soon as the bit is clear, truncate may remove
the folio and free it; without a reference of its own the completion wakes the waiters of whoever has the memory
next.  A folio that was removed is one object with its successor here, so the property is that of the kernel's
own assertion: what is woken is still a folio of the page cache.
"""

from __future__ import annotations

from checker.lang import bug_on, kernel, primitive, replace, variant

from model.fs.iomap.buffered_io_writeback import iomap_finish_folio_write
from model.history.iomap_xfs.iomap_eof_redirty_storm import truncate_to_nothing
from model.history.iomap_xfs.wb_wait_stale_wakeup import folio_clear_writeback
from model.include.state import Folio
from model.mm.page_writeback import folio_end_writeback
from model.systems.iomap_xfs.scenarios import iomap


@primitive("mm/filemap.c")
def wake_up_page_bit(folio: Folio):
    """Wake everybody who waits for a page that nobody holds for us."""
    bug_on(not folio.mapping)


@kernel("mm/filemap.c")
def folio_end_writeback_without_reference(folio: Folio):
    """Clear the bit, then wake."""
    folio_clear_writeback(folio)
    wake_up_page_bit(folio)


wb_wake_after_page_freed = variant(
    "The end of writeback clears the bit and wakes in two steps, and holds no reference meanwhile.",
    replace(folio_end_writeback, by=folio_end_writeback_without_reference, inside=iomap_finish_folio_write), of=iomap,
    undoes="073861ed77b6", scenario=truncate_to_nothing,
)  # fmt: skip
