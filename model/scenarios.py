"""Who runs what, and in which scope."""

from __future__ import annotations

from checker.lang import baseline, interrupt, process, scenario, thread, worker

from model.block.device import blk_mq_complete_request
from model.fs.xfs.xfs_aops import xfs_end_io
from model.operations import APPEND_A, APPEND_B, ON_DISK, OVERWRITE_LEN, OVERWRITE_POS, TRUNCATE_A, TRUNCATE_B
from model.operations import append, background, dirty_file_with_cursor, file_on_disk, fsync, overwrite, truncate
from model.state import BIO_BLOCKS, BLOCKS, CELLS, ERRORS, FOLIOS, IOENDS, OPENERS, PAGES, PAGEVEC_SIZE
from model.state import SHORT_COPIES, STABLE_WRITES, AddressSpace, File, Folio, Inode, Ioend

iomap = baseline("Linux 6.13.1: iomap, the writeback core and XFS.")


LOCK_ORDER = (Inode.i_rwsem, AddressSpace.invalidate_lock, Folio.locked, Inode.i_lock)

default = scenario(
    "Two writers, truncate, fsync and the flusher on a file of two folios.",
    thread("writer", append, overwrite, count=2),
    thread("truncater", truncate),
    thread("fsync", fsync, per=File),
    thread("flusher", background),
    interrupt("irq", blk_mq_complete_request, per=Ioend),
    worker("kworker", xfs_end_io),
    setup=file_on_disk,
    bound=4,
    of=iomap,
    lock_order=LOCK_ORDER,
)

append_flush = scenario(
    "One folio, one writer that appends, and the flusher.",
    thread("writer", append),
    thread("flusher", background),
    interrupt("irq", blk_mq_complete_request, per=Ioend),
    worker("kworker", xfs_end_io),
    setup=file_on_disk,
    scope={FOLIOS: 1, ON_DISK: 0, APPEND_B: 2, IOENDS: 2},
    bound=4,
    of=iomap,
    lock_order=LOCK_ORDER,
)

PASSES = (
    thread("flusher", background),
    interrupt("irq", blk_mq_complete_request, per=Ioend),
    worker("kworker", xfs_end_io),
)

two_mappings = scenario(
    "One folio whose first block is on disk; a write covers it and appends, the flusher writes both.",
    thread("writer", append, overwrite),
    *PASSES,
    setup=file_on_disk,
    scope={FOLIOS: 1, ON_DISK: 2, APPEND_A: 2, APPEND_B: 2, OVERWRITE_POS: 0, IOENDS: 2},
    bound=3,
    of=iomap,
    lock_order=LOCK_ORDER,
)

cyclic = scenario(
    "Two folios of one block, a writer, the flusher with a cursor in the middle, and two that call fsync.",
    thread("writer", overwrite),
    thread("fsync", fsync, per=File),
    *PASSES,
    setup=dirty_file_with_cursor,
    scope={BLOCKS: 1, CELLS: 1, ON_DISK: 2, OVERWRITE_POS: 0, OPENERS: 2},
    bound=5,
    of=iomap,
    lock_order=LOCK_ORDER,
)

two_folios = scenario(
    "Two folios of one block, a writer and fsync.",
    thread("writer", append, overwrite),
    thread("fsync", fsync, per=File),
    *PASSES,
    setup=file_on_disk,
    scope={BLOCKS: 1, CELLS: 2, ON_DISK: 0, APPEND_A: 1, APPEND_B: 4, IOENDS: 2},
    bound=3,
    of=iomap,
    lock_order=LOCK_ORDER,
)

one_folio_batches = scenario(
    "Two folios of one block, looked up one at a time, a writer and fsync.",
    thread("writer", append, overwrite),
    thread("fsync", fsync, per=File),
    *PASSES,
    setup=file_on_disk,
    scope={BLOCKS: 1, CELLS: 1, ON_DISK: 0, APPEND_A: 1, APPEND_B: 1, IOENDS: 2, PAGEVEC_SIZE: 1},
    bound=3,
    of=iomap,
    lock_order=LOCK_ORDER,
)

one_block_folios = scenario(
    "Two folios of one block, a writer, the flusher, and truncate.",
    thread("writer", append),
    thread("truncater", truncate),
    *PASSES,
    setup=file_on_disk,
    scope={BLOCKS: 1, CELLS: 2, ON_DISK: 0, APPEND_A: 1, APPEND_B: 4, TRUNCATE_A: 1, TRUNCATE_B: 3, BIO_BLOCKS: 1},
    bound=3,
    of=iomap,
    lock_order=LOCK_ORDER,
)

errors = scenario(
    "One failure of the device or of an allocation, and two that call fsync.",
    thread("writer", append, overwrite),
    thread("fsync", fsync, per=File),
    *PASSES,
    setup=file_on_disk,
    scope={FOLIOS: 1, ON_DISK: 2, APPEND_A: 1, APPEND_B: 2, OPENERS: 2, ERRORS: 1, OVERWRITE_POS: 0},
    bound=3,
    of=iomap,
    lock_order=LOCK_ORDER,
)

short_copies = scenario(
    "A large folio of two pages, and copies from user memory that stop early.",
    thread("writer", append, overwrite),
    thread("fsync", fsync, per=File),
    *PASSES,
    setup=file_on_disk,
    scope={FOLIOS: 1, PAGES: 2, ON_DISK: 0, APPEND_A: 1, APPEND_B: 3, SHORT_COPIES: 1, OVERWRITE_POS: 0, IOENDS: 2},
    bound=3,
    of=iomap,
    lock_order=LOCK_ORDER,
)

stable_pages = scenario(
    "As append_flush, with a device that needs stable pages.",
    thread("writer", append, overwrite),
    *PASSES,
    setup=file_on_disk,
    scope={FOLIOS: 1, ON_DISK: 1, APPEND_B: 2, STABLE_WRITES: 1, IOENDS: 2},
    bound=4,
    of=iomap,
    lock_order=LOCK_ORDER,
)
