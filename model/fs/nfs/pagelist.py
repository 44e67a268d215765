"""fs/nfs/pagelist.c: requests, their locks and lists, and the descriptor that gathers them for a WRITE.

Left out of the whole file: page groups (a folio has one request), references, mirrors, pNFS, signals.
"""

from __future__ import annotations

from checker.lang import acquire, atomic, choose, each, hand_over, is_locked, kernel, number, primitive, release
from checker.lang import try_acquire, wait_until, warn_on

from model.fs.nfs.state import HDR_PAGES, NFS_FATAL_ERRORS, NFS_SOFT_ERRORS, NO_LIST, PG_LIST, RPC_FREE, RPC_SENT, NfsIoCompletion
from model.fs.nfs.state import NfsList, NfsPage, NfsPageioDescriptor, NfsPgioHeader, nfss
from model.size import folio_index
from model.state import EAGAIN, EIO, OK, Errno, Folio, pgoff_t


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


@primitive("fs/nfs/pagelist.c")
def nfs_pgio_header_alloc(io_completion: NfsIoCompletion) -> NfsPgioHeader:
    """A header for a WRITE, which counts as one user of the io_completion; waits for one, as for a mempool."""
    wait_until(any(hdr.state == RPC_FREE for hdr in each(NfsPgioHeader)))
    new: NfsPgioHeader = None
    for hdr in each(NfsPgioHeader):
        if new is None and hdr.state == RPC_FREE:
            new = hdr
    new.error = OK
    new.io_completion = io_completion
    if io_completion is not None:
        io_completion.refcount += 1
    return new


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
        hdr = nfs_pgio_header_alloc(desc.io_completion)
        nfs_initiate_pgio(desc, hdr)
    return OK


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
def nfs_pageio_add_request(desc: NfsPageioDescriptor, req: NfsPage) -> bool:
    """Gather a request; what is not contiguous with it is sent first.  False after an error."""
    index: pgoff_t = folio_index(Folio[number(req)])
    if desc.pg_count > 0 and desc.pg_next != index:
        nfs_pageio_doio(desc)
    if desc.pg_error != OK:
        nfs_pageio_error_cleanup(desc)
        return False
    nfs_list_add_request(req, PG_LIST)
    desc.pg_list[number(req)] = True
    desc.pg_count += 1
    desc.pg_next = index + 1
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
        nfs_pageio_complete(desc)


from model.fs.nfs.write import nfs_async_write_error  # noqa: E402
