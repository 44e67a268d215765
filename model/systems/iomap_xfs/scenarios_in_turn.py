"""Who uses a file alone: one task that starts one operation when the one before has returned.

What an operation has to have done when it returns is seen where nobody else does the same at the time; and in
worlds this small it can be asked whether each of them comes to its end.
"""

from __future__ import annotations

from checker.lang import scenario, thread, worker

from model.include.state import BLOCKS, CELLS, ERRORS, FOLIOS, INODE_LISTS, IOENDS, MAPPERS, PAGES, REFUSALS
from model.include.state import SHORT_COPIES
from model.include.state import SPARSE_WRITES, Folio
from model.systems.iomap_xfs.operations import APPEND_A, APPEND_B, HOLE_AT_END, ON_DISK, OVERWRITE_LEN, OVERWRITE_POS
from model.systems.iomap_xfs.operations import PUNCH_LEN, PUNCH_POS
from model.systems.iomap_xfs.operations import SPARSE_LEN, SPARSE_POS, STORE_B, TRUNCATE_A, TRUNCATE_B, append, background
from model.systems.iomap_xfs.operations import file_on_disk
from model.systems.iomap_xfs.operations import flush_alone, fsync_alone, invalidate_alone, munmap, overwrite, punch_hole
from model.systems.iomap_xfs.operations import reclaim, store
from model.systems.iomap_xfs.operations import sparse_write, sync_alone, truncate
from model.systems.iomap_xfs.scenarios import COMPLETION, CONSEQUENCES, FSYNC, LOCK_ORDER, MAPPING, append_flush, iomap

IN_TURN = (*FSYNC, "system_calls_end")

cut_in_turn = scenario(
    "One folio of two blocks: one task writes it, writes it back, cuts it between the blocks, and extends it.",
    thread("task", overwrite, background, truncate), *COMPLETION, setup=file_on_disk,
    scope={FOLIOS: 1, ON_DISK: 4, OVERWRITE_POS: 0, OVERWRITE_LEN: 4, TRUNCATE_A: 2, TRUNCATE_B: 4, IOENDS: 2}, bound=4,
    of=iomap, lock_order=LOCK_ORDER,
    properties=(*CONSEQUENCES, "blocks_end_at_eof", "the_block_of_eof_ends_in_zeros", "cut_data_stays_cut"),
)  # fmt: skip

calls_in_turn = scenario(
    "One folio of two blocks: one task writes, truncates, punches a hole and calls fsync.",
    thread("task", overwrite, truncate, punch_hole, fsync_alone), *COMPLETION, setup=file_on_disk,
    scope={
        FOLIOS: 1, CELLS: 1, ON_DISK: 2, OVERWRITE_POS: 0, PUNCH_POS: 1, PUNCH_LEN: 1, TRUNCATE_A: 1, TRUNCATE_B: 2,
        IOENDS: 1,
    }, bound=2, of=iomap, lock_order=LOCK_ORDER, properties=(*IN_TURN, "blocks_end_at_eof"),
)  # fmt: skip

errors_in_turn = scenario(
    "One block, and one failure of the device or of an allocation: one task writes, flushes, calls fsync.",
    thread("task", append, overwrite, background, fsync_alone, flush_alone), *COMPLETION, setup=file_on_disk,
    scope={FOLIOS: 1, BLOCKS: 1, CELLS: 1, ON_DISK: 0, APPEND_A: 1, APPEND_B: 1, OVERWRITE_POS: 0, ERRORS: 1, IOENDS: 1},
    bound=4, of=iomap, lock_order=LOCK_ORDER,
    properties=(*IN_TURN, "fsync_reports_errors", "errors_are_reported_once", "flushes_report_errors"),
)  # fmt: skip

sync_in_turn = scenario(
    "Two folios of one block: one task writes and calls sync(2), beside the flusher, which comes only to dirty inodes.",
    thread("task", append, overwrite, sync_alone), thread("flusher", background), *COMPLETION, setup=file_on_disk,
    scope={BLOCKS: 1, CELLS: 1, ON_DISK: 1, APPEND_B: 1, OVERWRITE_POS: 0, INODE_LISTS: 1, IOENDS: 2}, bound=3,
    of=iomap, lock_order=LOCK_ORDER,
    properties=(*CONSEQUENCES, "dirty_inodes_are_on_a_list", "clean_inodes_leave_the_lists", "sync_writes_what_was_dirty"),
)  # fmt: skip

invalidate_in_turn = scenario(
    "One folio of two blocks: one task writes it and invalidates it for direct I/O, beside the flusher and reclaim.",
    thread("task", overwrite, invalidate_alone), thread("flusher", background), *COMPLETION,
    worker("kswapd", reclaim, per=Folio), setup=file_on_disk,
    scope={FOLIOS: 1, ON_DISK: 4, OVERWRITE_POS: 1, OVERWRITE_LEN: 2, IOENDS: 2}, bound=3, of=iomap,
    lock_order=LOCK_ORDER, properties=(*CONSEQUENCES, "invalidation_leaves_nothing_cached"),
)  # fmt: skip

copies_behind_eof = scenario(
    "Appends whose copy from user memory may stop anywhere: what is left in the page cache behind EOF.",
    like=append_flush, without=("flusher",), scope={ON_DISK: 1, APPEND_A: 1, APPEND_B: 3, SHORT_COPIES: 2, IOENDS: 1},
    bound=2, properties=("no_write_is_lost", "failed_writes_leave_nothing_behind_eof", "reservations_are_for_dirty_blocks")
)  # fmt: skip

copies_fail_behind_eof = scenario(
    "A write behind EOF whose copy from user memory may stop anywhere, also before the first byte.",
    thread("writer", sparse_write), *COMPLETION, setup=file_on_disk,
    scope={FOLIOS: 1, ON_DISK: 1, SPARSE_WRITES: 1, SPARSE_POS: 3, SPARSE_LEN: 1, SHORT_COPIES: 2, IOENDS: 1}, bound=1,
    of=iomap, lock_order=LOCK_ORDER, properties=("no_write_is_lost", "failed_writes_keep_i_size"),
)  # fmt: skip

faults_end = scenario(
    "One page: stores through a mapping, munmap and the flusher; each fault comes to its end.",
    thread("mapper", store, munmap), thread("flusher", background), *COMPLETION, setup=file_on_disk,
    scope={FOLIOS: 1, BLOCKS: 1, CELLS: 1, ON_DISK: 1, MAPPERS: 1, IOENDS: 1}, bound=2, of=iomap, lock_order=LOCK_ORDER,
    properties=(*CONSEQUENCES, *MAPPING, "faults_end"),
)  # fmt: skip

punch_in_turn = scenario(
    "Two large folios of two pages: one task writes them, writes them back, and punches a hole from the middle of each.",
    thread("task", overwrite, background, punch_hole), *COMPLETION, setup=file_on_disk,
    scope={PAGES: 2, CELLS: 1, ON_DISK: 4, OVERWRITE_POS: 0, OVERWRITE_LEN: 4, PUNCH_POS: 1, PUNCH_LEN: 2, IOENDS: 2},
    bound=3, of=iomap, lock_order=LOCK_ORDER, properties=(*CONSEQUENCES, "uptodate_blocks_are_initialised"),
)  # fmt: skip

two_faults = scenario(
    "One page that two threads of a process store to, and the flusher: one of two faults at a time comes too late.",
    thread("mapper", store, count=2), like=faults_end, bound=3
)  # fmt: skip

refused_faults = scenario(
    "A page that ends in a hole: stores, for which a reservation is refused once; the flusher comes only to dirty inodes.",
    thread("mapper", store), thread("flusher", background), *COMPLETION, setup=file_on_disk,
    scope={
        FOLIOS: 1, CELLS: 1, ON_DISK: 1, HOLE_AT_END: 1, STORE_B: 1, MAPPERS: 1, INODE_LISTS: 1, ERRORS: 1, REFUSALS: 1,
        IOENDS: 2,
    }, bound=3, of=iomap, lock_order=LOCK_ORDER, properties=(*CONSEQUENCES, *MAPPING, "dirty_inodes_are_on_a_list"),
)  # fmt: skip
