"""Who runs what, and in which scope."""

from __future__ import annotations

from checker.lang import baseline, interrupt, process, scenario, thread, worker

from model.block.device import blk_mq_complete_request
from model.fs.xfs.xfs_aops import xfs_end_io
from model.include.state import BIO_BLOCKS, BLOCKS, CELLS, ERRORS, FLUSH_FAILURES, FOLIOS, INODE_LISTS, IOENDS
from model.include.state import OPENERS, PAGES, PAGEVEC_SIZE, READ_FAILURES, REFUSALS, REOPENS, SHORT_COPIES
from model.include.state import STABLE_WRITES
from model.include.state import AddressSpace, File, Folio, Inode, Ioend
from model.systems.iomap_xfs.operations import APPEND_A, APPEND_B, HOLE_AT_END, ON_DISK, OVERWRITE_LEN, OVERWRITE_POS
from model.systems.iomap_xfs.operations import TRUNCATE_A, TRUNCATE_B, append, append_any, background, dirty_file
from model.systems.iomap_xfs.operations import dirty_file_with_cursor, file_on_disk, fsync, overwrite, reclaim, reopen, sync
from model.systems.iomap_xfs.operations import touch
from model.systems.iomap_xfs.operations import truncate, truncate_any

iomap = baseline("Linux 6.13.1: iomap, the writeback core and XFS.")


LOCK_ORDER = (Inode.i_rwsem, AddressSpace.invalidate_lock, Folio.locked, Inode.i_lock)

# What the small scenarios judge: what goes wrong in the end, not its first sign.
CONSEQUENCES = (
    "no_write_is_lost",
    "reads_return_what_was_written",
    "writeback_lasts_as_long_as_its_io",
    "no_bytes_pending_without_writeback",
    "io_goes_to_blocks_of_the_file",
    "disk_size_stays_below_i_size",
    "recorded_size_is_backed",
    "the_next_checkpoint_exposes_no_stale_data",
    "reservations_are_for_dirty_blocks",
    "nothing_is_left_behind",
)
FSYNC = (*CONSEQUENCES, "fsync_makes_durable", "the_next_checkpoint_keeps_what_fsync_promised")

MAPPING = ("clean_folios_are_write_protected", "mapped_folios_are_cached")

COMPLETION = (interrupt("irq", blk_mq_complete_request, per=Ioend), worker("kworker", xfs_end_io))

default = scenario(
    "Two writers, truncate, fsync and the flusher on a file of two folios.",
    thread("writer", append, overwrite, count=2), thread("truncater", truncate), thread("fsync", fsync, per=File),
    thread("flusher", background), *COMPLETION, setup=file_on_disk, bound=4, of=iomap, lock_order=LOCK_ORDER,
)  # fmt: skip

append_flush = scenario(
    "One folio, one writer that appends, and the flusher.",
    thread("writer", append), thread("flusher", background), *COMPLETION, setup=file_on_disk,
    scope={FOLIOS: 1, ON_DISK: 0, APPEND_B: 2, IOENDS: 2}, bound=4, of=iomap, lock_order=LOCK_ORDER,
    properties=CONSEQUENCES,
)  # fmt: skip

any_sizes = scenario(
    "One folio; appends of any size, truncate to any size, and the flusher: for every block size and byte offset.",
    thread("writer", append_any), thread("truncater", truncate_any), thread("flusher", background), *COMPLETION,
    setup=file_on_disk, scope={FOLIOS: 1, CELLS: 4, ON_DISK: 0, IOENDS: 2}, bound=3, of=iomap, lock_order=LOCK_ORDER,
    properties=CONSEQUENCES,
)  # fmt: skip

two_mappings = scenario(
    "One folio whose first block is on disk; a write covers it and appends, the flusher writes both.",
    thread("writer", append, overwrite), like=append_flush, scope={ON_DISK: 2, APPEND_A: 2, OVERWRITE_POS: 0}, bound=3
)  # fmt: skip

cyclic = scenario(
    "Two dirty folios; the flusher from the middle of the file, one fsync, one write, one truncate.",
    process("writer", overwrite), process("truncater", truncate), process("fsync", fsync, per=File),
    process("flusher", background), *COMPLETION, setup=dirty_file_with_cursor,
    scope={BLOCKS: 1, CELLS: 1, ON_DISK: 2, OVERWRITE_POS: 0, TRUNCATE_A: 0, TRUNCATE_B: 0}, of=iomap,
    lock_order=LOCK_ORDER, properties=FSYNC,
)  # fmt: skip

two_folios = scenario(
    "Two folios of one block, a writer and fsync.",
    thread("writer", append, overwrite), like=default, without=("truncater",),
    scope={BLOCKS: 1, CELLS: 2, ON_DISK: 0, APPEND_A: 1, APPEND_B: 4, IOENDS: 2}, bound=3, properties=FSYNC
)  # fmt: skip

one_folio_batches = scenario(
    "Two folios of one block, looked up one at a time, a writer and fsync.",
    thread("writer", append, overwrite), like=default, without=("truncater",),
    scope={BLOCKS: 1, CELLS: 1, ON_DISK: 0, APPEND_A: 1, APPEND_B: 1, IOENDS: 2, PAGEVEC_SIZE: 1}, bound=3,
    properties=(*FSYNC, "integrity_passes_write_what_they_were_asked_for")
)  # fmt: skip

one_block_folios = scenario(
    "Two folios of one block, a writer, the flusher, and truncate.",
    thread("writer", append), like=default, without=("fsync",),
    scope={BLOCKS: 1, CELLS: 2, ON_DISK: 0, APPEND_A: 1, APPEND_B: 4, TRUNCATE_A: 1, TRUNCATE_B: 3, BIO_BLOCKS: 1}, bound=3,
    properties=CONSEQUENCES
)  # fmt: skip

errors = scenario(
    "One failure of the device or of an allocation, and two that call fsync.",
    thread("writer", append, overwrite), like=default, without=("truncater",),
    scope={FOLIOS: 1, ON_DISK: 2, APPEND_A: 1, APPEND_B: 2, OPENERS: 2, ERRORS: 1, OVERWRITE_POS: 0}, bound=3,
    properties=(*FSYNC, "fsync_reports_errors", "errors_are_reported_once")
)  # fmt: skip

reopened_files = scenario(
    "A device that fails once, and two files, of which each is opened anew now and then.",
    thread("writer", overwrite), thread("fsync", fsync, reopen, per=File), *COMPLETION, setup=file_on_disk,
    scope={FOLIOS: 1, BLOCKS: 1, CELLS: 1, ON_DISK: 1, OVERWRITE_POS: 0, OPENERS: 2, ERRORS: 1, REOPENS: 1, IOENDS: 2},
    bound=4, of=iomap, lock_order=LOCK_ORDER, properties=(*FSYNC, "fsync_reports_errors", "errors_are_reported_once"),
)  # fmt: skip

refusals = scenario(
    "One folio of two blocks: a reservation or a folio is refused once; appends, truncate up, the flusher.",
    thread("writer", append, overwrite), like=default, without=("fsync",),
    scope={FOLIOS: 1, ON_DISK: 1, TRUNCATE_B: 4, ERRORS: 1, REFUSALS: 1, IOENDS: 2}, bound=3,
    properties=(*CONSEQUENCES, "uptodate_blocks_are_initialised", "the_block_of_eof_ends_in_zeros")
)  # fmt: skip

flush_failure = scenario(
    "One folio and a device whose flush fails once: a writer, fsync, the flusher.",
    thread("writer", append, overwrite), like=default, without=("truncater",),
    scope={FOLIOS: 1, BLOCKS: 1, CELLS: 1, ON_DISK: 1, OVERWRITE_POS: 0, ERRORS: 1, FLUSH_FAILURES: 1, IOENDS: 2}, bound=3,
    properties=FSYNC
)  # fmt: skip

faulting_copies = scenario(
    "A write whose copy from user memory may stop anywhere, also before the first byte; the flusher.",
    thread("writer", append, overwrite), like=append_flush,
    scope={ON_DISK: 2, APPEND_A: 1, SHORT_COPIES: 2, OVERWRITE_POS: 0}, bound=2,
    properties=("no_write_is_lost", "io_goes_to_blocks_of_the_file", "nothing_is_left_behind")
)  # fmt: skip

concurrent_passes = scenario(
    "Two folios of one block, a writer, two that call fsync, and the flusher: passes of both modes at once.",
    thread("writer", append, overwrite), like=default, without=("truncater",), setup=dirty_file,
    scope={BLOCKS: 1, CELLS: 1, ON_DISK: 2, OVERWRITE_POS: 0, OPENERS: 2}, bound=3,
    properties=(*FSYNC, "folios_are_locked_in_ascending_order", "towrite_is_on_dirty_marks")
)  # fmt: skip

inode_lists = scenario(
    "Two folios of one block, a writer, the flusher, which comes only to dirty inodes, and sync(2).",
    thread("writer", append, overwrite), thread("flusher", background), thread("sync", sync), *COMPLETION,
    setup=file_on_disk,
    scope={BLOCKS: 1, CELLS: 1, ON_DISK: 1, APPEND_B: 1, OVERWRITE_POS: 0, INODE_LISTS: 1, IOENDS: 2}, bound=3,
    of=iomap, lock_order=LOCK_ORDER,
    properties=(*CONSEQUENCES, "dirty_inodes_are_on_a_list", "clean_inodes_leave_the_lists"),
)  # fmt: skip

inode_changes = scenario(
    "One folio of one block, of a filesystem with ->write_inode: a writer, utimes(2), the flusher and sync(2).",
    thread("writer", overwrite, touch), thread("flusher", background), thread("sync", sync), *COMPLETION,
    setup=file_on_disk,
    scope={FOLIOS: 1, BLOCKS: 1, CELLS: 1, ON_DISK: 1, OVERWRITE_POS: 0, OVERWRITE_LEN: 1, INODE_LISTS: 1, IOENDS: 2},
    bound=4, of=iomap, lock_order=LOCK_ORDER,
    properties=(*CONSEQUENCES, "dirty_inodes_are_on_a_list", "changed_inodes_are_on_a_list", "a_changed_inode_is_written"),
)  # fmt: skip

read_errors = scenario(
    "One folio of two blocks, which reclaim may drop, and one read that fails: a writer, truncate, the flusher.",
    thread("writer", append, overwrite), thread("truncater", truncate), thread("flusher", background), *COMPLETION,
    worker("kswapd", reclaim, per=Folio), setup=file_on_disk,
    scope={FOLIOS: 1, ON_DISK: 3, APPEND_B: 1, TRUNCATE_A: 1, TRUNCATE_B: 4, READ_FAILURES: 1, IOENDS: 2}, bound=3,
    of=iomap, lock_order=LOCK_ORDER,
    properties=(*CONSEQUENCES, "uptodate_blocks_are_initialised", "the_block_of_eof_ends_in_zeros", "a_read_has_failed"),
)  # fmt: skip

short_copies = scenario(
    "A large folio of two pages, and copies from user memory that stop early.",
    thread("writer", append, overwrite), like=default, without=("truncater",),
    scope={FOLIOS: 1, PAGES: 2, ON_DISK: 0, APPEND_A: 1, APPEND_B: 3, SHORT_COPIES: 1, OVERWRITE_POS: 0, IOENDS: 2}, bound=3,
    properties=FSYNC
)  # fmt: skip

short_copy_in_hole = scenario(
    "A write into a hole, whose copy from user memory stops early, and the flusher.",
    thread("writer", overwrite), thread("flusher", background), *COMPLETION, setup=file_on_disk,
    scope={FOLIOS: 1, ON_DISK: 0, HOLE_AT_END: 4, SHORT_COPIES: 1, OVERWRITE_POS: 0, OVERWRITE_LEN: 3, IOENDS: 2},
    bound=2, of=iomap, lock_order=LOCK_ORDER, properties=("no_write_is_lost", "uptodate_blocks_are_initialised"),
)  # fmt: skip

stable_pages = scenario(
    "As append_flush, with a device that needs stable pages.",
    thread("writer", append, overwrite), like=append_flush, scope={ON_DISK: 1, STABLE_WRITES: 1},
    properties=(*CONSEQUENCES, "stable_pages_do_not_change")
)  # fmt: skip
