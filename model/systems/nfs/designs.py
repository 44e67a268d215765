"""NFS: what keeps data safe until the server has it on disk, and repairs of what 6.13.1 violates."""

from __future__ import annotations

from checker.lang import atomic, drop, each, insert_before, kernel, number, override, primitive, replace, swap, variant

from model.fs.nfs.file import nfs_file_fsync, nfs_file_fsync_commit, nfs_release_folio

from model.fs.nfs.pagelist import nfs_page_group_sync_on_remove
from model.fs.nfs.write_commit import nfs_clear_request_commit, nfs_commit_inode, nfs_commit_release_pages
from model.fs.nfs.write_commit import nfs_commitdata_release, nfs_request_add_commit_list, nfs_request_remove_commit_list
from model.fs.nfs.write_commit import nfs_write_match_verf, wait_on_commit
from model.fs.nfs.write import nfs_clear_private, nfs_error_is_fatal, nfs_folio_private_request, nfs_inode_remove_request
from model.fs.nfs.write import nfs_io_completion_alloc, nfs_io_completion_put, nfs_lock_and_join_requests
from model.fs.nfs.write import nfs_mark_request_dirty, nfs_page_end_writeback, nfs_pageio_complete, nfs_redirty_request
from model.fs.nfs.write import nfs_wait_on_congestion, nfs_write_completion, nfs_writepage_locked, nfs_writepages, note_nfs_pass
from model.fs.xfs.xfs_aops import xfs_vm_writepages
from model.include.nfs import NFS_CONGESTION_OFF, NFS_PARTS, NfsPage, NfsPageioDescriptor, nfsi, nfss, verf_t
from model.include.primitives import folio_test_writeback
from model.include.state import FILE_SIZE, LONG_MAX, OK, WB_SYNC_ALL, WB_SYNC_NONE, AddressSpace, Errno, File, Folio
from model.include.state import Task
from model.include.state import WritebackControl
from model.mm.filemap import file_write_and_wait_range
from model.mm.page_writeback import do_writepages, folio_clear_dirty_for_io, write_cache_pages
from model.systems.nfs.scenarios import nfs, nfs_congested, nfs_low_memory, nfs_page_groups, nfs_server_reboot
from model.systems.nfs.scenarios import nfs_soft_errors, nfs_softerr_mount
from model.systems.nfs.scenarios import nfs_write_under_fsync, nfs_writers

nfs_trusts_writes = variant(
    "A WRITE that has succeeded is taken for stable, and its request is removed.",
    replace(nfs_request_add_commit_list, by=nfs_inode_remove_request, inside=nfs_write_completion), of=nfs,
    scenario=nfs_server_reboot,
)  # fmt: skip


@kernel("fs/nfs/write.c")
def any_verf_matches(verf: verf_t, req: NfsPage) -> bool:
    """Whatever the verifier is."""
    return True


nfs_no_verifier = variant(
    "A COMMIT that has succeeded is taken to cover every WRITE before it, whatever the verifier.",
    override(nfs_write_match_verf, by=any_verf_matches), of=nfs, scenario=nfs_server_reboot,
)  # fmt: skip


@kernel("fs/nfs/file.c")
def nfs_file_fsync_once(current: Task, file: File) -> Errno:
    """Write, wait and commit, once."""
    ret = file_write_and_wait_range(current, file, 0, FILE_SIZE - 1)
    if ret == OK:
        ret = nfs_file_fsync_commit(file)
    return ret


nfs_fsync_once = variant(
    "fsync does not look whether requests had to be written again.",
    override(nfs_file_fsync, by=nfs_file_fsync_once), of=nfs, scenario=nfs_server_reboot,
)  # fmt: skip

nfs_fsync_waits_for_no_commit = variant(
    "fsync does not wait for COMMITs, neither its own nor those of others.",
    drop(wait_on_commit, inside=nfs_commit_inode), of=nfs, scenario=nfs_server_reboot,
)  # fmt: skip

nfs_redirty_after_writeback = variant(
    "A request that could not be sent ends writeback before its folio is dirty again.",
    swap(nfs_mark_request_dirty, nfs_page_end_writeback, inside=nfs_redirty_request), of=nfs, scenario=nfs_soft_errors,
)  # fmt: skip


@kernel("fs/nfs/write.c")
def nfs_writepages_hard(mapping: AddressSpace, wbc: WritebackControl) -> Errno:
    """Every error that may go away is tried again, with whatever options the file system is mounted."""
    if wbc.sync_mode == WB_SYNC_NONE:
        nfs_wait_on_congestion(nfss)
    note_nfs_pass(nfsi, True)
    err: Errno = OK
    ioc = nfs_io_completion_alloc()
    while True:
        pgio = NfsPageioDescriptor()
        pgio.io_completion = ioc
        pgio.cond_stable = wbc.sync_mode == WB_SYNC_ALL
        if wbc.sync_mode == WB_SYNC_ALL:
            wbc.nr_to_write = LONG_MAX
        err = write_cache_pages(mapping, wbc, pgio)
        pgio.pg_error = OK
        nfs_pageio_complete(pgio)
        if err == OK or nfs_error_is_fatal(err):
            break
    nfs_io_completion_put(ioc)
    note_nfs_pass(nfsi, False)
    return err


nfs_no_softerr = variant(
    "The retry loop does not end on -EAGAIN where the mount has softerr.",
    override(nfs_writepages, by=nfs_writepages_hard), of=nfs, scenario=nfs_softerr_mount,
)  # fmt: skip

nfs_stays_on_commit_list = variant(
    "A request that is written again stays on the commit list.",
    drop(nfs_request_remove_commit_list, inside=nfs_clear_request_commit), of=nfs, scenario=nfs_writers,
)  # fmt: skip


@kernel("fs/nfs/write.c")
def nfs_writepages_when_not_congested(mapping: AddressSpace, wbc: WritebackControl) -> Errno:
    """A background pass that finds the mount congested writes nothing, and says nothing."""
    if wbc.sync_mode == WB_SYNC_NONE:
        if nfss.write_congested:
            return OK
    err = nfs_writepages(mapping, wbc)
    return err


@kernel("fs/nfs/write.c")
def end_congestion():
    """A COMMIT that is over ends congestion, if few enough folios are under writeback."""
    if nfss.writeback < NFS_CONGESTION_OFF:
        nfss.write_congested = False


nfs_returns_when_congested = variant(
    "As before v6.11: a background pass returns at once if the mount is congested, and a COMMIT may end congestion.",
    replace(xfs_vm_writepages, by=nfs_writepages_when_not_congested, inside=do_writepages),
    drop(nfs_wait_on_congestion, inside=nfs_writepages),
    insert_before(nfs_commitdata_release, end_congestion, inside=nfs_commit_release_pages), of=nfs,
    scenario=nfs_congested,
)  # fmt: skip

# -------------------------------------------------------------------- repairs


@kernel("fs/nfs/file.c")
def nfs_file_fsync_all(current: Task, file: File) -> Errno:
    """Write, wait and commit until no folio has a request any more."""
    while True:
        ret = file_write_and_wait_range(current, file, 0, FILE_SIZE - 1)
        if ret != OK:
            break
        ret = nfs_file_fsync_commit(file)
        if ret != OK:
            break
        if not nfs_have_writebacks():
            break
    return ret


@primitive("include/linux/nfs_fs.h")
def nfs_have_writebacks() -> bool:
    """Is there any request, be it dirty, on its way, or waiting for a COMMIT?"""
    return any(req.mapped for req in each(NfsPage))


nfs_fsync_until_committed = variant(
    "fsync goes on until nothing is left to be written or committed.",
    override(nfs_file_fsync, by=nfs_file_fsync_all), of=nfs, scenario=nfs_write_under_fsync,
)  # fmt: skip


@kernel("fs/nfs/file.c")
def nfs_release_folio_later(folio: Folio) -> bool:
    """Begin to write a dirty folio, and say that it cannot be freed yet."""
    wbc = WritebackControl()
    wbc.sync_mode = WB_SYNC_NONE
    if not nfs_folio_private_request(folio):
        return True
    if folio_test_writeback(folio):
        return False
    if folio_clear_dirty_for_io(folio):
        nfs_writepage_locked(folio, wbc)
    return False


nfs_release_does_not_wait = variant(
    "Reclaim begins to write a folio that has a request, and does not wait for it.",
    override(nfs_release_folio, by=nfs_release_folio_later), of=nfs, scenario=nfs_low_memory,
)  # fmt: skip


@kernel("fs/nfs/write.c")
def nfs_remove_with_the_group(req: NfsPage):
    """The folio loses its request under the lock of the group in which it was seen that all are done with."""
    if NFS_PARTS > 1:
        with atomic("PG_HEADLOCK is held"):
            last = nfs_page_group_sync_on_remove(req)
            if last:
                nfs_clear_private(req)
    else:
        nfs_clear_private(req)


@primitive("fs/nfs/write.c")
def nfs_attached_and_kept(folio: Folio) -> bool:
    """Under the lock of the group: is the request still the folio's?  If so its removal is cancelled."""
    head = NfsPage[number(folio) * NFS_PARTS]
    if head.mapped:
        head.remove = False
    return head.mapped


nfs_group_lock_covers_the_removal = variant(
    "Requests are removed, and looked at before they are joined, under the lock of their group.",
    override(nfs_inode_remove_request, by=nfs_remove_with_the_group),
    replace(nfs_folio_private_request, by=nfs_attached_and_kept, inside=nfs_lock_and_join_requests, nth=2), of=nfs,
    scenario=nfs_page_groups,
)  # fmt: skip
