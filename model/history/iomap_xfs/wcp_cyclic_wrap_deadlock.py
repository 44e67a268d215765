"""mm/page-writeback.c: fix range_cyclic writeback vs writepages deadlock (v4.20).

A cyclic pass that reaches the end of the file goes on at index 0 with I/O that it has not submitted: it waits
for the lock of a low folio, whose holder waits for the writeback of a high one.
"""

from __future__ import annotations

from checker.lang import Place, kernel, override, variant

from model.include.size import folio_next_index, folio_nr_pages
from model.include.state import OK, PAGE_SIZE, WB_SYNC_ALL, AddressSpace, Folio, WritebackControl
from model.mm.page_writeback import folio_batch_init, folio_batch_release, tag_pages_for_writeback, wbc_end
from model.mm.page_writeback import writeback_get_folio, writeback_iter
from model.systems.iomap_xfs.scenarios import cyclic, iomap


@kernel("mm/page-writeback.c")
def writeback_iter_begins(mapping: AddressSpace, wbc: WritebackControl, error: Place):
    """The beginning of a pass, as in writeback_iter()."""
    folio_batch_init(wbc)
    wbc.saved_err = OK
    error = OK
    if wbc.range_cyclic:
        wbc.index = mapping.writeback_index
    else:
        wbc.index = wbc.range_start // PAGE_SIZE
    if wbc.sync_mode == WB_SYNC_ALL:
        tag_pages_for_writeback(mapping, wbc.index, wbc_end(wbc))


@kernel("mm/page-writeback.c")
def writeback_iter_wraps(mapping: AddressSpace, wbc: WritebackControl, folio: Folio, error: Place) -> Folio:
    """A cyclic pass that reaches the end goes on from index 0 to where it began."""
    if folio is None:
        writeback_iter_begins(mapping, wbc, error)
    else:
        wbc.nr_to_write -= folio_nr_pages(folio)
        if wbc.sync_mode == WB_SYNC_ALL:
            if error != OK and wbc.saved_err == OK:
                wbc.saved_err = error
        elif error != OK or wbc.nr_to_write <= 0:
            mapping.writeback_index = folio_next_index(folio)
            folio_batch_release(wbc)
            return None
    folio = writeback_get_folio(mapping, wbc)
    if folio is None and wbc.range_cyclic:
        wbc.range_cyclic = False
        begin = mapping.writeback_index
        if begin > 0:
            wbc.index = 0
            wbc.range_end = begin * PAGE_SIZE - 1
            folio = writeback_get_folio(mapping, wbc)
    if folio is None:
        error = wbc.saved_err
    return folio


cyclic_wrap = variant(
    "A range_cyclic pass goes on at index 0 inside the same call.",
    override(writeback_iter, by=writeback_iter_wraps), of=iomap, undoes="64081362e8ff", scenario=cyclic,
)  # fmt: skip
