"""Which folios a writeback pass visits, in which order, and when it stops."""

from __future__ import annotations

from checker.lang import Place, kernel, override, replace, variant

from model.fs.iomap.buffered_io_writeback import iomap_submit_ioend, iomap_writepages
from model.mm.filemap import __filemap_fdatawrite_range, filemap_fdatawrite_wbc
from model.mm.page_writeback import folio_batch_init, folio_batch_release, note_asked, tag_pages_for_writeback
from model.mm.page_writeback import wbc_end, wbc_to_tag, write_cache_pages
from model.mm.page_writeback import writeback_get_folio, writeback_iter
from model.scenarios import cyclic, iomap, one_folio_batches, two_folios
from model.size import folio_next_index, folio_nr_pages
from model.state import OK, PAGECACHE_TAG_DIRTY, PAGE_SIZE, WB_SYNC_ALL, AddressSpace, Errno, Folio, SyncMode
from model.state import Task, WritebackControl, WritepageCtx, XaMark, loff_t


@kernel("mm/page-writeback.c")
def writeback_iter_wraps(mapping: AddressSpace, wbc: WritebackControl, folio: Folio, error: Place) -> Folio:
    """A cyclic pass that reaches the end goes on from index 0 to where it began."""
    if folio is None:
        folio_batch_init(wbc)
        wbc.saved_err = OK
        error = OK
        if wbc.range_cyclic:
            wbc.index = mapping.writeback_index
        else:
            wbc.index = wbc.range_start // PAGE_SIZE
        if wbc.sync_mode == WB_SYNC_ALL:
            tag_pages_for_writeback(mapping, wbc.index, wbc_end(wbc))
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
    override(writeback_iter, by=writeback_iter_wraps),
    of=iomap,
    undoes="64081362e8ff",
    scenario=cyclic,
)


@kernel("mm/page-writeback.c")
def writeback_iter_stops(mapping: AddressSpace, wbc: WritebackControl, folio: Folio, error: Place) -> Folio:
    """Every pass stops when its budget is used up."""
    if folio is None:
        folio_batch_init(wbc)
        wbc.saved_err = OK
        error = OK
        if wbc.range_cyclic:
            wbc.index = mapping.writeback_index
        else:
            wbc.index = wbc.range_start // PAGE_SIZE
        if wbc.sync_mode == WB_SYNC_ALL:
            tag_pages_for_writeback(mapping, wbc.index, wbc_end(wbc))
    else:
        wbc.nr_to_write -= folio_nr_pages(folio)
        if error != OK or wbc.nr_to_write <= 0:
            if wbc.range_cyclic:
                mapping.writeback_index = folio_next_index(folio)
            folio_batch_release(wbc)
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
    override(__filemap_fdatawrite_range, by=fdatawrite_range_with_a_budget),
    of=iomap,
    undoes="05fe478dd04e",
    scenario=two_folios,
)


@kernel("mm/page-writeback.c")
def always_dirty(wbc: WritebackControl) -> XaMark:
    """Every pass looks for DIRTY."""
    return PAGECACHE_TAG_DIRTY


no_towrite_snapshot = variant(
    "Data-integrity writeback walks DIRTY and takes no TOWRITE snapshot.",
    replace(tag_pages_for_writeback, by=note_asked, inside=writeback_iter),
    override(wbc_to_tag, by=always_dirty),
    of=iomap,
    undoes="f446daaea9d4",
    scenario=one_folio_batches,
)


@kernel("fs/iomap/buffered-io.c")
def iomap_writepages_by_callback(mapping: AddressSpace, wbc: WritebackControl, wpc: WritepageCtx) -> Errno:
    """The loop is that of write_cache_pages(); what is left of the I/O is submitted behind it."""
    error: Errno = write_cache_pages(mapping, wbc, wpc)
    return iomap_submit_ioend(wpc, error)


through_write_cache_pages = variant(
    "iomap writes its folios by way of write_cache_pages() and a callback.",
    override(iomap_writepages, by=iomap_writepages_by_callback),
    of=iomap,
)
