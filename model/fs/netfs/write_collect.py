"""fs/netfs/write_collect.c: subrequests end in any order, and are collected in the order of the file.

Left out of the whole file: short writes and retries, the pause after an error, zero_point.
"""

from __future__ import annotations

from checker.lang import atomic, choose, each, kernel, number, primitive, wait_until, warn_on

from model.fs.netfs.state import NETFS_FOLIO_COPY_TO_CACHE, NETFS_OTHER_GROUP, NETFS_STREAMING, NetfsCache, NetfsFolioInfo
from model.fs.netfs.state import NetfsIoRequest, NetfsIoStream, NetfsIoSubrequest, netfs_pos_t
from model.primitives import folio_test_dirty, folio_test_writeback
from model.size import folio_index
from model.state import DATA, EIO, ERRORS, FOLIOS, FOLIO_SIZE, STALE, UNDEFINED, Cell, File, Folio, mapping

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
    """clear_bit_unlock(NETFS_SREQ_IN_PROGRESS)."""
    subreq.in_progress = False


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
    """A subrequest is over; if it is the first of its stream, there is something to collect."""
    clear_in_progress(subreq)
    if list_is_first(subreq):
        netfs_wake_write_collector(subreq_request(subreq))


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
def netfs_buffer_head(wreq: NetfsIoRequest, collected_to: netfs_pos_t) -> Folio:
    """The first folio in the buffer, taken out of it, if all of it has been collected; else None."""
    head: Folio = None
    for folio in each(Folio):
        if head is None and NetfsFolioInfo[number(folio)].buffer == wreq:
            head = folio
    if head is not None and folio_index(head) + 1 > collected_to:
        head = None
    if head is not None:
        NetfsFolioInfo[number(head)].buffer = None
    return head


@kernel("fs/netfs/write_collect.c")
def netfs_writeback_unlock_folios(wreq: NetfsIoRequest, collected_to: netfs_pos_t):
    """End writeback of the folios that are collected as a whole."""
    while (folio := netfs_buffer_head(wreq, collected_to)) is not None:
        warn_on(not folio_test_writeback(folio))
        netfs_folio_written_back(folio)


@primitive("fs/netfs/write_collect.c")
def stream_front(stream: NetfsIoStream) -> NetfsIoSubrequest:
    """stream->front: the first subrequest of the list."""
    for start in range(0, FOLIOS):
        if subreq_at(stream, start).listed:
            return subreq_at(stream, start)
    return None


@kernel("fs/netfs/write_collect.c")
def netfs_collect_front(wreq: NetfsIoRequest, stream: NetfsIoStream, front: NetfsIoSubrequest) -> bool:
    """Collect the first subrequest of a stream; False if it is not over yet."""
    if front.in_progress:
        return False
    with atomic("the collector alone changes the stream; wreq->lock is held for the list"):
        failed_now = front.failed and not stream.failed
        stream.collected_to = subreq_start(front) + front.len
        stream.failed = stream.failed or front.failed
        if failed_now and subreq_is_upload(front):
            mapping_set_error(mapping, EIO)
        front.listed = False
        front.failed = False
        front.len = 0
    return True


@kernel("fs/netfs/write_collect.c")
def netfs_collect_stream(wreq: NetfsIoRequest, stream: NetfsIoStream, issued_to: netfs_pos_t) -> bool:
    """Collect what is over from the front of a stream, if anything; an empty stream is where the issuer is."""
    made_progress = False
    front = stream_front(stream)
    while front is not None:
        if not netfs_collect_front(wreq, stream, front):
            break
        made_progress = True
        front = stream_front(stream)
    if front is None:
        with atomic("the collector alone changes the stream"):
            stream.collected_to = max(stream.collected_to, issued_to)
    return made_progress


@kernel("fs/netfs/write_collect.c")
def netfs_collect_write_results(wreq: NetfsIoRequest):
    """Collect both streams, and end writeback of what both are through with, as long as that gets on.

    What the issuer has issued is read before the lists.
    """
    while True:
        before: netfs_pos_t = wreq.collected_to
        issued_to: netfs_pos_t = wreq.issued_to
        collected_to: netfs_pos_t = FOLIOS
        anything = False
        made_progress = False
        for s in range(0, 2):
            stream = io_stream(wreq, s)
            if stream.active:
                anything = True
                if netfs_collect_stream(wreq, stream, issued_to):
                    made_progress = True
                collected_to = min(collected_to, stream.collected_to)
        if anything and collected_to > before:
            wreq.collected_to = collected_to
            netfs_writeback_unlock_folios(wreq, collected_to)
            made_progress = True
        if not made_progress:
            break


@kernel("fs/netfs/write_collect.c")
def netfs_write_collection_worker(wreq: NetfsIoRequest):
    """The collector of a request; it ends the request when all is queued and collected."""
    with atomic("queue_work()"):
        wait_until(wreq.work)
        wreq.work = False
    if not wreq.in_progress:
        return
    netfs_collect_write_results(wreq)
    if not wreq.all_queued:
        return
    for s in range(0, 2):
        if io_stream(wreq, s).active:
            if not list_empty(io_stream(wreq, s)):
                return
    with atomic("clear_bit_unlock(NETFS_RREQ_IN_PROGRESS), and the collector's reference"):
        wreq.in_progress = False
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
from model.fs.netfs.operations import netfs_io_lock_is_held  # noqa: E402
from model.fs.netfs.write_issue import folio_detach_private, io_stream, list_empty, netfs_folio_private  # noqa: E402
from model.fs.netfs.write_issue import netfs_put_request, netfs_wake_write_collector, subreq_at, subreq_is_upload  # noqa: E402
from model.fs.netfs.write_issue import subreq_request, subreq_start, subreq_stream  # noqa: E402
from model.mm.filemap import mapping_set_error  # noqa: E402
from model.mm.page_writeback import folio_end_writeback  # noqa: E402
