"""fs/netfs/write_collect.c: subrequests end in any order, and are collected in the order of the file.

Left out of the whole file: short writes and retries, the pause after an error, zero_point.
"""

from __future__ import annotations

from checker.lang import atomic, choose, each, kernel, number, primitive, wait_until, warn_on

from model.include.netfs import HIT_PENDING, MADE_PROGRESS, NEED_REASSESS, NETFS_FOLIO_COPY_TO_CACHE, NETFS_OTHER_GROUP
from model.include.netfs import NETFS_STREAMING, TAKEN, Collected, NetfsCache, NetfsFolioInfo, NetfsIoRequest
from model.include.netfs import NetfsIoStream
from model.include.netfs import NetfsIoSubrequest, netfs_pos_t, netfs_io_lock_is_held
from model.include.primitives import folio_test_dirty, folio_test_writeback
from model.include.size import folio_index
from model.include.state import DATA, EIO, ERRORS, FOLIOS, FOLIO_SIZE, STALE, UNDEFINED, Cell, File, Folio, mapping
from model.mm.filemap import mapping_set_error
from model.mm.page_writeback import folio_end_writeback

# ------------------------------------------------------------------- termination


@primitive()
def execute_subrequest(subreq: NetfsIoSubrequest, fails: bool):
    """The server, or the cache, takes the folios of a subrequest, or refuses."""
    subreq.submitted = False
    failed = fails and mapping.failures_left > 0
    if failed:
        mapping.failures_left -= 1
        subreq.failed = True
    start: netfs_pos_t = subreq_start(subreq)
    for folio in each(Folio):
        if start <= number(folio) < start + subreq.len:
            if subreq_is_upload(subreq):
                if failed:
                    note_upload_failure(folio)
                else:
                    Cell[number(folio) * FOLIO_SIZE].volatile = folio.data[0]
            else:
                NetfsCache[number(folio)].data = STALE if failed else folio.data[0]


@primitive("fs/netfs/write_collect.c")
def clear_in_progress(subreq: NetfsIoSubrequest):
    """clear_bit_unlock(NETFS_SREQ_IN_PROGRESS).  Who ends the subrequest has a reference of its own, which counts from here."""
    subreq.in_progress = False
    subreq_request(subreq).ref += 1


@primitive("include/linux/list.h")
def list_is_first(subreq: NetfsIoSubrequest) -> bool:
    """Is a subrequest the first of its stream?"""
    stream = subreq_stream(subreq)
    first = subreq.listed
    for start in range(0, FOLIOS):
        if start < subreq_start(subreq) and subreq_at(stream, start).listed:
            first = False
    return first


@kernel("fs/netfs/write_collect.c")
def netfs_write_subrequest_terminated(subreq: NetfsIoSubrequest):
    """A subrequest is over; if it is the first of its stream, there is something to collect.

    That the collector is queued and that the reference is given back is one step: the collector has its own by then.
    """
    clear_in_progress(subreq)
    first = list_is_first(subreq)
    with atomic("queue_work(), and the reference of who ends the subrequest"):
        if first:
            netfs_wake_write_collector(subreq_request(subreq))
        netfs_put_request(subreq_request(subreq))


@kernel("fs/afs/write.c")
def netfs_subrequest_io(subreq: NetfsIoSubrequest):
    """A call to the server, for which the filesystem takes a lock of the file, or a write to the cache."""
    with atomic("the server or the cache takes the data"):
        wait_until(subreq.submitted and not (subreq_is_upload(subreq) and netfs_io_lock_is_held()))
        fails = False
        if ERRORS > 0:
            fails = choose(False, True)
        execute_subrequest(subreq, fails)
    netfs_write_subrequest_terminated(subreq)


# -------------------------------------------------------------------- collection


@kernel("fs/netfs/write_collect.c")
def netfs_folio_written_back(folio: Folio):
    """Both streams are through with a folio: drop its private data, unless it has become dirty again, and end writeback.

    No folio lock is taken: truncate holds it while it waits for PG_writeback.
    """
    private = netfs_folio_private(folio)
    if private == NETFS_STREAMING or private == NETFS_FOLIO_COPY_TO_CACHE:
        folio_detach_private(folio)
    elif private == NETFS_OTHER_GROUP:
        if not folio_test_dirty(folio):
            folio_detach_private(folio)
    folio_end_writeback(folio)


@primitive("fs/netfs/write_collect.c")
def netfs_buffer_head(wreq: NetfsIoRequest) -> Folio:
    """The first folio in the buffer, taken out of it, if all of it has been collected; else None."""
    head: Folio = None
    for folio in each(Folio):
        if head is None and NetfsFolioInfo[number(folio)].buffer == wreq:
            head = folio
    if head is not None and folio_index(head) + 1 > wreq.collected_to:
        head = None
    if head is not None:
        NetfsFolioInfo[number(head)].buffer = None
    return head


@kernel("fs/netfs/write_collect.c")
def netfs_writeback_unlock_folios(wreq: NetfsIoRequest) -> bool:
    """End writeback of the folios that are collected as a whole; was there any?"""
    made_progress = False
    with atomic("the collector's own"):
        uncleaned = wreq.cleaned_to < wreq.collected_to
    if uncleaned:
        while (folio := netfs_buffer_head(wreq)) is not None:
            warn_on(not folio_test_writeback(folio))
            netfs_folio_written_back(folio)
            made_progress = True
            with atomic("the collector's own"):
                wreq.cleaned_to = folio_index(folio) + 1
    return made_progress


@primitive("fs/netfs/write_collect.c")
def stream_front(stream: NetfsIoStream) -> NetfsIoSubrequest:
    """stream->front: the first subrequest of the list."""
    for start in range(0, FOLIOS):
        if subreq_at(stream, start).listed:
            return subreq_at(stream, start)
    return None


@primitive("fs/netfs/write_collect.c")
def netfs_take_front(stream: NetfsIoStream, front: NetfsIoSubrequest) -> bool:
    """Take the first subrequest off the list, under wreq->lock: its stream is through with it.  Has the stream got on?"""
    end: netfs_pos_t = subreq_start(front) + front.len
    gets_on = stream.failed or end > stream.collected_to
    stream.collected_to = end if stream.failed else max(stream.collected_to, end)
    front.listed = False
    front.failed = False
    front.len = 0
    return gets_on


@kernel("fs/netfs/write_collect.c")
def netfs_collect_front(wreq: NetfsIoRequest, stream: NetfsIoStream, front: NetfsIoSubrequest) -> Collected:
    """Collect the first subrequest of a stream, up to which the stream has got, whether it is over or not.

    One that has failed makes the stream a failed one, in which it is collected the next time, as all that follow are.
    The move of collected_to and the look at the flag are one step: the collector alone reads and moves it.
    """
    with atomic("NETFS_SREQ_IN_PROGRESS: the collector alone changes the stream"):
        stream.collected_to = max(stream.collected_to, subreq_start(front))
        pending = front.in_progress
    if pending:
        return HIT_PENDING
    with atomic("NETFS_SREQ_FAILED: the collector alone changes the stream"):
        failed_now = front.failed and not stream.failed
        stream.failed = stream.failed or front.failed
    if failed_now:
        if subreq_is_upload(front):
            mapping_set_error(mapping, EIO)
        return NEED_REASSESS
    return MADE_PROGRESS if netfs_take_front(stream, front) else TAKEN


@kernel("fs/netfs/write_collect.c")
def netfs_collect_stream(wreq: NetfsIoRequest, stream: NetfsIoStream, issued_to: netfs_pos_t) -> bool:
    """Collect what is over from the front of a stream, if anything; an empty stream is where the issuer is.

    True: the stream has got on, or is to be looked at again.
    """
    look_again = False
    front = stream_front(stream)
    while front is not None:
        collected = netfs_collect_front(wreq, stream, front)
        look_again = look_again or collected in (NEED_REASSESS, MADE_PROGRESS)
        if collected in (HIT_PENDING, NEED_REASSESS):
            break
        front = stream_front(stream)
    if front is None:
        with atomic("the collector alone changes the stream"):
            stream.collected_to = max(stream.collected_to, issued_to)
    return look_again


@kernel("fs/netfs/write_collect.c")
def netfs_collect_write_results(wreq: NetfsIoRequest):
    """Collect both streams, and end writeback of what both are through with, as long as that gets on.

    What the issuer has issued is read before the lists.  That only collected_to of the request has moved is no reason to look again.
    """
    while True:
        before: netfs_pos_t = wreq.collected_to
        issued_to: netfs_pos_t = wreq.issued_to
        collected_to: netfs_pos_t = FOLIOS
        anything = False
        look_again = False
        for s in range(0, 2):
            stream = io_stream(wreq, s)
            if stream.active:
                anything = True
                if netfs_collect_stream(wreq, stream, issued_to):
                    look_again = True
                collected_to = min(collected_to, stream.collected_to)
        if anything and collected_to > before:
            wreq.collected_to = collected_to
        if netfs_writeback_unlock_folios(wreq):
            look_again = True
        if not look_again:
            break


@kernel("fs/netfs/write_collect.c")
def netfs_write_collection_worker(wreq: NetfsIoRequest):
    """The collector of a request; it ends the request when all is queued and collected."""
    with atomic("queue_work()"):
        wait_until(wreq.work)
        wreq.work = False
    if not wreq.in_progress:
        netfs_put_request(wreq)
        return
    netfs_collect_write_results(wreq)
    if not wreq.all_queued:
        netfs_put_request(wreq)
        return
    for s in range(0, 2):
        if io_stream(wreq, s).active:
            if not list_empty(io_stream(wreq, s)):
                netfs_put_request(wreq)
                return
    with atomic("clear_bit_unlock(NETFS_RREQ_IN_PROGRESS), and the references of the subrequests and of the work"):
        wreq.in_progress = False
        netfs_put_request(wreq)
        netfs_put_request(wreq)


# ------------------------------------------------------------------------- ghosts


@primitive()
def note_upload_failure(folio: Folio):
    """What was new of a folio is lost; every file is owed the error."""
    cell = Cell[number(folio) * FOLIO_SIZE]
    for file in each(File):
        file.owed = True
        if file.covered[number(cell)]:
            file.owed_now = True
    if cell.logical == DATA and cell.volatile != folio.data[0]:
        cell.logical = UNDEFINED


# Files of the kernel call each other in circles, so the imports of other files' functions come last.
from model.fs.netfs.write_issue import folio_detach_private, io_stream, list_empty, netfs_folio_private  # noqa: E402
from model.fs.netfs.write_issue import netfs_put_request, netfs_wake_write_collector, subreq_at, subreq_is_upload  # noqa: E402
from model.fs.netfs.write_issue import subreq_request, subreq_start, subreq_stream  # noqa: E402
