"""fs/netfs/write_issue.c: a pass gathers folios into subrequests to the server and to the cache.

Left out of the whole file: write-through, content encryption, credits, partial folios at EOF (i_size is the end of the
last folio), folios behind EOF; the record of a streaming write says only that there is one.
"""

from __future__ import annotations

from checker.lang import acquire, atomic, choose, each, kernel, number, primitive, pure, release, try_acquire, wait_until
from checker.lang import warn_on

from model.fs.buffer import folio_redirty_for_writepage
from model.include.netfs import NETFS_CACHE, NETFS_CREATE_FAILS, NETFS_FOLIO_COPY_TO_CACHE, NETFS_MAX_LEN
from model.include.netfs import NETFS_NOTHING, NETFS_NO_WRITER, NETFS_OTHER_GROUP, NETFS_STREAMING, NetfsFolioInfo
from model.include.netfs import NetfsIoRequest
from model.include.netfs import NetfsIoStream, NetfsIoSubrequest, NetfsIssuer, NetfsPrivate, ictx, netfs_pos_t
from model.include.netfs import stream_t
from model.include.primitives import folio_unlock
from model.include.size import folio_index
from model.include.state import DATA, EIO, FOLIOS, FOLIO_SIZE, OK, UNDEFINED, WB_SYNC_NONE, AddressSpace, Cell, Errno
from model.include.state import File
from model.include.state import Folio, WritebackControl
from model.mm.page_writeback import folio_end_writeback, folio_start_writeback, writeback_iter

# ------------------------------------------------------------------------ parts


@pure("include/linux/netfs.h")
def io_stream(wreq: NetfsIoRequest, s: stream_t) -> NetfsIoStream:
    """wreq->io_streams[s]."""
    return NetfsIoStream[number(wreq) * 2 + s]


@pure("include/linux/netfs.h")
def subreq_at(stream: NetfsIoStream, start: netfs_pos_t) -> NetfsIoSubrequest:
    """The subrequest of a stream that begins with a folio."""
    return NetfsIoSubrequest[number(stream) * FOLIOS + min(start, FOLIOS - 1)]


@pure("include/linux/netfs.h")
def subreq_start(subreq: NetfsIoSubrequest) -> netfs_pos_t:
    """subreq->start."""
    return number(subreq) % FOLIOS


@pure("include/linux/netfs.h")
def subreq_stream(subreq: NetfsIoSubrequest) -> NetfsIoStream:
    """The stream that a subrequest is in."""
    return NetfsIoStream[number(subreq) // FOLIOS]


@pure("include/linux/netfs.h")
def subreq_is_upload(subreq: NetfsIoSubrequest) -> bool:
    """subreq->source == NETFS_UPLOAD_TO_SERVER."""
    return number(subreq) // FOLIOS % 2 == 0


@pure("include/linux/netfs.h")
def subreq_request(subreq: NetfsIoSubrequest) -> NetfsIoRequest:
    """subreq->rreq."""
    return NetfsIoRequest[number(subreq) // FOLIOS // 2]


@primitive("include/linux/netfs.h")
def list_empty(stream: NetfsIoStream) -> bool:
    """Has the stream no subrequests?"""
    return not any(subreq_at(stream, start).listed for start in range(0, FOLIOS))


@primitive("include/linux/netfs.h")
def netfs_folio_private(folio: Folio) -> NetfsPrivate:
    """netfs_folio_group() and netfs_folio_info(): what folio->private says."""
    return NetfsFolioInfo[number(folio)].private


@primitive("include/linux/pagemap.h")
def folio_detach_private(folio: Folio):
    """The folio has no private data any more."""
    NetfsFolioInfo[number(folio)].private = NETFS_NOTHING


# ------------------------------------------------------------------------- locks


@primitive("kernel/locking/mutex.c")
def mutex_trylock_wb() -> bool:
    """mutex_trylock(&ictx->wb_lock)."""
    return try_acquire(ictx.wb_lock)


@primitive("kernel/locking/mutex.c")
def mutex_lock_wb():
    """mutex_lock(&ictx->wb_lock)."""
    acquire(ictx.wb_lock)


@primitive("kernel/locking/mutex.c")
def mutex_unlock_wb():
    """mutex_unlock(&ictx->wb_lock)."""
    release(ictx.wb_lock)


# ---------------------------------------------------------------------- requests


@primitive("fs/netfs/objects.c")
def netfs_alloc_request(start: netfs_pos_t) -> NetfsIoRequest:
    """A request that nobody uses, for a pass that begins with a folio; waits for one, as for memory."""
    wait_until(any(wreq.ref == 0 for wreq in each(NetfsIoRequest)))
    new: NetfsIoRequest = None
    for wreq in each(NetfsIoRequest):
        if new is None and wreq.ref == 0:
            new = wreq
    new.ref = 2
    new.in_progress = True
    new.issued_to = start
    new.collected_to = start
    new.cleaned_to = start
    for s in range(0, 2):
        stream = io_stream(new, s)
        stream.avail = s == 1 and NETFS_CACHE > 0
        stream.active = s == 1 and NETFS_CACHE > 0
        stream.collected_to = start
    return new


@kernel("fs/netfs/write_issue.c")
def netfs_create_write_req(folio: Folio) -> NetfsIoRequest:
    """A request for a pass that begins with a folio; None for an error."""
    if NETFS_CREATE_FAILS > 0:
        if creation_fails():
            return None
    return netfs_alloc_request(folio_index(folio))


@primitive()
def creation_fails() -> bool:
    """May be that a request cannot be made, as long as the scope has failures left."""
    fails = choose(False, True) and ictx.create_failures_left > 0
    if fails:
        ictx.create_failures_left -= 1
    return fails


@primitive("fs/netfs/objects.c")
def netfs_put_request(wreq: NetfsIoRequest):
    """Give a reference back; with the last one the request is free, and all of it as it was."""
    wreq.ref -= 1
    if wreq.ref == 0:
        wreq.in_progress = False
        wreq.all_queued = False
        wreq.upload = False
        wreq.issued_to = 0
        wreq.collected_to = 0
        wreq.cleaned_to = 0
        for s in range(0, 2):
            stream = io_stream(wreq, s)
            stream.avail = False
            stream.active = False
            stream.failed = False
            stream.collected_to = 0


@primitive("fs/netfs/write_collect.c")
def netfs_wake_write_collector(wreq: NetfsIoRequest):
    """Queue the collector, with a reference of its own, unless it is queued already."""
    if not wreq.work:
        wreq.work = True
        wreq.ref += 1


@kernel("fs/netfs/write_issue.c")
def netfs_prepare_write(wreq: NetfsIoRequest, s: stream_t, start: netfs_pos_t, issuer: NetfsIssuer):
    """Begin a subrequest: it is in progress before the collector can see it."""
    stream = io_stream(wreq, s)
    subreq = subreq_at(stream, start)
    with atomic("NETFS_SREQ_IN_PROGRESS: nobody sees the subrequest yet"):
        warn_on(subreq.listed)
        subreq.in_progress = True
        subreq.failed = False
        subreq.len = 0
    with atomic("wreq->lock is held"):
        subreq.listed = True
        if not stream.active:
            stream.collected_to = start
            stream.active = True
    issuer.construct[s] = subreq


@primitive("fs/netfs/write_issue.c")
def netfs_do_issue_write(subreq: NetfsIoSubrequest):
    """Give a subrequest to the filesystem or to the cache, which may be through with it before this returns."""
    subreq.submitted = True


@kernel("fs/netfs/write_issue.c")
def netfs_issue_write(wreq: NetfsIoRequest, s: stream_t, issuer: NetfsIssuer):
    """Issue the subrequest that is being filled, if there is one."""
    subreq: NetfsIoSubrequest = issuer.construct[s]
    if subreq is None:
        return
    issuer.construct[s] = None
    netfs_do_issue_write(subreq)


@kernel("fs/netfs/write_issue.c")
def netfs_advance_write(wreq: NetfsIoRequest, s: stream_t, start: netfs_pos_t, to_eof: bool, issuer: NetfsIssuer):
    """Add a folio to a stream; what is full, or not contiguous with it, is issued."""
    stream = io_stream(wreq, s)
    if not stream.avail:
        return
    subreq: NetfsIoSubrequest = issuer.construct[s]
    if subreq is not None:
        if start != subreq_start(subreq) + subreq.len:
            netfs_issue_write(wreq, s, issuer)
    if issuer.construct[s] is None:
        netfs_prepare_write(wreq, s, start, issuer)
    subreq = issuer.construct[s]
    with atomic("nobody looks at the length of a subrequest in progress"):
        subreq.len += 1
        full = subreq.len >= NETFS_MAX_LEN
    if full or to_eof:
        netfs_issue_write(wreq, s, issuer)


# -------------------------------------------------------------------------- folios


@kernel("fs/netfs/write_issue.c")
def netfs_write_folio(wreq: NetfsIoRequest, wbc: WritebackControl, folio: Folio, issuer: NetfsIssuer) -> Errno:
    """Add a locked folio to both streams, and unlock it.

    A folio that neither stream takes is written back all the same, and nobody is told.
    A folio of another group is not for this pass.  One that is only to be copied goes to the cache alone, one with a
    record of a streaming write to the server alone.
    """
    index: netfs_pos_t = folio_index(folio)
    private = netfs_folio_private(folio)
    if private == NETFS_FOLIO_COPY_TO_CACHE:
        netfs_issue_write(wreq, 0, issuer)
    elif private == NETFS_OTHER_GROUP:
        folio_redirty_for_writepage(wbc, folio)
        folio_unlock(folio)
        netfs_issue_write(wreq, 0, issuer)
        netfs_issue_write(wreq, 1, issuer)
        return OK
    if private == NETFS_STREAMING:
        netfs_issue_write(wreq, 1, issuer)
    folio_start_writeback(folio)
    folio_unlock(folio)
    if private == NETFS_FOLIO_COPY_TO_CACHE and NETFS_CACHE == 0:
        netfs_issue_write(wreq, 0, issuer)
        netfs_folio_written_back(folio)
        return OK
    if private != NETFS_FOLIO_COPY_TO_CACHE and NETFS_NO_WRITER > 0 and NETFS_CACHE == 0:
        if not io_stream(wreq, 0).avail:
            netfs_folio_written_back(folio)
            return OK
    netfs_buffer_append_folio(wreq, folio)
    to_eof = index == FOLIOS - 1
    if private != NETFS_FOLIO_COPY_TO_CACHE:
        wreq.issued_to = index
        netfs_advance_write(wreq, 0, index, to_eof, issuer)
    if private != NETFS_STREAMING:
        wreq.issued_to = index
        netfs_advance_write(wreq, 1, index, to_eof, issuer)
    wreq.issued_to = index + 1
    if private == NETFS_STREAMING:
        netfs_issue_write(wreq, 0, issuer)
        netfs_issue_write(wreq, 1, issuer)
    return OK


@primitive("fs/netfs/misc.c")
def netfs_buffer_append_folio(wreq: NetfsIoRequest, folio: Folio):
    """The folio is in the buffer of the request; the collector takes it out.

    Left out: -ENOMEM.
    """
    NetfsFolioInfo[number(folio)].buffer = wreq


@kernel("fs/netfs/write_issue.c")
def netfs_end_issue_write(wreq: NetfsIoRequest, issuer: NetfsIssuer):
    """All is queued; issue the rest.  If nothing is left on the lists, the collector may have looked for the last time."""
    needs_poke = True
    wreq.all_queued = True
    for s in range(0, 2):
        active = io_stream(wreq, s).active
        if active:
            if not list_empty(io_stream(wreq, s)):
                needs_poke = False
            netfs_issue_write(wreq, s, issuer)
    if needs_poke:
        netfs_wake_write_collector(wreq)


@kernel("fs/netfs/write_issue.c")
def netfs_kill_dirty_pages(mapping: AddressSpace, wbc: WritebackControl, folio: Folio):
    """No request could be made: what the pass would have written is thrown away."""
    error: Errno = OK
    while True:
        with atomic("under the folio lock"):
            folio_detach_private(folio)
            folio_start_writeback(folio)
            note_killed(folio)
        folio_unlock(folio)
        folio_end_writeback(folio)
        folio = writeback_iter(mapping, wbc, folio, error)
        if folio is None:
            break


@kernel("fs/netfs/write_issue.c")
def netfs_writepages(mapping: AddressSpace, wbc: WritebackControl) -> Errno:
    """->writepages: one issuer at a time, for which a background pass does not wait; completion is not waited for."""
    if not mutex_trylock_wb():
        if wbc.sync_mode == WB_SYNC_NONE:
            return OK
        mutex_lock_wb()
    error: Errno = OK
    folio: Folio = None
    folio = writeback_iter(mapping, wbc, folio, error)
    if folio is None:
        mutex_unlock_wb()
        return error
    wreq = netfs_create_write_req(folio)
    if wreq is None:
        netfs_kill_dirty_pages(mapping, wbc, folio)
        mutex_unlock_wb()
        return EIO
    issuer = NetfsIssuer()
    while folio is not None:
        warn_on(folio_index(folio) < wreq.issued_to)
        private = netfs_folio_private(folio)
        if private != NETFS_FOLIO_COPY_TO_CACHE:
            begin_writeback(wreq)
        error = netfs_write_folio(wreq, wbc, folio, issuer)
        folio = writeback_iter(mapping, wbc, folio, error)
    netfs_end_issue_write(wreq, issuer)
    mutex_unlock_wb()
    netfs_put_request(wreq)
    return error


@primitive("fs/afs/write.c")
def begin_writeback(wreq: NetfsIoRequest):
    """There is something for the server: the first time the filesystem looks for what it needs to write it, and may find nothing."""
    found = True
    if NETFS_NO_WRITER > 0:
        found = choose(False, True)
    if not wreq.upload:
        io_stream(wreq, 0).avail = found
    wreq.upload = True


# ------------------------------------------------------------------------- ghosts


@primitive()
def note_killed(folio: Folio):
    """The newest version of a folio is given up; every file is owed the error."""
    cell = Cell[number(folio) * FOLIO_SIZE]
    if cell.logical == DATA and cell.volatile != Folio[number(folio)].data[0]:
        cell.logical = UNDEFINED
        for file in each(File):
            file.owed = True
            if file.covered[number(cell)]:
                file.owed_now = True


# Files of the kernel call each other in circles, so the imports of other files' functions come last.
from model.fs.netfs.write_collect import netfs_folio_written_back  # noqa: E402
