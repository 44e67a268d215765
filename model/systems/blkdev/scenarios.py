"""Who uses a block device, in which scope."""

from __future__ import annotations

from checker.lang import baseline, drop, interrupt, kernel, override, process, replace, scenario, thread

from model.block.fops import blkdev_writepages
from model.fs.buffer import blkdev_complete_request, block_invalidate_folio, block_write_full_folio, note_fsync_of_blocks
from model.fs.buffer import try_to_free_buffers
from model.fs.iomap.buffered_io import iomap_invalidate_folio, iomap_release_folio
from model.fs.xfs.xfs_aops import xfs_vm_writepages
from model.include.buffer_head import BLKDEV_BLOCKS, BLKDEV_HOLDERS, BufferHead, JournalHead
from model.include.state import BLOCKS, CELLS, ERRORS, FOLIOS, FOLIO_SIZE, UNLOCKED_DIRTYING, AddressSpace, File, Folio
from model.mm.filemap import file_write_and_wait_range, filemap_release_folio, note_fsync
from model.mm.page_writeback import do_writepages, folio_cancel_dirty, write_cache_pages, writepage
from model.mm.truncate import filemap_remove_folio, truncate_inode_folio, truncate_inode_partial_folio
from model.systems.blkdev.operations import blkdev_discard, blkdev_reclaim, blkdev_setup, blkdev_sync
from model.systems.blkdev.operations import blkdev_update_metadata
from model.systems.blkdev.operations import blkdev_update_metadata_too, blkdev_write_block, blkdev_write_folio
from model.systems.blkdev.operations import checkpoint
from model.systems.blkdev.operations import commit_and_write, free_block
from model.systems.iomap_xfs.operations import background


@kernel("mm/truncate.c")
def truncate_inode_folio_with_buffers(mapping: AddressSpace, folio: Folio):
    """Remove a locked folio from the page cache, if it is still there; ->invalidate_folio may sleep."""
    if not folio.mapping:
        return
    if folio.private:
        block_invalidate_folio(folio, 0, FOLIO_SIZE)
    folio_cancel_dirty(folio)
    filemap_remove_folio(folio)


blkdev = baseline(
    "Linux 6.13.1: the page cache of a block device, and the writeback core.",
    replace(xfs_vm_writepages, by=blkdev_writepages, inside=do_writepages),
    replace(writepage, by=block_write_full_folio, inside=write_cache_pages),
    override(truncate_inode_folio, by=truncate_inode_folio_with_buffers),
    drop(iomap_invalidate_folio, inside=truncate_inode_partial_folio),  # discards are of whole folios here
    replace(iomap_release_folio, by=try_to_free_buffers, inside=filemap_release_folio),
    replace(note_fsync, by=note_fsync_of_blocks, inside=file_write_and_wait_range),
)

BLKDEV_LOCK_ORDER = (AddressSpace.invalidate_lock, Folio.locked, BufferHead.lock)
DISK = interrupt("irq", blkdev_complete_request, per=BufferHead)
BLKDEV_SCOPE = {FOLIOS: 1, BLOCKS: 2, CELLS: 1, UNLOCKED_DIRTYING: 1}

# What every scenario judges.
BLKDEV = (
    "blkdev_writeback_lasts_as_long_as_its_io",
    "blkdev_dirty_buffers_are_in_dirty_folios",
    "blkdev_written_blocks_are_marked",
    "blkdev_no_write_is_lost",
    "blkdev_buffers_outlive_their_io",
    "blkdev_dirty_buffers_are_uptodate",
    "blkdev_buffers_are_of_cached_folios",
    "blkdev_nothing_is_left_behind",
)
BLKDEV_FSYNC = (*BLKDEV, "blkdev_fsync_makes_durable")

blkdev_files = scenario(
    "A device that programs write to: two writers, fsync and the flusher.",
    thread("writer", blkdev_write_block, blkdev_write_folio, count=2), thread("fsync", blkdev_sync, per=File),
    thread("flusher", background), DISK, setup=blkdev_setup, scope=BLKDEV_SCOPE, bound=3, of=blkdev,
    lock_order=BLKDEV_LOCK_ORDER,
    properties=(
        *BLKDEV_FSYNC, "writeback_folios_are_marked", "towrite_is_on_dirty_marks", "towrite_goes_when_writeback_begins",
        "blkdev_one_of_two_buffers_is_written", "blkdev_a_buffer_is_dirtied_under_io",
    ),
)  # fmt: skip

blkdev_metadata = scenario(
    "A device with a filesystem on it, which changes and syncs single blocks; the flusher, and reclaim.",
    thread("metadata", blkdev_update_metadata), thread("flusher", background), thread("kswapd", blkdev_reclaim), DISK,
    setup=blkdev_setup, scope=BLKDEV_SCOPE, bound=4, of=blkdev, lock_order=BLKDEV_LOCK_ORDER,
    properties=(
        *BLKDEV, "blkdev_synced_blocks_are_written", "blkdev_a_clean_buffer_is_in_a_dirty_folio",
        "blkdev_a_pass_meets_a_locked_buffer",
    ),
)  # fmt: skip

blkdev_synced_metadata = scenario(
    "The same without the flusher, and with sync(2).",
    thread("metadata", blkdev_update_metadata), thread("sync", blkdev_sync, per=File), thread("kswapd", blkdev_reclaim),
    DISK, setup=blkdev_setup, scope=BLKDEV_SCOPE, bound=4, of=blkdev, lock_order=BLKDEV_LOCK_ORDER,
    properties=BLKDEV_FSYNC,
)  # fmt: skip

blkdev_metadata_errors = scenario(
    "One block, which a filesystem changes and syncs; the device fails once; fsync.",
    like=blkdev_synced_metadata, without=("kswapd",), scope={BLOCKS: 1, BLKDEV_BLOCKS: 1, ERRORS: 1},
    properties=(*BLKDEV_FSYNC, "blkdev_synced_blocks_are_written", "fsync_reports_errors", "errors_are_reported_once")
)  # fmt: skip

blkdev_locked_buffer = scenario(
    "A filesystem changes and syncs single blocks, with the flusher and sync(2).",
    like=blkdev_synced_metadata, also=(thread("flusher", background),), without=("kswapd",), bound=3
)  # fmt: skip

blkdev_discards = scenario(
    "Two folios, the second of which reaches behind the device; a writer, the flusher, and discard.",
    thread("writer", blkdev_write_folio), thread("discard", blkdev_discard), thread("flusher", background), DISK,
    setup=blkdev_setup, scope={**BLKDEV_SCOPE, FOLIOS: 2, BLKDEV_BLOCKS: 3}, bound=3, of=blkdev,
    lock_order=BLKDEV_LOCK_ORDER, properties=BLKDEV,
)  # fmt: skip

blkdev_errors = scenario(
    "One failure of the device, a writer, and fsync.",
    thread("writer", blkdev_write_block), like=blkdev_files, scope={ERRORS: 1},
    properties=(*BLKDEV_FSYNC, "fsync_reports_errors", "errors_are_reported_once")
)  # fmt: skip

blkdev_two_dirtiers = scenario(
    "Two parts of a filesystem change blocks of one folio without a common lock, and sync(2).",
    thread("metadata", blkdev_update_metadata), thread("metadata too", blkdev_update_metadata_too),
    thread("sync", blkdev_sync, per=File), DISK, setup=blkdev_setup, scope={**BLKDEV_SCOPE, BLKDEV_HOLDERS: 2}, bound=3,
    of=blkdev, lock_order=BLKDEV_LOCK_ORDER, properties=("blkdev_no_write_is_lost", "blkdev_written_blocks_are_marked"),
)  # fmt: skip

blkdev_journal = scenario(
    "A journalled block is committed, written back, and checkpointed.",
    process("commit", commit_and_write, per=JournalHead), thread("checkpoint", checkpoint, per=JournalHead),
    thread("flusher", background), DISK, setup=blkdev_setup, scope={**BLKDEV_SCOPE, BLOCKS: 1, BLKDEV_BLOCKS: 1},
    bound=3, of=blkdev, lock_order=BLKDEV_LOCK_ORDER,
    properties=(*BLKDEV, "blkdev_committed_blocks_are_recovered", "blkdev_a_journalled_block_is_checkpointed"),
)  # fmt: skip

blkdev_journal_frees = scenario(
    "A journalled block is committed, written back, and freed in the next transaction.",
    process("commit", commit_and_write, per=JournalHead), process("free", free_block, per=JournalHead),
    thread("flusher", background), DISK, setup=blkdev_setup, scope={**BLKDEV_SCOPE, BLOCKS: 1, BLKDEV_BLOCKS: 1},
    bound=2, of=blkdev, lock_order=BLKDEV_LOCK_ORDER,
    properties=(
        "blkdev_freed_blocks_are_left_alone", "blkdev_writeback_lasts_as_long_as_its_io",
        "blkdev_buffers_outlive_their_io",
    ),
)  # fmt: skip
