"""fs/nfs/write.c: the list of requests that wait for a COMMIT, and committing what the server has only in memory.

Left out: as in `write`.
"""

from __future__ import annotations

from checker.lang import acquire, atomic, choose, each, hand_over, kernel, number, primitive, release, wait_until

from model.include.nfs import COMMIT_LIST, COMMIT_PAGES, NFS_PARTS, NfsCommitData, NfsInode, NfsListHead, NfsPage, RPC_FREE
from model.include.nfs import RPC_SENT, nfsi, verf_t
from model.include.state import ENOMEM, Errno, Folio, OK


@primitive("kernel/locking/mutex.c")
def mutex_lock_commit():
    """mutex_lock(&nfsi->commit_mutex)."""
    acquire(nfsi.commit_mutex)


@primitive("kernel/locking/mutex.c")
def mutex_unlock_commit():
    """mutex_unlock(&nfsi->commit_mutex)."""
    release(nfsi.commit_mutex)


@kernel("fs/nfs/write.c")
def nfs_request_add_commit_list(req: NfsPage):
    """Put a locked request on the commit list."""
    with atomic("commit_mutex is held"):
        mutex_lock_commit()
        req.clean = True
        nfs_list_add_request(req, COMMIT_LIST)
        mutex_unlock_commit()


@primitive("fs/nfs/write.c")
def nfs_request_remove_commit_list(req: NfsPage):
    """Take a locked request off the commit list, if it is there."""
    if req.clean:
        req.clean = False
        nfs_list_remove_request(req)


@kernel("fs/nfs/write.c")
def nfs_clear_request_commit(req: NfsPage):
    """Forget that a locked request waits for a COMMIT."""
    if req.clean:
        with atomic("commit_mutex is held"):
            mutex_lock_commit()
            nfs_request_remove_commit_list(req)
            mutex_unlock_commit()


@primitive("fs/nfs/write.c")
def nfs_reqs_to_commit() -> bool:
    """Does anything wait for a COMMIT?"""
    return any(req.wb_list == COMMIT_LIST for req in each(NfsPage))


@primitive("fs/nfs/write.c")
def nfs_commit_begin(nfsi: NfsInode):
    """One more COMMIT is on its way, or about to be."""
    nfsi.rpcs_out += 1


@primitive("fs/nfs/write.c")
def nfs_commit_end(nfsi: NfsInode):
    """One COMMIT less; who waits for the last wakes up."""
    nfsi.rpcs_out -= 1


@primitive("fs/nfs/write.c")
def wait_on_commit(nfsi: NfsInode):
    """Wait until no COMMIT is on its way."""
    wait_until(nfsi.rpcs_out == 0)


@primitive("fs/nfs/write.c")
def nfs_scan_request(req: NfsPage, head: NfsListHead):
    """Move a request from the commit list to another, if it is there and nobody has locked it."""
    if req.wb_list == COMMIT_LIST:
        if nfs_trylock_request(req):
            nfs_request_remove_commit_list(req)
            nfs_list_add_request(req, COMMIT_PAGES)
            head.member[number(req)] = True


@kernel("fs/nfs/write.c")
def nfs_scan_commit(head: NfsListHead) -> bool:
    """Collect what waits for a COMMIT and is not locked; is there anything?"""
    if not nfs_reqs_to_commit():
        return False
    mutex_lock_commit()
    for req in each(NfsPage):
        nfs_scan_request(req, head)
    mutex_unlock_commit()
    return any(head.member[number(req)] for req in each(NfsPage))


@primitive("fs/nfs/write.c")
def nfs_commitdata_alloc(fails: bool) -> NfsCommitData:
    """A COMMIT that nobody uses; None: there is no memory for one."""
    new: NfsCommitData = None
    for data in each(NfsCommitData):
        if new is None and data.state == RPC_FREE and not fails:
            new = data
    return new


@primitive("fs/nfs/write.c")
def nfs_initiate_commit(head: NfsListHead, data: NfsCommitData):
    """Send a COMMIT about a list of requests."""
    nfs_commit_begin(nfsi)
    for req in each(NfsPage):
        if head.member[number(req)]:
            req.commit = data
            hand_over(req.busy)
            head.member[number(req)] = False
    data.state = RPC_SENT


@kernel("fs/nfs/write.c")
def nfs_retry_commit(head: NfsListHead):
    """Put requests that could not be committed back on the commit list, and unlock them."""
    for req in each(NfsPage):
        if head.member[number(req)]:
            nfs_list_remove_request(req)
            nfs_request_add_commit_list(req)
            nfs_unlock_request(req)


@kernel("fs/nfs/write.c")
def nfs_commit_list(head: NfsListHead) -> Errno:
    """Make a COMMIT of a list of requests, and send it; ENOMEM: they go back to the commit list."""
    with atomic("nfs_initiate_commit(): nobody has seen the COMMIT before"):
        data = nfs_commitdata_alloc(nfs_is_out_of_memory())
        if data is not None:
            nfs_initiate_commit(head, data)
    if data is None:
        nfs_retry_commit(head)
        return ENOMEM
    return OK


@kernel("fs/nfs/write.c")
def nfs_commit_inode(sync: bool) -> Errno:
    """Commit what waits for it; sync: and wait until no COMMIT is on its way, be it this one or another."""
    head = NfsListHead()
    ret: Errno = OK
    nfs_commit_begin(nfsi)
    if nfs_scan_commit(head):
        ret = nfs_commit_list(head)
    nfs_commit_end(nfsi)
    if sync and ret == OK:
        wait_on_commit(nfsi)
    return ret


@primitive("fs/nfs/write.c")
def nfs_next_of_commit(data: NfsCommitData) -> NfsPage:
    """The first request of a COMMIT, taken off its list; None if there is none.

    They are in the order in which their WRITEs were completed; of a group that may be any.
    """
    first: NfsPage = None
    backwards = False
    if NFS_PARTS > 1:
        backwards = choose(False, True)
    for req in each(NfsPage):
        if req.wb_list == COMMIT_PAGES and req.commit == data and (first is None or backwards):
            first = req
    if first is not None:
        nfs_list_remove_request(first)
        first.commit = None
    return first


@kernel("fs/nfs/write.c")
def nfs_write_match_verf(verf: verf_t, req: NfsPage) -> bool:
    """Has the server been up all the time from the WRITE to the COMMIT?"""
    return req.wb_verf == verf


@kernel("fs/nfs/write.c")
def nfs_commit_release_pages(data: NfsCommitData, status: Errno, verf: verf_t):
    """A COMMIT is over: its requests are done with, or have to be written again."""
    while (req := nfs_next_of_commit(data)) is not None:
        if status != OK:
            nfs_mapping_set_error(Folio[number(req) // NFS_PARTS], status)
            nfs_inode_remove_request(req)
        elif nfs_write_match_verf(verf, req):
            nfs_inode_remove_request(req)
        else:
            nfs_mark_request_dirty(req)
            atomic_inc_redirtied(nfsi)
        nfs_unlock_request(req)
    with atomic("nfs_commit_end(): the COMMIT is free"):
        nfs_commitdata_release(data)
        nfs_commit_end(nfsi)


@primitive("fs/nfs/write.c")
def nfs_commitdata_release(data: NfsCommitData):
    """The COMMIT may be used again."""
    data.state = RPC_FREE
    data.error = OK
    data.verf = 0


# Files of the kernel call each other in circles, so the imports of other files' functions come last.
from model.fs.nfs.pagelist import nfs_is_out_of_memory, nfs_list_add_request, nfs_list_remove_request  # noqa: E402
from model.fs.nfs.pagelist import nfs_trylock_request, nfs_unlock_request  # noqa: E402
from model.fs.nfs.write import atomic_inc_redirtied, nfs_inode_remove_request, nfs_mapping_set_error  # noqa: E402
from model.fs.nfs.write import nfs_mark_request_dirty  # noqa: E402
