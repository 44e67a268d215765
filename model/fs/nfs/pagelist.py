"""fs/nfs/pagelist.c: requests, their locks and lists, and the descriptor that gathers them for a WRITE.

Left out of the whole file: references, mirrors, pNFS, signals, page groups of more than two requests.
"""

from __future__ import annotations

from checker.lang import acquire, atomic, choose, each, hand_over, is_locked, kernel, number, primitive, release
from checker.lang import try_acquire, wait_until, warn_on

from model.include.nfs import HDR_PAGES, NFS_FATAL_ERRORS, NFS_NO_MEMORY, NFS_PARTS, NFS_SOFT_ERRORS, NO_LIST, PG_LIST
from model.include.nfs import RPC_FREE, RPC_SENT, NfsIoCompletion
from model.include.nfs import NfsList, NfsPage, NfsPageioDescriptor, NfsPgioHeader, nfss
from model.include.size import folio_index
from model.include.state import EAGAIN, EIO, ENOMEM, OK, Errno, Folio, pgoff_t


@primitive("fs/nfs/pagelist.c")
def nfs_lock_request(req: NfsPage):
    """Wait for PG_BUSY."""
    acquire(req.busy)


@primitive("include/linux/nfs_page.h")
def nfs_trylock_request(req: NfsPage) -> bool:
    """nfs_lock_request(), as it is called today: take PG_BUSY if it is free."""
    return try_acquire(req.busy)


@primitive("fs/nfs/pagelist.c")
def nfs_unlock_request(req: NfsPage):
    """Give PG_BUSY back."""
    warn_on(not is_locked(req.busy))
    release(req.busy)


@primitive("include/linux/nfs_page.h")
def nfs_list_add_request(req: NfsPage, wb_list: NfsList):
    """Put a request on a list; it is on none."""
    warn_on(req.wb_list != NO_LIST)
    req.wb_list = wb_list


@primitive("include/linux/nfs_page.h")
def nfs_list_remove_request(req: NfsPage):
    """Take a request off its list."""
    req.wb_list = NO_LIST


# ------------------------------------------------------------------- page groups


@primitive("fs/nfs/pagelist.c")
def nfs_page_is_grouped(req: NfsPage) -> bool:
    """Is there such a part in the page group?"""
    return req.grouped


@primitive("fs/nfs/pagelist.c")
def nfs_create_subreq(req: NfsPage):
    """The part that the descriptor can take becomes a request of its own, locked; the head keeps the rest."""
    acquire(req.busy)
    req.grouped = True


@primitive("fs/nfs/pagelist.c")
def nfs_leave_page_group(req: NfsPage):
    """A locked request leaves its group; the head has its part again."""
    req.grouped = False
    req.remove = False
    req.wb_end = False


@primitive("fs/nfs/pagelist.c")
def nfs_page_group_cancel_remove(req: NfsPage):
    """test_and_clear_bit(PG_REMOVE) under the lock of the group."""
    wait_until(not is_locked(req.headlock))
    req.remove = False


@primitive("fs/nfs/pagelist.c")
def nfs_page_group_sync_on_wb_end(req: NfsPage) -> bool:
    """Set PG_WB_END of a request, under the lock of the group; if all have it, clear it of all, and say so."""
    head = NfsPage[number(req) // NFS_PARTS * NFS_PARTS]
    wait_until(not is_locked(head.headlock))
    req.wb_end = True
    last = head.wb_end
    for part in range(1, NFS_PARTS):
        last = last and (not NfsPage[number(head) + part].grouped or NfsPage[number(head) + part].wb_end)
    for part in range(0, NFS_PARTS):
        if last:
            NfsPage[number(head) + part].wb_end = False
    return last


@primitive("fs/nfs/pagelist.c")
def nfs_page_group_sync_on_remove(req: NfsPage) -> bool:
    """The same with PG_REMOVE."""
    head = NfsPage[number(req) // NFS_PARTS * NFS_PARTS]
    wait_until(not is_locked(head.headlock))
    req.remove = True
    last = head.remove
    for part in range(1, NFS_PARTS):
        last = last and (not NfsPage[number(head) + part].grouped or NfsPage[number(head) + part].remove)
    for part in range(0, NFS_PARTS):
        if last:
            NfsPage[number(head) + part].remove = False
    return last


# ------------------------------------------------------------------- a WRITE


@kernel("mm/slab_common.c")
def nfs_is_out_of_memory() -> bool:
    """Is there no memory for an RPC?  The mempool behind it is asked without waiting."""
    fails = False
    if NFS_NO_MEMORY > 0:
        chosen = choose(False, True)
        fails = chosen and nfss.failures_of_memory_left > 0
        if fails:
            nfss.failures_of_memory_left -= 1
    return fails


@primitive("fs/nfs/pagelist.c")
def nfs_pgio_header_alloc(io_completion: NfsIoCompletion, fails: bool) -> NfsPgioHeader:
    """A header for a WRITE, which counts as one user of the io_completion; None: there is no memory for one."""
    new: NfsPgioHeader = None
    for hdr in each(NfsPgioHeader):
        if new is None and hdr.state == RPC_FREE and not fails:
            new = hdr
    if new is not None:
        new.error = OK
        new.io_completion = io_completion
        if io_completion is not None:
            io_completion.refcount += 1
    return new


@primitive("fs/nfs/pagelist.c")
def nfs_generic_pgio(desc: NfsPageioDescriptor, hdr: NfsPgioHeader):
    """A data-integrity pass asks for FILE_SYNC if this WRITE is the only thing to be made durable (FLUSH_COND_STABLE)."""
    if desc.moreio or nfs_reqs_to_commit():
        desc.cond_stable = False
    hdr.stable = desc.cond_stable


@primitive("fs/nfs/pagelist.c")
def nfs_initiate_pgio(desc: NfsPageioDescriptor, hdr: NfsPgioHeader):
    """Send a WRITE: the requests of the descriptor are the header's, and PG_BUSY is left to its completion."""
    for req in each(NfsPage):
        if desc.pg_list[number(req)]:
            nfs_list_remove_request(req)
            nfs_list_add_request(req, HDR_PAGES)
            req.hdr = hdr
            hand_over(req.busy)
            desc.pg_list[number(req)] = False
    desc.pg_count = 0
    hdr.state = RPC_SENT


@kernel("fs/nfs/pagelist.c")
def nfs_generic_pg_pgios(desc: NfsPageioDescriptor) -> Errno:
    """Make a WRITE of what the descriptor has gathered, and send it.

    What may be missing for that, memory or a layout, is one kind of error, from which the client recovers; a layout
    that the server refuses for good is another (EIO).
    Header and sending are one step: nobody else sees a header before it is sent.
    Left out: the array of pages, for which there may be no memory either.
    """
    failed = False
    fatal = False
    if NFS_SOFT_ERRORS > 0:
        with atomic("what it takes to send"):
            fails = choose(False, True)
            failed = fails and nfss.soft_errors_left > 0
            if failed and NFS_SOFT_ERRORS < 9:
                nfss.soft_errors_left -= 1
            if failed and NFS_FATAL_ERRORS > 0:
                fatal = choose(False, True)
    if failed:
        return EIO if fatal else EAGAIN
    with atomic("nfs_initiate_pgio(): nobody has seen the header before"):
        hdr = nfs_pgio_header_alloc(desc.io_completion, nfs_is_out_of_memory())
        if hdr is not None:
            nfs_generic_pgio(desc, hdr)
            nfs_initiate_pgio(desc, hdr)
    return OK if hdr is not None else ENOMEM


@kernel("fs/nfs/pagelist.c")
def nfs_pageio_doio(desc: NfsPageioDescriptor):
    """Send what the descriptor has gathered, if anything."""
    if desc.pg_count > 0:
        error = nfs_generic_pg_pgios(desc)
        if error != OK:
            desc.pg_error = error


@kernel("fs/nfs/pagelist.c")
def nfs_pageio_error_cleanup(desc: NfsPageioDescriptor):
    """After an error, what the descriptor still has goes back to where it came from."""
    if desc.pg_error == OK:
        return
    nfs_async_write_error(desc, desc.pg_error)


@kernel("fs/nfs/pagelist.c")
def nfs_pageio_do_add_request(desc: NfsPageioDescriptor, req: NfsPage, index: pgoff_t):
    """Gather a request; what it cannot be in one WRITE with, because it is not contiguous or there is no room, is sent first."""
    if desc.pg_count > 0 and (desc.pg_next != index or NFS_PARTS > 1):
        desc.moreio = True
        nfs_pageio_doio(desc)
    if desc.pg_error == OK:
        nfs_list_add_request(req, PG_LIST)
        desc.pg_list[number(req)] = True
        desc.pg_count += 1
        desc.pg_next = index + 1


@kernel("fs/nfs/pagelist.c")
def nfs_pageio_add_request(desc: NfsPageioDescriptor, req: NfsPage) -> bool:
    """Gather a locked head request, part by part where a WRITE has no room for the whole of it.  False after an error."""
    index: pgoff_t = folio_index(Folio[number(req) // NFS_PARTS])
    for part in range(1, NFS_PARTS):
        if desc.pg_error == OK:
            nfs_create_subreq(NfsPage[number(req) + part])
            nfs_pageio_do_add_request(desc, NfsPage[number(req) + part], index)
    if desc.pg_error == OK:
        nfs_pageio_do_add_request(desc, req, index)
    if desc.pg_error != OK:
        nfs_pageio_error_cleanup(desc)
        return False
    return True


@kernel("fs/nfs/pagelist.c")
def nfs_pageio_complete(desc: NfsPageioDescriptor):
    """Send the rest."""
    nfs_pageio_doio(desc)
    if desc.pg_error != OK:
        nfs_pageio_error_cleanup(desc)


@kernel("fs/nfs/pagelist.c")
def nfs_pageio_cond_complete(desc: NfsPageioDescriptor, index: pgoff_t):
    """Send what is not contiguous with a folio that is going to be gathered."""
    if desc.pg_count > 0 and desc.pg_next != index:
        desc.moreio = True
        nfs_pageio_complete(desc)


from model.fs.nfs.write import nfs_async_write_error  # noqa: E402
from model.fs.nfs.write_commit import nfs_reqs_to_commit  # noqa: E402
