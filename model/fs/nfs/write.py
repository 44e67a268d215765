"""fs/nfs/write.c: writing folios to the server.  Committing what the server has only in memory: `write_commit`.

Left out of the whole file: requests that cover a part of a folio only, but for page groups of two (NFS_PARTS); references, pNFS, swap,
the mount option "eager", signals, retransmission limits (wb_nio).  A server that is asked to keep what it gets in memory does so until a COMMIT.
A request that is made anew for a folio waits for PG_BUSY of the one before, which in the kernel is another object.
"""

from __future__ import annotations

from checker.lang import atomic, each, kernel, number, primitive, pure, wait_until, warn_on

from model.fs.buffer import __folio_mark_dirty, folio_redirty_for_writepage, folio_test_set_dirty
from model.include.nfs import HDR_PAGES, NFS_CONGESTION_OFF, NFS_CONGESTION_ON, NFS_MOUNT_SOFTERR, NFS_PARTS, NFS_REDIRTIES
from model.include.nfs import NFS_SOFT_ERRORS, RPC_FREE, NfsInode, NfsIoCompletion, NfsPage, NfsPageioDescriptor
from model.include.nfs import NfsPgioHeader, NfsServer, nfsi, nfss, verf_t
from model.include.primitives import folio_unlock
from model.include.size import folio_index
from model.include.state import AOP_WRITEPAGE_ACTIVATE, EAGAIN, EIO, ENOMEM, LONG_MAX, OK, WB_SYNC_ALL, WB_SYNC_NONE
from model.include.state import AddressSpace, Errno, Folio, WritebackControl, mapping
from model.mm.filemap import errseq_set, note_recorded
from model.mm.page_writeback import folio_clear_dirty_for_io, folio_end_writeback, folio_start_writeback
from model.mm.page_writeback import folio_wait_writeback, write_cache_pages

# ----------------------------------------------------------------------- errors


@pure("fs/nfs/internal.h")
def nfs_error_is_fatal(err: Errno) -> bool:
    """Is it of no use to try again?"""
    return err in (EIO, ENOMEM)


@pure("fs/nfs/internal.h")
def nfs_error_is_fatal_on_server(err: Errno) -> bool:
    """Has the server refused?"""
    return err == EIO


@kernel("fs/nfs/write.c")
def nfs_mapping_set_error(folio: Folio, error: Errno):
    """Record a writeback error for whoever calls fsync.

    Left out: the error state of the superblock, and the invalidation of the page cache.
    """
    with atomic("filemap_set_wb_err()"):
        errseq_set(mapping)
        note_recorded()


# --------------------------------------------------------- io_completion of a pass


@primitive("fs/nfs/write.c")
def nfs_io_completion_alloc() -> NfsIoCompletion:
    """One that nobody uses, with one user; None if there is no memory for it."""
    new: NfsIoCompletion = None
    for ioc in each(NfsIoCompletion):
        if new is None and ioc.refcount == 0:
            new = ioc
    if new is not None:
        new.refcount = 1
    return new


@primitive("fs/nfs/write.c")
def kref_put(ioc: NfsIoCompletion) -> bool:
    """Give a reference back; was it the last?"""
    ioc.refcount -= 1
    return ioc.refcount == 0


@kernel("fs/nfs/write.c")
def nfs_io_completion_put(ioc: NfsIoCompletion):
    """The last user commits what the pass has written, without waiting."""
    if ioc is not None:
        if kref_put(ioc):
            nfs_commit_inode(False)


# ----------------------------------------------------- the requests of an inode


@primitive("fs/nfs/write.c")
def nfs_folio_private_request(folio: Folio) -> bool:
    """Has the folio a request?"""
    return NfsPage[number(folio) * NFS_PARTS].mapped


@kernel("fs/nfs/write.c")
def nfs_cancel_remove_inode(req: NfsPage):
    """A head that was done with before the rest of its group is not any more."""
    if req.remove:
        nfs_page_group_cancel_remove(req)


@kernel("fs/nfs/write.c")
def nfs_join_page_group(req: NfsPage):
    """The head, locked, takes the part of every other request of its group, which is locked and taken off all lists.

    A request that is locked by somebody else is waited for without the lock of the group.
    Left out: a signal while it waits.
    """
    for part in range(1, NFS_PARTS):
        other: NfsPage = NfsPage[number(req) + part]
        grouped = nfs_page_is_grouped(other)
        if grouped:
            nfs_lock_request(other)
            nfs_clear_request_commit(other)
            with atomic("nfs_destroy_unlinked_subrequests(): the request is locked"):
                nfs_leave_page_group(other)
                nfs_unlock_request(other)


@kernel("fs/nfs/write.c")
def nfs_lock_and_join_requests(folio: Folio) -> bool:
    """Lock the request of a folio, if it has one, and take it off the commit list: it is going to be written again.

    Nothing keeps the other requests of its group from being removed, and the head with the last of them, between the look at the
    folio and the lock of the group.
    """
    req: NfsPage = NfsPage[number(folio) * NFS_PARTS]
    while True:
        if not nfs_folio_private_request(folio):
            return False
        nfs_lock_request(req)
        if nfs_folio_private_request(folio):
            break
        nfs_unlock_request(req)
    if NFS_PARTS > 1:
        nfs_cancel_remove_inode(req)
        nfs_join_page_group(req)
    nfs_clear_request_commit(req)
    return True


@kernel("fs/nfs/write.c")
def nfs_inode_add_request(req: NfsPage):
    """A new request, locked, becomes the folio's."""
    nfs_lock_request(req)
    with atomic("i_private_lock is held"):
        warn_on(req.mapped)
        req.mapped = True


@primitive("fs/nfs/write.c")
def nfs_clear_private(req: NfsPage):
    """The folio has no request any more: under i_private_lock."""
    for part in range(0, NFS_PARTS):
        NfsPage[number(req) // NFS_PARTS * NFS_PARTS + part].wb_verf = 0
        if NFS_PARTS > 1:
            NfsPage[number(req) // NFS_PARTS * NFS_PARTS + part].grouped = False
    NfsPage[number(req) // NFS_PARTS * NFS_PARTS].mapped = False


@kernel("fs/nfs/write.c")
def nfs_inode_remove_request(req: NfsPage):
    """A request is done with; with the last one of its group the folio has none any more."""
    last = True
    if NFS_PARTS > 1:
        last = nfs_page_group_sync_on_remove(req)
    if last:
        nfs_clear_private(req)


@kernel("fs/nfs/write.c")
def nfs_mark_request_dirty(req: NfsPage):
    """filemap_dirty_folio(): who completes a commit does not hold the folio lock."""
    folio: Folio = Folio[number(req) // NFS_PARTS]
    if not folio_test_set_dirty(folio):
        __folio_mark_dirty(folio)


# -------------------------------------------------------------------- writeback


@primitive("fs/nfs/write.c")
def atomic_inc_writeback(nfss: NfsServer) -> bool:
    """One more folio under writeback; are they too many?"""
    nfss.writeback += 1
    return nfss.writeback > NFS_CONGESTION_ON


@primitive("fs/nfs/write.c")
def atomic_dec_writeback(nfss: NfsServer) -> bool:
    """One folio less under writeback; are they few enough?"""
    nfss.writeback -= 1
    return nfss.writeback < NFS_CONGESTION_OFF


@kernel("fs/nfs/write.c")
def nfs_folio_set_writeback(folio: Folio):
    """Begin writeback of a folio; too many make the mount congested."""
    folio_start_writeback(folio)
    if atomic_inc_writeback(nfss):
        nfss.write_congested = True


@kernel("fs/nfs/write.c")
def nfs_folio_end_writeback(folio: Folio):
    """End writeback of a folio; few enough of them end congestion, and wake who waits for that."""
    folio_end_writeback(folio)
    if atomic_dec_writeback(nfss):
        nfss.write_congested = False


@kernel("fs/nfs/write.c")
def nfs_page_end_writeback(req: NfsPage):
    """A request is through with its WRITE: unlock it, and end writeback with the last one of its group."""
    last = True
    if NFS_PARTS > 1:
        last = nfs_page_group_sync_on_wb_end(req)
    nfs_unlock_request(req)
    if last:
        nfs_folio_end_writeback(Folio[number(req) // NFS_PARTS])


@kernel("fs/nfs/write.c")
def nfs_write_error(req: NfsPage, error: Errno):
    """A request that the server has refused is given up."""
    note_request_failure(req)
    nfs_mapping_set_error(Folio[number(req) // NFS_PARTS], error)
    nfs_inode_remove_request(req)
    nfs_page_end_writeback(req)


@kernel("fs/nfs/write.c")
def nfs_redirty_request(req: NfsPage):
    """A request that could not be sent is to be written again."""
    nfs_mark_request_dirty(req)
    atomic_inc_redirtied(nfsi)
    nfs_page_end_writeback(req)


@primitive("include/linux/atomic.h")
def atomic_inc_redirtied(nfsi: NfsInode):
    """Count a request that is to be written again.  Nobody compares the count where errors never end.

    It begins again at 0 behind NFS_REDIRTIES, which is more than are counted between two looks: who looks asks only whether it has changed.
    """
    if NFS_SOFT_ERRORS < 9:
        nfsi.redirtied_pages = (nfsi.redirtied_pages + 1) % (NFS_REDIRTIES + 1)


@primitive("fs/nfs/pagelist.c")
def nfs_list_entry(desc: NfsPageioDescriptor) -> NfsPage:
    """The first request of a descriptor, taken off its list; None if there is none."""
    for req in each(NfsPage):
        if desc.pg_list[number(req)]:
            desc.pg_list[number(req)] = False
            desc.pg_count -= 1
            nfs_list_remove_request(req)
            return req
    return None


@kernel("fs/nfs/write.c")
def nfs_async_write_error(desc: NfsPageioDescriptor, error: Errno):
    """The requests of a descriptor cannot be sent: give them up, or write them again."""
    while (req := nfs_list_entry(desc)) is not None:
        if nfs_error_is_fatal_on_server(error):
            nfs_write_error(req, error)
        else:
            nfs_redirty_request(req)


@kernel("fs/nfs/write.c")
def nfs_page_async_flush(folio: Folio, wbc: WritebackControl, pgio: NfsPageioDescriptor) -> Errno:
    """Begin writeback of a folio, and gather its request."""
    if not nfs_lock_and_join_requests(folio):
        return OK
    req: NfsPage = NfsPage[number(folio) * NFS_PARTS]
    nfs_folio_set_writeback(folio)
    warn_on(req.clean)
    ret: Errno = pgio.pg_error
    if nfs_error_is_fatal_on_server(ret):
        nfs_write_error(req, ret)
        return OK
    if nfs_pageio_add_request(pgio, req):
        return OK
    ret = pgio.pg_error
    if nfs_error_is_fatal_on_server(ret):
        nfs_write_error(req, ret)
        return OK
    if wbc.sync_mode == WB_SYNC_NONE:
        ret = AOP_WRITEPAGE_ACTIVATE
    folio_redirty_for_writepage(wbc, folio)
    nfs_redirty_request(req)
    pgio.pg_error = OK
    return ret


@kernel("fs/nfs/write.c")
def nfs_do_writepage(folio: Folio, wbc: WritebackControl, pgio: NfsPageioDescriptor) -> Errno:
    """Write a locked folio."""
    nfs_pageio_cond_complete(pgio, folio_index(folio))
    return nfs_page_async_flush(folio, wbc, pgio)


@kernel("fs/nfs/write.c")
def nfs_writepages_callback(folio: Folio, wbc: WritebackControl, pgio: NfsPageioDescriptor) -> Errno:
    """The callback of write_cache_pages()."""
    ret = nfs_do_writepage(folio, wbc, pgio)
    if ret != AOP_WRITEPAGE_ACTIVATE:
        folio_unlock(folio)
    return ret


@kernel("fs/nfs/write.c")
def nfs_writepage_locked(folio: Folio, wbc: WritebackControl) -> Errno:
    """Write one locked folio, which stays locked."""
    pgio = NfsPageioDescriptor()
    err = nfs_do_writepage(folio, wbc, pgio)
    pgio.pg_error = OK
    nfs_pageio_complete(pgio)
    return err


@primitive("fs/nfs/write.c")
def nfs_wait_on_congestion(nfss: NfsServer):
    """wait_event_killable() on write_congestion_wait."""
    wait_until(not nfss.write_congested)


@kernel("fs/nfs/write.c")
def nfs_writepages(mapping: AddressSpace, wbc: WritebackControl) -> Errno:
    """->writepages: the whole pass is made again after an error that may go away.

    A background pass waits first until the mount is not congested (since v6.11; it returned before).  What waits sees the flag whenever
    it is clear: who clears it wakes it up, and nobody looks at the flag for anything else.
    A data-integrity pass has a budget that no pass uses up, however often it is made.
    Left out: a fatal signal that ends the wait.
    """
    if wbc.sync_mode == WB_SYNC_NONE:
        nfs_wait_on_congestion(nfss)
    note_nfs_pass(nfsi, True)
    err: Errno = OK
    ioc = nfs_io_completion_alloc()
    while True:
        pgio = NfsPageioDescriptor()
        pgio.io_completion = ioc
        pgio.cond_stable = wbc.sync_mode == WB_SYNC_ALL
        if wbc.sync_mode == WB_SYNC_ALL:
            wbc.nr_to_write = LONG_MAX
        err = write_cache_pages(mapping, wbc, pgio)
        pgio.pg_error = OK
        nfs_pageio_complete(pgio)
        if err == EAGAIN and NFS_MOUNT_SOFTERR > 0:
            break
        if err == OK or nfs_error_is_fatal(err):
            break
    nfs_io_completion_put(ioc)
    note_nfs_pass(nfsi, False)
    return err


# ------------------------------------------------------------ completion of a WRITE


@primitive("fs/nfs/write.c")
def nfs_next_of_header(hdr: NfsPgioHeader) -> NfsPage:
    """The first request of a header, taken off its list; None if there is none."""
    for req in each(NfsPage):
        if req.wb_list == HDR_PAGES and req.hdr == hdr:
            nfs_list_remove_request(req)
            req.hdr = None
            return req
    return None


@kernel("fs/nfs/write.c")
def nfs_write_completion(hdr: NfsPgioHeader, error: Errno, verf: verf_t, stable: bool, ioc: NfsIoCompletion):
    """A WRITE is over: its requests wait for a COMMIT, or are done with, or given up.

    What was read of the header is passed: nobody else changes it until it is free.
    """
    while (req := nfs_next_of_header(hdr)) is not None:
        if error != OK:
            nfs_mapping_set_error(Folio[number(req) // NFS_PARTS], error)
            nfs_inode_remove_request(req)
        elif stable:
            nfs_inode_remove_request(req)
        else:
            req.wb_verf = verf
            nfs_request_add_commit_list(req)
        nfs_page_end_writeback(req)
    nfs_io_completion_put(ioc)
    nfs_pgio_header_free(hdr)


@primitive("fs/nfs/pagelist.c")
def nfs_pgio_header_free(hdr: NfsPgioHeader):
    """The header may be used again."""
    hdr.state = RPC_FREE
    hdr.error = OK
    hdr.verf = 0
    hdr.stable = False
    hdr.io_completion = None


# --------------------------------------------------------------------------- users


@kernel("fs/nfs/write.c")
def nfs_writepage_setup(folio: Folio):
    """What has been copied to a folio is to be written: give it a request, and mark both dirty.

    Left out: requests that do not cover the folio, the file size.
    """
    req: NfsPage = NfsPage[number(folio) * NFS_PARTS]
    if not nfs_lock_and_join_requests(folio):
        nfs_inode_add_request(req)
    nfs_mark_request_dirty(req)
    nfs_unlock_request(req)


@kernel("fs/nfs/write.c")
def nfs_wb_folio(folio: Folio, wbc: WritebackControl) -> Errno:
    """Write a locked folio until its request is gone."""
    while True:
        folio_wait_writeback(folio)
        if folio_clear_dirty_for_io(folio):
            ret = nfs_writepage_locked(folio, wbc)
            if ret != OK:
                return ret
            continue
        if not nfs_folio_private_request(folio):
            return OK
        ret = nfs_commit_inode(True)
        if ret != OK:
            return ret


# -------------------------------------------------------------------------- ghosts


@primitive()
def note_nfs_pass(nfsi: NfsInode, begins: bool):
    """A pass begins, or is over."""
    if begins:
        nfsi.passes += 1
    else:
        nfsi.passes -= 1


# Files of the kernel call each other in circles, so the imports of other files' functions come last.
from model.fs.nfs.pagelist import nfs_leave_page_group, nfs_list_remove_request, nfs_lock_request  # noqa: E402
from model.fs.nfs.pagelist import nfs_page_group_cancel_remove, nfs_unlock_request  # noqa: E402
from model.fs.nfs.pagelist import nfs_page_group_sync_on_remove, nfs_page_group_sync_on_wb_end, nfs_page_is_grouped  # noqa: E402
from model.fs.nfs.pagelist import nfs_pageio_add_request, nfs_pageio_complete, nfs_pageio_cond_complete  # noqa: E402
from model.fs.nfs.server import note_request_failure  # noqa: E402
from model.fs.nfs.write_commit import nfs_clear_request_commit, nfs_commit_inode, nfs_request_add_commit_list  # noqa: E402
