"""How the folios of a writeback pass reach the filesystem."""

from __future__ import annotations

from checker.lang import kernel, override, variant

from model.fs.iomap.buffered_io_writeback import iomap_submit_ioend, iomap_writepages
from model.mm.page_writeback import write_cache_pages
from model.scenarios import iomap
from model.state import AddressSpace, Errno, WritebackControl, WritepageCtx


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
