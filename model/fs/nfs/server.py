"""net/sunrpc and the server: WRITE and COMMIT are executed, and their replies complete them.

The server executes a call and replies in one step: a call whose reply is lost is sent again, so what is seen of it is the
last execution.  It takes the data from the folio at that moment.  What it is sent it keeps in memory; a COMMIT makes it
durable; with a reboot it loses what is not durable, and its verifier changes.
"""

from __future__ import annotations

from checker.lang import atomic, choose, each, kernel, number, primitive, wait_until

from model.fs.nfs.state import COMMIT_PAGES, HDR_PAGES, NFS_LOW_MEMORY, RPC_REPLIED, RPC_SENT, NfsCommitData, NfsPage
from model.fs.nfs.state import NfsPgioHeader, memory, remote, verf_t
from model.state import DATA, EIO, ERRORS, FOLIO_SIZE, OK, UNDEFINED, Cell, Errno, File, Folio, mapping


@primitive()
def execute_write(hdr: NfsPgioHeader, fails: bool):
    """The server takes the folios of a WRITE into its memory, or refuses."""
    hdr.state = RPC_REPLIED
    hdr.verf = remote.verifier
    if fails and mapping.failures_left > 0:
        mapping.failures_left -= 1
        hdr.error = EIO
    for req in each(NfsPage):
        if req.wb_list == HDR_PAGES and req.hdr == hdr:
            for k in range(0, FOLIO_SIZE):
                cell = Cell[number(req) * FOLIO_SIZE + k]
                if hdr.error == OK:
                    cell.volatile = Folio[number(req)].data[k]
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
        ioc = hdr.io_completion
    nfs_write_completion(hdr, error, verf, ioc)


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
        if number(cell) // FOLIO_SIZE == number(req):
            for file in each(File):
                if file.covered[number(cell)]:
                    file.owed_now = True
            if cell.logical == DATA:
                cell.logical = UNDEFINED


# Files of the kernel call each other in circles, so the imports of other files' functions come last.
from model.fs.nfs.write import nfs_commit_release_pages, nfs_write_completion  # noqa: E402
