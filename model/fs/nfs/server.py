"""net/sunrpc and the server: WRITE and COMMIT are executed, and their replies complete them.

The server executes a call and replies in one step: a call whose reply is lost is sent again, so what is seen of it is the
last execution.  It takes the data from the folio at that moment.  What it is sent it keeps in memory; a COMMIT makes it
durable; with a reboot it loses what is not durable, and its verifier changes.
"""

from __future__ import annotations

from checker.lang import Range, atomic, choose, each, kernel, number, primitive, wait_until

from model.include.nfs import COMMIT_PAGES, HDR_PAGES, NFS_LOW_MEMORY, NFS_PARTS, RPC_REPLIED, RPC_SENT, NfsCommitData
from model.include.nfs import NfsPage
from model.include.nfs import NfsPgioHeader, memory, remote, verf_t
from model.include.state import DATA, EIO, ERRORS, FOLIO_SIZE, OK, UNDEFINED, Cell, Errno, File, Folio, mapping

cell_t = Range(0, FOLIO_SIZE)


@primitive()
def is_part_of(k: cell_t, req: NfsPage) -> bool:
    """Is cell k of its folio in a request?  Of a group the second request has the first half."""
    second = NfsPage[number(req) // NFS_PARTS * NFS_PARTS + NFS_PARTS - 1]
    first_half = k < FOLIO_SIZE // NFS_PARTS
    return NFS_PARTS == 1 or not second.grouped or first_half == (req == second)


@primitive()
def execute_write(hdr: NfsPgioHeader, fails: bool):
    """The server takes what a WRITE carries into its memory, and with FILE_SYNC onto its disk, or refuses."""
    hdr.state = RPC_REPLIED
    hdr.verf = remote.verifier
    if fails and mapping.failures_left > 0:
        mapping.failures_left -= 1
        hdr.error = EIO
    for req in each(NfsPage):
        if req.wb_list == HDR_PAGES and req.hdr == hdr:
            for k in range(0, FOLIO_SIZE):
                cell = Cell[number(req) // NFS_PARTS * FOLIO_SIZE + k]
                if hdr.error == OK and is_part_of(k, req):
                    cell.volatile = Folio[number(req) // NFS_PARTS].data[k]
                    if hdr.stable:
                        cell.durable = cell.volatile
            if hdr.error != OK:
                note_request_failure(req)


@kernel("net/sunrpc/sched.c")
def nfs_write_rpc(hdr: NfsPgioHeader):
    """A WRITE: the server executes it, and its completion runs here."""
    if NFS_LOW_MEMORY > 0:
        with atomic("memory for the call"):
            wait_until(hdr.state == RPC_SENT and memory.page)
            memory.page = False
    with atomic("the server executes a WRITE"):
        wait_until(hdr.state == RPC_SENT)
        fails = False
        if ERRORS > 0:
            fails = choose(False, True)
        execute_write(hdr, fails)
        error: Errno = hdr.error
        verf: verf_t = hdr.verf
        stable = hdr.stable
        ioc = hdr.io_completion
    nfs_write_completion(hdr, error, verf, stable, ioc)


@primitive()
def execute_commit(data: NfsCommitData, fails: bool):
    """The server makes durable what it has in memory, or cannot."""
    data.state = RPC_REPLIED
    data.verf = remote.verifier
    if fails and mapping.failures_left > 0:
        mapping.failures_left -= 1
        data.error = EIO
        for req in each(NfsPage):
            if req.wb_list == COMMIT_PAGES and req.commit == data:
                note_request_failure(req)
    else:
        for cell in each(Cell):
            cell.durable = cell.volatile


@kernel("net/sunrpc/sched.c")
def nfs_commit_rpc(data: NfsCommitData):
    """A COMMIT: the server executes it, and its completion runs here."""
    with atomic("the server executes a COMMIT"):
        wait_until(data.state == RPC_SENT)
        fails = False
        if ERRORS > 0:
            fails = choose(False, True)
        execute_commit(data, fails)
        error: Errno = data.error
        verf: verf_t = data.verf
    nfs_commit_release_pages(data, error, verf)


@primitive()
def nfs_server_reboots():
    """The server loses what is not durable, and comes back with another verifier."""
    remote.verifier += 1
    for cell in each(Cell):
        cell.volatile = cell.durable


@primitive()
def note_request_failure(req: NfsPage):
    """What was new of a request's folio is lost; every file is owed the error."""
    for file in each(File):
        file.owed = True
    for cell in each(Cell):
        if number(cell) // FOLIO_SIZE == number(req) // NFS_PARTS and is_part_of(number(cell) % FOLIO_SIZE, req):
            for file in each(File):
                if file.covered[number(cell)]:
                    file.owed_now = True
            if cell.logical == DATA:
                cell.logical = UNDEFINED


# Files of the kernel call each other in circles, so the imports of other files' functions come last.
from model.fs.nfs.write import nfs_write_completion  # noqa: E402
from model.fs.nfs.write_commit import nfs_commit_release_pages  # noqa: E402
