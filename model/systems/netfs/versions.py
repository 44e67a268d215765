"""netfs of newer kernels: the model of 6.13 with what has changed since, as far as it is modelled."""

from __future__ import annotations

from checker.lang import kernel, override, variant, warn_on

from model.fs.buffer import folio_redirty_for_writepage
from model.fs.netfs.write_issue import netfs_kill_dirty_pages
from model.include.primitives import folio_unlock
from model.include.state import ENOMEM, AddressSpace, Errno, Folio, WritebackControl
from model.mm.page_writeback import writeback_iter
from model.systems.netfs.scenarios import netfs, netfs_no_request


@kernel("fs/netfs/write_issue.c")
def netfs_leave_for_later(mapping: AddressSpace, wbc: WritebackControl, folio: Folio):
    """No request could be made: the folio is dirty again, and the iterator is told, which is taken to end the pass.

    A WB_SYNC_ALL pass it does not end: writeback_iter() remembers the error, and hands over the next dirty folio, locked and cleaned.
    Left out: that do_writepages() calls again after ENOMEM, which waits for the lock of that folio; the error of the pass is EIO here.
    """
    error: Errno = ENOMEM
    folio_redirty_for_writepage(wbc, folio)
    folio_unlock(folio)
    folio = writeback_iter(mapping, wbc, folio, error)
    warn_on(folio is not None)


netfs_no_memory_keeps_folios = variant(
    "A pass that gets no request leaves its first folio dirty, and throws nothing away.",
    override(netfs_kill_dirty_pages, by=netfs_leave_for_later), of=netfs, scenario=netfs_no_request,
)  # fmt: skip

netfs_v7_2 = variant(
    "Linux 7.2 and 7.3: netfs, and the writeback core.", *netfs_no_memory_keeps_folios.edits, of=netfs, scenario=netfs_no_request,
)  # fmt: skip
