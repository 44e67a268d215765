"""Who uses a file on a network filesystem, in which scope."""

from __future__ import annotations

from checker.lang import baseline, interrupt, process, replace, scenario, thread, worker

from model.fs.netfs.write_collect import netfs_subrequest_io, netfs_write_collection_worker
from model.fs.netfs.write_issue import netfs_writepages
from model.fs.xfs.xfs_aops import xfs_vm_writepages
from model.include.netfs import NETFS_CACHE, NETFS_CREATE_FAILS, NETFS_MAX_LEN, NETFS_NO_WRITER
from model.include.netfs import NetfsInode
from model.include.netfs import NetfsIoRequest, NetfsIoSubrequest
from model.include.state import BLOCKS, CELLS, ERRORS, FOLIOS, UNLOCKED_DIRTYING, File, Folio, Inode
from model.mm.page_writeback import do_writepages
from model.systems.netfs.operations import netfs_background, netfs_dirty_file, netfs_file_of_any_kind
from model.systems.netfs.operations import netfs_file_of_groups
from model.systems.netfs.operations import netfs_file_on_server, netfs_file_with_a_gap, netfs_fsync, netfs_mixed_file
from model.systems.netfs.operations import netfs_truncate, netfs_write

netfs = baseline(
    "Linux 6.13.1: netfs, and the writeback core.",
    replace(xfs_vm_writepages, by=netfs_writepages, inside=do_writepages),
)

NETFS_LOCK_ORDER = (Inode.i_rwsem, NetfsInode.wb_lock, Folio.locked)
NETFS_IO = (
    interrupt("io", netfs_subrequest_io, per=NetfsIoSubrequest),
    worker("collector", netfs_write_collection_worker, per=NetfsIoRequest),
)
NETFS_SCOPE = {FOLIOS: 2, BLOCKS: 1, CELLS: 1, UNLOCKED_DIRTYING: 1}

# What every scenario judges.
NETFS = (
    "netfs_writeback_lasts_as_long_as_both_streams",
    "netfs_folios_under_writeback_are_in_a_buffer",
    "netfs_finished_requests_have_nothing_left",
    "netfs_no_write_is_lost",
    "netfs_subrequests_fit",
    "netfs_nothing_is_left_behind",
)

netfs_streams = scenario(
    "Two dirty folios, a cache, and the flusher; each subrequest carries one folio.",
    thread("flusher", netfs_background), *NETFS_IO, setup=netfs_dirty_file, scope=NETFS_SCOPE, bound=1, of=netfs,
    lock_order=NETFS_LOCK_ORDER, properties=(*NETFS, "netfs_the_cache_is_behind", "netfs_the_server_is_behind"),
)  # fmt: skip

netfs_one_folio = scenario(
    "A dirty folio and no cache; the flusher.",
    like=netfs_streams, scope={FOLIOS: 1, NETFS_CACHE: 0}, bound=2, properties=(*NETFS, "netfs_writeback_ends")
)  # fmt: skip

netfs_long_subrequests = scenario(
    "Two folios, a writer and the flusher; a subrequest carries both folios.",
    thread("writer", netfs_write), thread("flusher", netfs_background), *NETFS_IO, setup=netfs_file_on_server,
    scope={**NETFS_SCOPE, NETFS_MAX_LEN: 2}, bound=3, of=netfs, lock_order=NETFS_LOCK_ORDER, properties=NETFS,
)  # fmt: skip

netfs_copy_to_cache = scenario(
    "A folio that is only to be copied to the cache, then a dirty one; the flusher.",
    like=netfs_streams, setup=netfs_mixed_file, properties=NETFS
)  # fmt: skip

netfs_groups = scenario(
    "A streaming write, a dirty folio, and one of another group; the flusher.",
    like=netfs_streams, setup=netfs_file_of_groups, scope={FOLIOS: 3}, properties=NETFS
)  # fmt: skip

netfs_gap = scenario(
    "Two dirty folios, one between them that is not, no cache; a subrequest carries three folios; the flusher.",
    like=netfs_streams, setup=netfs_file_with_a_gap, scope={FOLIOS: 3, NETFS_MAX_LEN: 3, NETFS_CACHE: 0}, properties=NETFS
)  # fmt: skip

netfs_kinds = scenario(
    "A dirty folio, and one of any kind; a subrequest carries two folios; the flusher.",
    like=netfs_streams, setup=netfs_file_of_any_kind, scope={NETFS_MAX_LEN: 2}, properties=NETFS
)  # fmt: skip

netfs_errors = scenario(
    "Two dirty folios and no cache; the server refuses a write; fsync and the flusher.",
    thread("fsync", netfs_fsync, per=File), thread("flusher", netfs_background), *NETFS_IO, setup=netfs_dirty_file,
    scope={**NETFS_SCOPE, NETFS_CACHE: 0, ERRORS: 1}, bound=2, of=netfs, lock_order=NETFS_LOCK_ORDER,
    properties=(*NETFS, "netfs_fsync_reaches_the_server", "fsync_reports_errors", "errors_are_reported_once"),
)  # fmt: skip

netfs_no_request = scenario(
    "A dirty folio, for which once no request can be made; fsync and the flusher.",
    like=netfs_errors, scope={FOLIOS: 1, NETFS_CREATE_FAILS: 1},
    properties=(*NETFS, "netfs_fsync_reaches_the_server", "netfs_killed_folios_are_reported")
)  # fmt: skip

netfs_truncates = scenario(
    "A dirty folio, the flusher, and truncate.",
    process("truncater", netfs_truncate), thread("flusher", netfs_background), *NETFS_IO, setup=netfs_dirty_file,
    scope={**NETFS_SCOPE, FOLIOS: 1, NETFS_CACHE: 0}, bound=2, of=netfs, lock_order=NETFS_LOCK_ORDER,
    properties=(*NETFS, "netfs_truncate_leaves_nothing_cached"),
)  # fmt: skip

netfs_writes_copied = scenario(
    "A folio that is only to be copied to the cache, then a dirty one; a writer, and the flusher.",
    process("writer", netfs_write), thread("flusher", netfs_background), *NETFS_IO, setup=netfs_mixed_file,
    scope={**NETFS_SCOPE, FOLIOS: 1}, bound=2, of=netfs, lock_order=NETFS_LOCK_ORDER, properties=NETFS,
)  # fmt: skip

netfs_no_writer = scenario(
    "A dirty folio and no cache; the filesystem may have nothing to write to the server with; fsync and the flusher.",
    like=netfs_errors, scope={FOLIOS: 1, NETFS_NO_WRITER: 1},
    properties=(*NETFS, "netfs_fsync_reaches_the_server", "netfs_killed_folios_are_reported")
)  # fmt: skip
