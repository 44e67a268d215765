"""How the folios of a writeback pass reach the filesystem."""

from __future__ import annotations

from checker.lang import kernel, override, replace, variant

from model.fs.iomap.buffered_io_writeback import iomap_submit_ioend, iomap_writepage_map, iomap_writepages
from model.include.state import AddressSpace, Errno, Folio, WritebackControl, WritepageCtx
from model.mm.page_writeback import write_cache_pages, writepage
from model.systems.iomap_xfs.scenarios import iomap


@kernel("fs/iomap/buffered-io.c")
def iomap_do_writepage(folio: Folio, wbc: WritebackControl, wpc: WritepageCtx) -> Errno:
    """The callback."""
    return iomap_writepage_map(wpc, wbc, folio)


@kernel("fs/iomap/buffered-io.c")
def iomap_writepages_by_callback(mapping: AddressSpace, wbc: WritebackControl, wpc: WritepageCtx) -> Errno:
    """The loop is that of write_cache_pages(); what is left of the I/O is submitted behind it."""
    error: Errno = write_cache_pages(mapping, wbc, wpc)
    return iomap_submit_ioend(wpc, error)


through_write_cache_pages = variant(
    "iomap writes its folios by way of write_cache_pages() and a callback.",
    override(iomap_writepages, by=iomap_writepages_by_callback),
    replace(writepage, by=iomap_do_writepage, inside=write_cache_pages), of=iomap,
)  # fmt: skip
