"""NFS: Fix data corruption caused by congestion.

Where the mount was congested, the callback of write_cache_pages() said AOP_WRITEPAGE_ACTIVATE without a look at the
folio. By then PG_dirty was clear: the folio was unlocked clean and not under writeback, and nobody came to write it.
6.8 removed the test from the callback; 6.13 makes it once, before the pass.
"""

from __future__ import annotations

from checker.lang import kernel, override, variant

from model.fs.nfs.write import nfs_do_writepage, nfs_page_async_flush, nfs_pageio_cond_complete
from model.include.nfs import NfsPageioDescriptor, nfss
from model.include.size import folio_index
from model.include.state import AOP_WRITEPAGE_ACTIVATE, WB_SYNC_NONE, Errno, Folio, WritebackControl
from model.systems.nfs.scenarios import nfs, nfs_congested


@kernel("fs/nfs/write.c")
def nfs_do_writepage_unless_congested(folio: Folio, wbc: WritebackControl, pgio: NfsPageioDescriptor) -> Errno:
    """A congested mount takes nothing from a background pass, and says so."""
    if wbc.sync_mode == WB_SYNC_NONE:
        if nfss.write_congested:
            return AOP_WRITEPAGE_ACTIVATE
    nfs_pageio_cond_complete(pgio, folio_index(folio))
    return nfs_page_async_flush(folio, wbc, pgio)


nfs_activate_without_redirty = variant(
    "A background pass that meets congestion gives the folio back clean.",
    override(nfs_do_writepage, by=nfs_do_writepage_unless_congested), of=nfs, scenario=nfs_congested,
)  # fmt: skip
