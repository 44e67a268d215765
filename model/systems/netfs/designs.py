"""netfs: the order in which issuer and collector meet, and repairs of what 6.13.1 violates."""

from __future__ import annotations

from checker.lang import atomic, insert_before, kernel, override, replace, variant, wait_until, warn_on

from model.fs.netfs.write_collect import netfs_collect_stream, netfs_collect_write_results, netfs_folio_written_back
from model.fs.netfs.write_collect import netfs_write_collection_worker, netfs_writeback_unlock_folios
from model.fs.netfs.write_issue import folio_detach_private, io_stream, list_empty, netfs_advance_write
from model.fs.netfs.write_issue import netfs_buffer_append_folio, netfs_put_request
from model.fs.netfs.write_issue import netfs_end_issue_write, netfs_folio_private, netfs_issue_write
from model.fs.netfs.write_issue import netfs_kill_dirty_pages, netfs_prepare_write, netfs_wake_write_collector
from model.fs.netfs.write_issue import netfs_write_folio, note_killed, subreq_at
from model.include.netfs import NETFS_FOLIO_COPY_TO_CACHE, NETFS_OTHER_GROUP, NETFS_STREAMING, NetfsIoRequest
from model.include.netfs import NetfsIssuer, netfs_pos_t, stream_t
from model.include.primitives import folio_unlock
from model.include.size import folio_index
from model.include.state import EIO, FOLIOS, OK, Errno, Folio, WritebackControl, mapping
from model.mm.filemap import mapping_set_error
from model.mm.page_writeback import folio_start_writeback
from model.systems.netfs.scenarios import netfs, netfs_copy_to_cache, netfs_long_subrequests, netfs_no_request
from model.systems.netfs.scenarios import netfs_no_writer
from model.systems.netfs.scenarios import netfs_streams


@kernel("fs/netfs/write_issue.c")
def netfs_prepare_write_listed_first(wreq: NetfsIoRequest, s: stream_t, start: netfs_pos_t, issuer: NetfsIssuer):
    """The subrequest is on the list before it is in progress."""
    stream = io_stream(wreq, s)
    subreq = subreq_at(stream, start)
    with atomic("wreq->lock is held"):
        warn_on(subreq.listed)
        subreq.failed = False
        subreq.len = 0
        subreq.listed = True
        if not stream.active:
            stream.collected_to = start
            stream.active = True
    subreq.in_progress = True
    issuer.construct[s] = subreq


netfs_listed_before_in_progress = variant(
    "A subrequest is put on the list before it is marked as in progress.",
    override(netfs_prepare_write, by=netfs_prepare_write_listed_first), of=netfs, scenario=netfs_streams,
)  # fmt: skip


@kernel("fs/netfs/write_issue.c")
def netfs_write_folio_issued_first(
    wreq: NetfsIoRequest, wbc: WritebackControl, folio: Folio, issuer: NetfsIssuer
) -> Errno:
    """issued_to is moved behind the folio at once.  Left out: groups and streaming writes."""
    index: netfs_pos_t = folio_index(folio)
    private = netfs_folio_private(folio)
    warn_on(private == NETFS_OTHER_GROUP or private == NETFS_STREAMING)
    folio_start_writeback(folio)
    folio_unlock(folio)
    netfs_buffer_append_folio(wreq, folio)
    wreq.issued_to = index + 1
    if private != NETFS_FOLIO_COPY_TO_CACHE:
        netfs_advance_write(wreq, 0, index, index == FOLIOS - 1, issuer)
    netfs_advance_write(wreq, 1, index, index == FOLIOS - 1, issuer)
    return OK


netfs_issued_to_first = variant(
    "issued_to is moved behind a folio before its subrequests are on the lists.",
    override(netfs_write_folio, by=netfs_write_folio_issued_first), of=netfs, scenario=netfs_long_subrequests,
)  # fmt: skip


@kernel("fs/netfs/write_collect.c")
def netfs_collect_first_stream(wreq: NetfsIoRequest):
    """What one of the streams is through with is written back."""
    while True:
        before: netfs_pos_t = wreq.collected_to
        issued_to: netfs_pos_t = wreq.issued_to
        collected_to: netfs_pos_t = before
        made_progress = False
        for s in range(0, 2):
            stream = io_stream(wreq, s)
            if stream.active:
                if netfs_collect_stream(wreq, stream, issued_to):
                    made_progress = True
                collected_to = max(collected_to, stream.collected_to)
        if collected_to > before:
            wreq.collected_to = collected_to
        if netfs_writeback_unlock_folios(wreq):
            made_progress = True
        if not made_progress:
            break


netfs_one_stream_is_enough = variant(
    "Writeback of a folio ends with the first of its streams.",
    override(netfs_collect_write_results, by=netfs_collect_first_stream), of=netfs, scenario=netfs_streams,
)  # fmt: skip


@kernel("fs/netfs/write_issue.c")
def netfs_end_issue_write_silently(wreq: NetfsIoRequest, issuer: NetfsIssuer):
    """The collector is woken only if nothing was left to issue."""
    needs_poke = issuer.construct[0] is None and issuer.construct[1] is None
    netfs_issue_write(wreq, 0, issuer)
    netfs_issue_write(wreq, 1, issuer)
    wreq.all_queued = True
    if needs_poke:
        netfs_wake_write_collector(wreq)


netfs_poke_by_construct = variant(
    "All is queued only after the last subrequests are issued, and then the collector is not woken.",
    override(netfs_end_issue_write, by=netfs_end_issue_write_silently), of=netfs, scenario=netfs_long_subrequests,
)  # fmt: skip

# -------------------------------------------------------------------- repairs


@kernel("fs/netfs/write_collect.c")
def netfs_collect_as_far_as_issued(wreq: NetfsIoRequest):
    """No folio is through before the issuer is through with it, as read before the streams."""
    while True:
        before: netfs_pos_t = wreq.collected_to
        issued_to: netfs_pos_t = wreq.issued_to
        collected_to: netfs_pos_t = issued_to
        made_progress = False
        for s in range(0, 2):
            stream = io_stream(wreq, s)
            if stream.active:
                if netfs_collect_stream(wreq, stream, issued_to):
                    made_progress = True
                collected_to = min(collected_to, stream.collected_to)
        if collected_to > before:
            wreq.collected_to = collected_to
        if netfs_writeback_unlock_folios(wreq):
            made_progress = True
        if not made_progress:
            break


@kernel("fs/netfs/write_collect.c")
def netfs_worker_that_asks_first(wreq: NetfsIoRequest):
    """Only what was all queued before it was collected can be finished."""
    with atomic("queue_work()"):
        wait_until(wreq.work)
        wreq.work = False
    if not wreq.in_progress:
        netfs_put_request(wreq)
        return
    all_queued = wreq.all_queued
    netfs_collect_write_results(wreq)
    if not all_queued:
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


@kernel("fs/netfs/write_issue.c")
def netfs_end_issue_write_and_poke(wreq: NetfsIoRequest, issuer: NetfsIssuer):
    """All is queued; issue the rest, and wake the collector in any case."""
    wreq.all_queued = True
    netfs_issue_write(wreq, 0, issuer)
    netfs_issue_write(wreq, 1, issuer)
    netfs_wake_write_collector(wreq)


netfs_collect_what_is_issued = variant(
    "Collection goes no further than issued_to was before; the end is looked for only after ALL_QUEUED has been seen.",
    override(netfs_collect_write_results, by=netfs_collect_as_far_as_issued),
    override(netfs_write_collection_worker, by=netfs_worker_that_asks_first),
    override(netfs_end_issue_write, by=netfs_end_issue_write_and_poke), of=netfs, scenario=netfs_copy_to_cache,
)  # fmt: skip


@kernel("fs/netfs/write_issue.c")
def killing_is_an_error():
    """fsync hears of what is thrown away."""
    mapping_set_error(mapping, EIO)


netfs_report_killed = variant(
    "netfs_kill_dirty_pages() records an error before it ends writeback.",
    insert_before(folio_detach_private, killing_is_an_error, inside=netfs_kill_dirty_pages), of=netfs,
    scenario=netfs_no_request,
)  # fmt: skip


@kernel("fs/netfs/write_issue.c")
def nothing_takes_it(folio: Folio):
    """What neither stream takes is an error, of which fsync hears, before writeback of it ends."""
    mapping_set_error(mapping, EIO)
    note_killed(folio)
    netfs_folio_written_back(folio)


netfs_report_untaken = variant(
    "A folio that neither the server nor the cache takes is an error.",
    replace(netfs_folio_written_back, by=nothing_takes_it, inside=netfs_write_folio, nth=2), of=netfs,
    scenario=netfs_no_writer,
)  # fmt: skip
