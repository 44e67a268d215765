"""The state of a file on a network filesystem: write requests, their two streams, and the subrequests in these.

A folio is one cell.  Of a cell, `volatile` is what the server has; the cache has a copy of its own.  Positions count
folios.  A request has a subrequest for each stream and each folio that one may begin with.
"""

from __future__ import annotations

from checker.lang import Array, Field, Flag, Lock, Range, Record, Ref, Struct, constant, enum, is_locked, primitive

from model.include.state import FOLIOS, STALE, Content

NETFS_REQUESTS = constant(1, "write requests at a time")
NETFS_MAX_LEN = constant(1, "folios in a subrequest")
NETFS_CACHE = constant(1, "1: the file has a cookie, so there is a cache")
NETFS_NO_WRITER = constant(0, "1: the filesystem may have nothing to write to the server with (begin_writeback())")
NETFS_CREATE_FAILS = constant(0, "how often a request cannot be made")

NETFS_STREAMS = NETFS_REQUESTS * 2
netfs_pos_t = Range(0, FOLIOS)
stream_t = Range(0, 1)  # to the server, to the cache

# folio->private: nothing, the mark of a folio that is only to be copied to the cache, a group that is not the one
# being written, a record of a streaming write.
NetfsPrivate = enum("NetfsPrivate", "NETFS_NOTHING NETFS_FOLIO_COPY_TO_CACHE NETFS_OTHER_GROUP NETFS_STREAMING")
NETFS_NOTHING, NETFS_FOLIO_COPY_TO_CACHE, NETFS_OTHER_GROUP, NETFS_STREAMING = NetfsPrivate


# What came of the first subrequest of a stream: it is in progress; it has failed, so that the stream is to be looked at again; it is
# taken off the list, and the stream has not got on, or has.
Collected = enum("Collected", "HIT_PENDING NEED_REASSESS TAKEN MADE_PROGRESS")
HIT_PENDING, NEED_REASSESS, TAKEN, MADE_PROGRESS = Collected


class NetfsInode(Struct):
    """struct netfs_inode, and the lock of the filesystem above it that every call to the server takes."""

    wb_lock = Lock("wb_lock")
    io_lock = Lock("io_lock")
    create_failures_left = Field(Range(0, NETFS_CREATE_FAILS), "requests that cannot be made", init=NETFS_CREATE_FAILS)


class NetfsIoRequest(Struct, count=NETFS_REQUESTS):
    """struct netfs_io_request of a pass; work: the collector is queued."""

    ref = Field(Range(0, 4 + 2 * FOLIOS), "ref")
    in_progress = Flag("NETFS_RREQ_IN_PROGRESS")
    all_queued = Flag("NETFS_RREQ_ALL_QUEUED")
    upload = Flag("NETFS_RREQ_UPLOAD_TO_SERVER")
    issued_to = Field(netfs_pos_t, "issued_to")
    collected_to = Field(netfs_pos_t, "collected_to")
    cleaned_to = Field(netfs_pos_t, "cleaned_to")
    work = Flag("work")


class NetfsIoStream(Struct, count=NETFS_STREAMS):
    """struct netfs_io_stream: of each request first that to the server, then that to the cache."""

    avail = Flag("avail")
    active = Flag("active")
    failed = Flag("failed")
    collected_to = Field(netfs_pos_t, "collected_to")


class NetfsIoSubrequest(Struct, count=NETFS_STREAMS * FOLIOS):
    """struct netfs_io_subrequest; its number says which stream it is in, and with which folio it begins."""

    listed = Flag("on the list")
    in_progress = Flag("NETFS_SREQ_IN_PROGRESS")
    failed = Flag("NETFS_SREQ_FAILED")
    submitted = Flag("sent")
    len = Field(netfs_pos_t, "len")


class NetfsFolioInfo(Struct, count=FOLIOS):
    """What netfs keeps of a folio: its private data, and the request in whose buffer it is."""

    private = Field(NetfsPrivate, "private", init=NETFS_NOTHING)
    buffer = Ref(NetfsIoRequest, "in the buffer of")


class NetfsCache(Struct, count=FOLIOS):
    """What the cache has of a folio."""

    data = Field(Content, "cached", init=STALE)


ictx = NetfsInode[0]


class NetfsIssuer(Record):
    """What the issuer alone knows of the streams: the subrequest that is being filled."""

    construct = Array(Ref(NetfsIoSubrequest), 2)


@primitive()
def netfs_io_lock_is_held() -> bool:
    """The filesystem's lock of the file, vnode->io_lock of AFS, is taken for a moment by every call to the server."""
    return is_locked(ictx.io_lock)
