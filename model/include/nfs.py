"""The state of a file on NFS: its requests, the RPCs, and what the server keeps.

A folio has a head request at most (the first of its NFS_PARTS), and one for each other part of a page group.  Of a cell,
`volatile` is what the server has in memory and `durable` what it has on disk.
"""

from __future__ import annotations

from checker.lang import Array, Field, Flag, Ghost, Lock, Range, Record, Ref, Struct, constant, enum

from model.include.state import FOLIOS, OK, Errno

NFS_HEADERS = constant(2, "WRITE RPCs at a time")
NFS_COMMITS = constant(2, "COMMIT RPCs at a time")
NFS_COMPLETIONS = constant(2, "struct nfs_io_completion at a time; a pass that gets none does without")
NFS_PARTS = constant(1, "2: wsize is half a folio, which is written as a group of two requests")
NFS_NO_MEMORY = constant(0, "how often there is no memory for a WRITE or a COMMIT")
NFS_REBOOTS = constant(1, "how often the server may reboot")
NFS_SOFT_ERRORS = constant(0, "how often a request may not be sent for lack of something; 9: always")
NFS_FATAL_ERRORS = constant(0, "1: what is missing for sending a request may be missing for good")
NFS_MOUNT_SOFTERR = constant(0, "1: the mount has that option")
NFS_CONGESTION_ON = constant(1, "more folios than these under writeback: the mount is congested")
NFS_CONGESTION_OFF = constant(1, "fewer than these: it is so no more")
NFS_REDIRTIES = constant(4, "bound of redirtied_pages")
NFS_LOW_MEMORY = constant(0, "1: an RPC needs memory that reclaim has to free first")

NfsErrors = Range(0, 9)
redirtied_t = Range(0, NFS_REDIRTIES)

# Which list wb_list of a request is on: none, that of a descriptor, of a header, the inode's commit list, or that
# of a COMMIT that is being made or has been sent.
NfsList = enum("NfsList", "NO_LIST PG_LIST HDR_PAGES COMMIT_LIST COMMIT_PAGES")
NO_LIST, PG_LIST, HDR_PAGES, COMMIT_LIST, COMMIT_PAGES = NfsList

RpcState = enum("RpcState", "RPC_FREE RPC_SENT RPC_REPLIED")
RPC_FREE, RPC_SENT, RPC_REPLIED = RpcState

verf_t = Range(0, NFS_REBOOTS)


class NfsPgioHeader(Struct, count=NFS_HEADERS):
    """struct nfs_pgio_header: a WRITE RPC and the requests that it carries."""

    state = Field(RpcState, "rpc", init=RPC_FREE)
    verf = Field(verf_t, "verf")
    error = Field(Errno, "error", init=OK)
    stable = Flag("FILE_SYNC")
    io_completion = Ref("NfsIoCompletion", "io_completion")


class NfsCommitData(Struct, count=NFS_COMMITS):
    """struct nfs_commit_data: a COMMIT RPC and the requests that it is about."""

    state = Field(RpcState, "rpc", init=RPC_FREE)
    verf = Field(verf_t, "verf")
    error = Field(Errno, "error", init=OK)


class NfsIoCompletion(Struct, count=NFS_COMPLETIONS):
    """struct nfs_io_completion: commits when the last WRITE of a pass is over."""

    refcount = Field(Range(0, NFS_HEADERS + 2), "refcount")


class NfsPage(Struct, count=FOLIOS * NFS_PARTS):
    """struct nfs_page: the head request of a folio, and behind it those of the other parts of its page group.

    mapped, of a head, is PG_MAPPED, and at the same time folio->private: the request is the folio's.
    """

    busy = Lock("PG_BUSY")
    mapped = Flag("PG_MAPPED")
    clean = Flag("PG_CLEAN")
    wb_list = Field(NfsList, "wb_list", init=NO_LIST)
    wb_verf = Field(verf_t, "wb_verf")
    hdr = Ref(NfsPgioHeader, "header")
    commit = Ref(NfsCommitData, "commit")
    headlock = Lock("PG_HEADLOCK")  # of a head: the lock of the group
    grouped = Flag("in a page group")  # a part that is no head; the head then has the rest of the folio
    wb_end = Flag("PG_WB_END")
    remove = Flag("PG_REMOVE")


class NfsInode(Struct):
    """struct nfs_inode with its struct nfs_mds_commit_info."""

    commit_mutex = Lock("commit_mutex")
    rpcs_out = Field(Range(0, NFS_COMMITS + 4), "rpcs_out")
    redirtied_pages = Field(redirtied_t, "redirtied_pages")
    # How many passes are inside nfs_writepages().
    passes = Ghost(Range(0, 4, "passes"))


class NfsServer(Struct):
    """struct nfs_server: what the client keeps for the mount."""

    writeback = Field(Range(0, 4 * FOLIOS), "writeback")  # lags behind PG_writeback
    write_congested = Flag("write_congested")
    failures_of_memory_left = Field(Range(0, NFS_NO_MEMORY), "allocations still to fail", init=NFS_NO_MEMORY)
    soft_errors_left = Field(NfsErrors, "soft errors still to come", init=NFS_SOFT_ERRORS)


class RemoteServer(Struct):
    """The server: its write verifier changes with every reboot."""

    verifier = Field(verf_t, "verifier")


class FreeMemory(Struct):
    """Memory that an RPC needs to go on."""

    page = Flag("free page")


nfsi = NfsInode[0]
nfss = NfsServer[0]
remote = RemoteServer[0]
memory = FreeMemory[0]


class NfsPageioDescriptor(Record):
    """struct nfs_pageio_descriptor: the requests that are going to be one WRITE."""

    pg_error = Field(Errno, init=OK)
    pg_list = Array(Flag(), FOLIOS * NFS_PARTS)
    cond_stable = Flag()  # FLUSH_COND_STABLE
    moreio = Flag()
    pg_count = Range(0, FOLIOS)
    pg_next = Range(0, FOLIOS)  # index behind the last of them
    io_completion = Ref(NfsIoCompletion)


class NfsListHead(Record):
    """A list of requests on the stack."""

    member = Array(Flag(), FOLIOS * NFS_PARTS)
