"""mm: write_cache_pages integrity fix (v2.6.29; again in btrfs, effa24f689ce, v6.6).

A data-integrity pass that counts its budget stops when that is used up by folios that somebody has dirtied
behind its back, and fsync returns 0 with folios unwritten that were dirty when it began.
"""

from __future__ import annotations

from checker.lang import Place, kernel, override, variant

from model.history.iomap_xfs.wcp_cyclic_wrap_deadlock import writeback_iter_begins
from model.include.size import folio_next_index, folio_nr_pages
from model.include.state import OK, AddressSpace, Errno, Folio, SyncMode, Task
from model.include.state import WritebackControl, loff_t
from model.mm.filemap import __filemap_fdatawrite_range, filemap_fdatawrite_wbc
from model.mm.page_writeback import folio_batch_release
from model.mm.page_writeback import writeback_get_folio, writeback_iter
from model.systems.iomap_xfs.scenarios import iomap, two_folios


@kernel("mm/page-writeback.c")
def writeback_iter_stops_at(mapping: AddressSpace, wbc: WritebackControl, folio: Folio):
    """A cyclic pass remembers what comes behind the folio at which it stops."""
    if wbc.range_cyclic:
        mapping.writeback_index = folio_next_index(folio)
    folio_batch_release(wbc)


@kernel("mm/page-writeback.c")
def writeback_iter_stops(mapping: AddressSpace, wbc: WritebackControl, folio: Folio, error: Place) -> Folio:
    """Every pass stops when its budget is used up."""
    if folio is None:
        writeback_iter_begins(mapping, wbc, error)
    else:
        wbc.nr_to_write -= folio_nr_pages(folio)
        if error != OK or wbc.nr_to_write <= 0:
            writeback_iter_stops_at(mapping, wbc, folio)
            return None
    folio = writeback_get_folio(mapping, wbc)
    if folio is None:
        if wbc.range_cyclic:
            mapping.writeback_index = 0
        error = wbc.saved_err
    return folio


@kernel("mm/filemap.c")
def fdatawrite_range_with_a_budget(
    current: Task, mapping: AddressSpace, start: loff_t, end: loff_t, sync_mode: SyncMode
) -> Errno:
    """Data-integrity passes have a budget too: one page."""
    wbc = WritebackControl()
    wbc.current = current
    wbc.sync_mode = sync_mode
    wbc.nr_to_write = 1
    wbc.range_start = start
    wbc.range_end = end
    return filemap_fdatawrite_wbc(mapping, wbc)


sync_stops_on_budget = variant(
    "WB_SYNC_ALL stops when nr_to_write is used up.",
    override(writeback_iter, by=writeback_iter_stops),
    override(__filemap_fdatawrite_range, by=fdatawrite_range_with_a_budget), of=iomap, undoes="05fe478dd04e",
    scenario=two_folios,
)  # fmt: skip
