"""netfs: two streams for each folio, collected in order, and requests that end when both are empty."""

from __future__ import annotations

from checker.lang import each, implies, invariant, is_locked, leads_to, number, reachable, terminal

from model.fs.netfs.streaming import STREAM_CELLS, StreamFolio, netfs_streaming
from model.fs.netfs.write_issue import subreq_is_upload, subreq_request, subreq_start
from model.include.netfs import NETFS_MAX_LEN, NetfsFolioInfo, NetfsIoRequest, NetfsIoStream
from model.include.netfs import NetfsIoSubrequest, ictx
from model.include.state import DATA, FOLIO_SIZE, NEW, UNDEFINED, Cell, File, Folio, inode
from model.systems.netfs.scenarios import netfs


@reachable(of=netfs)
def netfs_the_cache_is_behind(stream: NetfsIoStream, other: NetfsIoStream):
    """The server has a folio that the cache has not."""
    server = number(stream) % 2 == 0 and number(other) == number(stream) + 1
    return server and other.active and stream.collected_to > other.collected_to


@reachable(of=netfs)
def netfs_the_server_is_behind(stream: NetfsIoStream, other: NetfsIoStream):
    """The cache has a folio that the server has not."""
    server = number(stream) % 2 == 0 and number(other) == number(stream) + 1
    return server and stream.active and stream.collected_to < other.collected_to


@invariant(of=netfs)
def netfs_writeback_lasts_as_long_as_both_streams(subreq: NetfsIoSubrequest, folio: Folio):
    """A folio is under writeback as long as a subrequest of either stream that carries it is not over."""
    carries = subreq_start(subreq) <= number(folio) < subreq_start(subreq) + subreq.len
    return implies(subreq.listed and subreq.in_progress and carries, folio.writeback)


@invariant(of=netfs)
def netfs_folios_under_writeback_are_in_a_buffer(folio: Folio):
    """A folio is in the buffer of a request only while it is under writeback, and the request in progress."""
    wreq = NetfsFolioInfo[number(folio)].buffer
    return implies(wreq is not None, folio.writeback and wreq.in_progress)


@invariant(of=netfs)
def netfs_finished_requests_have_nothing_left(wreq: NetfsIoRequest, subreq: NetfsIoSubrequest, folio: Folio):
    """A request that is finished has all of it queued and collected: no subrequest and no folio is left."""
    left = subreq.listed and subreq_request(subreq) == wreq or NetfsFolioInfo[number(folio)].buffer == wreq
    return implies(wreq.ref > 0 and not wreq.in_progress, wreq.all_queued and not left)


@invariant(of=netfs)
def netfs_no_write_is_lost(cell: Cell):
    """The newest data of a folio is with the server, or dirty, or on its way there."""
    folio = Folio[number(cell) // FOLIO_SIZE]
    cached = folio.mapping and folio.data[0] == NEW
    return implies(
        cell.logical == DATA and not is_locked(folio.locked),
        cell.volatile == NEW or (cached and (folio.dirty or folio.writeback)),
    )


@invariant(of=netfs)
def netfs_subrequests_fit(subreq: NetfsIoSubrequest):
    """A subrequest carries no more folios than the server, or the cache, takes at a time."""
    return subreq.len <= NETFS_MAX_LEN


@leads_to(of=netfs, fair=("flusher", "io", "collector"))
def netfs_writeback_ends(folio: Folio):
    """A folio that is under writeback is not for ever, if the server and the collector go on."""
    return folio.writeback, not folio.writeback


@invariant(of=netfs)
def netfs_fsync_reaches_the_server(cell: Cell):
    """What an fsync that returned 0 has covered is with the server."""
    return implies(cell.promised, cell.volatile == NEW)


@invariant(of=netfs)
def netfs_killed_folios_are_reported(file: File):
    """fsync does not return 0 if folios that it covers have been thrown away and this file was never told."""
    return not file.missed


@invariant(of=netfs)
def netfs_truncate_leaves_nothing_cached(cell: Cell):
    """When a truncate to nothing has returned, what it has cut is not in the page cache any more."""
    return implies(
        cell.logical == UNDEFINED and not is_locked(inode.i_rwsem), not Folio[number(cell) // FOLIO_SIZE].mapping
    )


@terminal(of=netfs)
def netfs_nothing_is_left_behind():
    """Where nothing can move any more, no lock is held, no folio is under writeback, and no request is left."""
    folios = all(not is_locked(f.locked) and not f.writeback for f in each(Folio))
    requests = all(wreq.ref == 0 for wreq in each(NetfsIoRequest)) and not any(s.listed for s in each(NetfsIoSubrequest))
    return folios and requests and not is_locked(ictx.wb_lock) and not is_locked(inode.i_rwsem)


@reachable(of=netfs_streaming)
def netfs_a_record_is_cut(folio: StreamFolio):
    """A record has lost a part of what it spoke of."""
    return folio.recorded and 0 < folio.dirty_len < STREAM_CELLS


@invariant(of=netfs_streaming, witness=netfs_a_record_is_cut)
def netfs_streamed_data_is_recorded(folio: StreamFolio):
    """What was written, and not cut since, is in the record of the folio, or the server has it."""
    return all(
        not folio.written[k]
        or folio.sent[k]
        or (folio.recorded and folio.dirty_offset <= k < folio.dirty_offset + folio.dirty_len)
        for k in range(0, STREAM_CELLS)
    )
