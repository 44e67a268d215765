"""The state of a file on NFS: its requests, the RPCs, and what the server keeps.

A folio has one request at most (NfsPage of the same number); FOLIO_SIZE cells of it are written at a time.  Of a cell,
`volatile` is what the server has in memory and `durable` what it has on disk.
"""

from __future__ import annotations

from checker.lang import Array, Field, Flag, Ghost, Lock, Range, Record, Ref, Struct, constant, enum

from model.state import FOLIOS, OK, Errno

NFS_HEADERS = constant(2, "WRITE RPCs at a time")
NFS_COMMITS = constant(2, "COMMIT RPCs at a time")
NFS_COMPLETIONS = constant(2, "struct nfs_io_completion at a time; a pass that gets none does without")
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
    io_completion = Ref("NfsIoCompletion", "io_completion")


class NfsCommitData(Struct, count=NFS_COMMITS):
    """struct nfs_commit_data: a COMMIT RPC and the requests that it is about."""

    state = Field(RpcState, "rpc", init=RPC_FREE)
    verf = Field(verf_t, "verf")
    error = Field(Errno, "error", init=OK)


class NfsIoCompletion(Struct, count=NFS_COMPLETIONS):
    """struct nfs_io_completion: commits when the last WRITE of a pass is over."""

    refcount = Field(Range(0, NFS_HEADERS + 2), "refcount")


class NfsPage(Struct, count=FOLIOS):
    """struct nfs_page, the head request of a folio.

    mapped is PG_MAPPED, and at the same time folio->private: the request is the folio's.
    """

    busy = Lock("PG_BUSY")
    mapped = Flag("PG_MAPPED")
    clean = Flag("PG_CLEAN")
    wb_list = Field(NfsList, "wb_list", init=NO_LIST)
    wb_verf = Field(verf_t, "wb_verf")
    hdr = Ref(NfsPgioHeader, "header")
    commit = Ref(NfsCommitData, "commit")


class NfsInode(Struct):
    """struct nfs_inode with its struct nfs_mds_commit_info."""

    commit_mutex = Lock("commit_mutex")
    rpcs_out = Field(Range(0, NFS_COMMITS + 4), "rpcs_out")
    redirtied_pages = Field(redirtied_t, "redirtied_pages")
    # How many passes are inside nfs_writepages().
    passes = Ghost(Range(0, 4, "passes"))


class NfsServer(Struct):
    """struct nfs_server: what the client keeps for the mount."""

    writeback = Field(Range(0, 2 * FOLIOS), "writeback")  # lags behind PG_writeback
    write_congested = Flag("write_congested")
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
    pg_list = Array(Flag(), FOLIOS)
    pg_count = Range(0, FOLIOS)
    pg_next = Range(0, FOLIOS)  # index behind the last of them
    io_completion = Ref(NfsIoCompletion)


class NfsListHead(Record):
    """A list of requests on the stack."""

    member = Array(Flag(), FOLIOS)
