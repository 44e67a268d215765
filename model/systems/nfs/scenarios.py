"""Who uses a file on NFS, in which scope."""

from __future__ import annotations

from checker.lang import baseline, process, replace, scenario, thread, worker

from model.fs.nfs.file import note_told_so_far
from model.fs.nfs.server import nfs_commit_rpc, nfs_write_rpc
from model.fs.nfs.write import nfs_writepages, nfs_writepages_callback
from model.fs.xfs.xfs_aops import xfs_vm_writepages
from model.include.nfs import NFS_COMMITS, NFS_CONGESTION_ON, NFS_FATAL_ERRORS, NFS_HEADERS, NFS_LOW_MEMORY
from model.include.nfs import NFS_MOUNT_SOFTERR
from model.include.nfs import NFS_NO_MEMORY, NFS_PARTS, NFS_REBOOTS, NFS_SOFT_ERRORS, NfsCommitData, NfsInode
from model.include.nfs import NfsPgioHeader
from model.include.state import BLOCKS, CELLS, ERRORS, FOLIOS, UNLOCKED_DIRTYING, File, Folio, Inode
from model.mm.filemap import file_write_and_wait_range, note_told
from model.mm.page_writeback import do_writepages, write_cache_pages, writepage
from model.systems.nfs.operations import nfs_background, nfs_cached_file, nfs_dirty_file, nfs_file_on_server, nfs_flush
from model.systems.nfs.operations import nfs_fsync
from model.systems.nfs.operations import nfs_reboot, nfs_reclaim, nfs_write

nfs = baseline(
    "Linux 6.13.1: NFS, and the writeback core.",
    replace(xfs_vm_writepages, by=nfs_writepages, inside=do_writepages),
    replace(writepage, by=nfs_writepages_callback, inside=write_cache_pages),
    replace(note_told, by=note_told_so_far, inside=file_write_and_wait_range),
)

# PG_BUSY has no place in the order: a pass holds that of a gathered request while it locks the next folio.
NFS_LOCK_ORDER = (Inode.i_rwsem, Folio.locked, NfsInode.commit_mutex)
RPC = (worker("write rpc", nfs_write_rpc, per=NfsPgioHeader), worker("commit rpc", nfs_commit_rpc, per=NfsCommitData))
NFS_TWO_FOLIOS = {FOLIOS: 2, BLOCKS: 1, CELLS: 1, UNLOCKED_DIRTYING: 1, NFS_REBOOTS: 0}
# One folio has one request, which is in one WRITE or COMMIT at a time.
NFS_SCOPE = {**NFS_TWO_FOLIOS, FOLIOS: 1}

# What every scenario judges.
NFS = (
    "nfs_writeback_lasts_as_long_as_its_io",
    "nfs_requests_are_locked_during_io",
    "nfs_clean_requests_are_on_the_commit_list",
    "nfs_unstable_data_has_a_request",
    "nfs_no_write_is_lost",
    "nfs_nothing_is_left_behind",
    "nfs_requests_end",
)
NFS_FSYNC = (*NFS, "nfs_fsync_makes_durable")

nfs_writers = scenario(
    "One folio; writers, the flusher, and flushes without a commit.",
    thread("writer", nfs_write), thread("close", nfs_flush, per=File), thread("flusher", nfs_background), *RPC,
    setup=nfs_file_on_server, scope=NFS_SCOPE, bound=3, of=nfs, lock_order=NFS_LOCK_ORDER,
    properties=(*NFS, "new_data_is_marked", "nfs_a_request_waits_for_a_commit", "nfs_a_folio_is_dirtied_before_its_commit"),
)  # fmt: skip

nfs_server_reboot = scenario(
    "One dirty folio; fsync, the flusher, and a server that reboots.",
    thread("fsync", nfs_fsync, per=File), thread("flusher", nfs_background), process("server", nfs_reboot), *RPC,
    setup=nfs_dirty_file, scope={**NFS_SCOPE, NFS_REBOOTS: 1}, bound=2, of=nfs, lock_order=NFS_LOCK_ORDER,
    properties=(*NFS_FSYNC, "nfs_a_commit_comes_too_late"),
)  # fmt: skip

nfs_write_under_fsync = scenario(
    "One folio; two writes, fsync, and the flusher, whose WRITE is not FILE_SYNC.",
    thread("writer", nfs_write), thread("fsync", nfs_fsync, per=File), thread("flusher", nfs_background), *RPC,
    setup=nfs_file_on_server, scope={**NFS_SCOPE, NFS_REBOOTS: 0}, bound=4, of=nfs, lock_order=NFS_LOCK_ORDER,
    properties=NFS_FSYNC,
)  # fmt: skip

nfs_soft_errors = scenario(
    "Two dirty folios with a clean one between them; now and then a request cannot be sent; fsync or the flusher.",
    like=nfs_server_reboot, without=("server",), scope={**NFS_TWO_FOLIOS, FOLIOS: 3, NFS_SOFT_ERRORS: 2}, bound=1,
    properties=(*NFS_FSYNC, "new_data_is_marked", "nfs_a_pass_is_made_again")
)  # fmt: skip

nfs_softerr_mount = scenario(
    "The same with requests that perhaps can never be sent, on a mount with softerr: every pass comes to its end.",
    process("sync", nfs_flush, per=File), *RPC, setup=nfs_dirty_file,
    scope={**NFS_TWO_FOLIOS, FOLIOS: 3, NFS_SOFT_ERRORS: 9, NFS_MOUNT_SOFTERR: 1}, of=nfs, lock_order=NFS_LOCK_ORDER,
    properties=(*NFS, "nfs_passes_end"),
)  # fmt: skip

nfs_errors = scenario(
    "One folio, written once; fsync, the flusher, and a server that refuses a WRITE or a COMMIT.",
    process("writer", nfs_write), like=nfs_write_under_fsync, scope={ERRORS: 1}, bound=2,
    properties=(*NFS_FSYNC, "fsync_reports_errors", "errors_are_reported_once")
)  # fmt: skip

nfs_congested = scenario(
    "Two folios, one of which is enough to make the mount congested; a writer and the flusher, which waits for the end of that.",
    like=nfs_writers, without=("close",), scope={**NFS_TWO_FOLIOS, NFS_CONGESTION_ON: 0},
    properties=(*NFS, "nfs_passes_end")
)  # fmt: skip

nfs_reclaimed = scenario(
    "Two cached folios, one of which is written; the flusher, and an allocation that looks for memory.",
    process("writer", nfs_write), process("flusher", nfs_background), process("reclaim", nfs_reclaim), *RPC,
    setup=nfs_cached_file, scope=NFS_TWO_FOLIOS, of=nfs, lock_order=NFS_LOCK_ORDER, properties=NFS,
)  # fmt: skip

nfs_low_memory = scenario(
    "Two cached folios, one of which is written; a WRITE needs memory, and an allocation looks for it.",
    like=nfs_reclaimed, scope={NFS_LOW_MEMORY: 1}
)  # fmt: skip

nfs_refused_requests = scenario(
    "Two dirty folios with a clean one between them; a request cannot be sent, now or ever; fsync or the flusher.",
    like=nfs_server_reboot, without=("server",),
    scope={**NFS_TWO_FOLIOS, FOLIOS: 3, NFS_SOFT_ERRORS: 1, NFS_FATAL_ERRORS: 1}, bound=1,
    properties=(*NFS_FSYNC, "new_data_is_marked", "fsync_reports_errors")
)  # fmt: skip

nfs_reclaim_ends = scenario(
    "One dirty folio, and an allocation that looks for memory: it comes to its end.",
    process("reclaim", nfs_reclaim), *RPC, setup=nfs_dirty_file, scope=NFS_SCOPE, of=nfs, lock_order=NFS_LOCK_ORDER,
    properties=(*NFS, "nfs_folio_locks_end"),
)  # fmt: skip

nfs_redirty_under_fsync = scenario(
    "One dirty folio; a request of the flusher cannot be sent while fsync waits for its writeback.",
    like=nfs_server_reboot, without=("server",), scope={**NFS_SCOPE, NFS_SOFT_ERRORS: 1}, properties=NFS_FSYNC
)  # fmt: skip

nfs_write_while_refused = scenario(
    "One dirty folio; a request of the flusher cannot be sent, now or ever, while the folio is written to again.",
    like=nfs_writers, without=("close",), setup=nfs_dirty_file, scope={NFS_SOFT_ERRORS: 1, NFS_FATAL_ERRORS: 1}, bound=2,
    properties=NFS
)  # fmt: skip

nfs_no_memory = scenario(
    "One dirty folio, fsync and the flusher; once there is no memory for a WRITE or a COMMIT.",
    like=nfs_server_reboot, without=("server",), scope={**NFS_SCOPE, NFS_NO_MEMORY: 1},
    properties=(*NFS_FSYNC, "new_data_is_marked", "nfs_passes_end")
)  # fmt: skip

nfs_page_groups = scenario(
    "One dirty folio that takes two WRITEs, so that it has a group of two requests; a writer, the flusher, and flushes.",
    like=nfs_writers, without=("close",), setup=nfs_dirty_file,
    scope={CELLS: 2, NFS_PARTS: 2, NFS_HEADERS: 2, NFS_COMMITS: 2}, bound=2, properties=NFS
)  # fmt: skip
