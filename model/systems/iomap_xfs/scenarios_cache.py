"""Who else is at the page cache: mappings, memory reclaim, holes, and files that get freed blocks."""

from __future__ import annotations

from checker.lang import process, scenario, thread, worker

from model.fs.xfs.libxfs.xfs_bmap import other_file
from model.include.state import BLOCKS, CELLS, FOLIOS, IOENDS, MAPPERS, OTHER_FILE, PAGES, READ_FAILURES
from model.include.state import SPARSE_WRITES, STABLE_WRITES, File, Folio
from model.systems.iomap_xfs.operations import APPEND_A, APPEND_B, ON_DISK, OVERWRITE_LEN, OVERWRITE_POS, PUNCH_LEN
from model.systems.iomap_xfs.operations import SPARSE_POS
from model.systems.iomap_xfs.operations import STORE_A, STORE_B, TRUNCATE_A, TRUNCATE_B, append, background, dirty_file
from model.systems.iomap_xfs.operations import file_on_disk, fsync, invalidate, munmap, overwrite, punch_hole, reclaim
from model.systems.iomap_xfs.operations import sparse_write, store, truncate
from model.systems.iomap_xfs.scenarios import COMPLETION, CONSEQUENCES, FSYNC, LOCK_ORDER, MAPPING, append_flush, default
from model.systems.iomap_xfs.scenarios import iomap

mmap = scenario(
    "One folio: stores through a shared mapping, munmap, the flusher and fsync.",
    thread("mapper", store, munmap), thread("fsync", fsync, per=File), thread("flusher", background), *COMPLETION,
    setup=file_on_disk,
    scope={FOLIOS: 1, BLOCKS: 2, CELLS: 1, ON_DISK: 1, STORE_A: 0, STORE_B: 1, MAPPERS: 1, IOENDS: 2}, bound=3,
    of=iomap, lock_order=LOCK_ORDER, properties=(*FSYNC, *MAPPING),
)  # fmt: skip

mmap_read_errors = scenario(
    "One folio of two blocks, and one read that fails: stores through a mapping, a writer, the flusher.",
    thread("mapper", store), thread("writer", overwrite), thread("flusher", background), *COMPLETION,
    setup=file_on_disk, scope={FOLIOS: 1, ON_DISK: 4, STORE_B: 3, MAPPERS: 1, READ_FAILURES: 1, IOENDS: 2}, bound=3,
    of=iomap, lock_order=LOCK_ORDER,
    properties=(*CONSEQUENCES, *MAPPING, "uptodate_blocks_are_initialised", "a_read_has_failed"),
)  # fmt: skip

mmap_stable = scenario(
    "One folio and a device that needs stable pages: stores through a mapping, a writer, the flusher.",
    thread("mapper", store), thread("writer", append), thread("flusher", background), *COMPLETION, setup=file_on_disk,
    scope={FOLIOS: 1, BLOCKS: 2, CELLS: 1, ON_DISK: 1, APPEND_B: 1, STORE_B: 1, MAPPERS: 1, STABLE_WRITES: 1, IOENDS: 2},
    bound=3, of=iomap, lock_order=LOCK_ORDER, properties=(*CONSEQUENCES, *MAPPING, "stable_pages_do_not_change"),
)  # fmt: skip

mmap_extend = scenario(
    "Two folios of two blocks: stores around EOF through a mapping, a write behind EOF, and the flusher.",
    thread("mapper", store), thread("writer", sparse_write), thread("flusher", background), *COMPLETION,
    setup=file_on_disk,
    scope={CELLS: 1, ON_DISK: 1, STORE_A: 0, STORE_B: 1, SPARSE_WRITES: 1, SPARSE_POS: 2, MAPPERS: 1, IOENDS: 2},
    bound=3, of=iomap, lock_order=LOCK_ORDER, properties=(*CONSEQUENCES, *MAPPING, "cut_data_stays_cut"),
)  # fmt: skip

mmap_truncate = scenario(
    "Two folios of one block: stores through a mapping, truncate, and the flusher.",
    thread("mapper", store, munmap), thread("truncater", truncate), thread("flusher", background), *COMPLETION,
    setup=file_on_disk,
    scope={BLOCKS: 1, CELLS: 2, ON_DISK: 3, STORE_A: 1, STORE_B: 2, TRUNCATE_A: 1, TRUNCATE_B: 4, MAPPERS: 1, IOENDS: 2},
    bound=3, of=iomap, lock_order=LOCK_ORDER, properties=(*CONSEQUENCES, *MAPPING, "cut_data_stays_cut"),
)  # fmt: skip

mmap_large = scenario(
    "A large folio of two pages, each mapped by itself: stores, truncate, the flusher.",
    thread("mapper", store), thread("truncater", truncate), thread("flusher", background), *COMPLETION,
    setup=file_on_disk,
    scope={FOLIOS: 1, PAGES: 2, CELLS: 1, ON_DISK: 2, STORE_B: 1, TRUNCATE_A: 1, TRUNCATE_B: 2, MAPPERS: 1, IOENDS: 2},
    bound=3, of=iomap, lock_order=LOCK_ORDER, properties=(*CONSEQUENCES, *MAPPING, "cut_data_stays_cut"),
)  # fmt: skip

mmap_invalidate = scenario(
    "One folio: stores through a mapping, invalidation before direct I/O, reclaim, and the flusher.",
    thread("mapper", store), thread("direct", invalidate), thread("flusher", background), *COMPLETION,
    worker("kswapd", reclaim, per=Folio), setup=file_on_disk,
    scope={FOLIOS: 1, BLOCKS: 1, ON_DISK: 2, STORE_B: 1, MAPPERS: 1, IOENDS: 2}, bound=3, of=iomap,
    lock_order=LOCK_ORDER, properties=(*CONSEQUENCES, *MAPPING),
)  # fmt: skip

mmap_punch = scenario(
    "Two folios of one block: stores through a mapping, a hole is punched, another file gets its block.",
    thread("mapper", store), thread("puncher", punch_hole), thread("flusher", background), worker("other", other_file),
    *COMPLETION, setup=file_on_disk,
    scope={BLOCKS: 1, CELLS: 1, ON_DISK: 2, PUNCH_LEN: 1, STORE_B: 1, MAPPERS: 1, OTHER_FILE: 1, IOENDS: 2}, bound=3,
    of=iomap, lock_order=LOCK_ORDER,
    properties=(
        *CONSEQUENCES, *MAPPING, "no_stale_data_is_exposed", "another_file_keeps_its_data",
        "uptodate_blocks_are_initialised",
    ),
)  # fmt: skip

reclaim_writer = scenario(
    "One folio of one block, which memory reclaim may drop: a writer, the flusher.",
    thread("writer", append, overwrite), like=append_flush, also=(worker("kswapd", reclaim, per=Folio),),
    scope={BLOCKS: 1, APPEND_A: 2, OVERWRITE_LEN: 1}, properties=(*CONSEQUENCES, "uptodate_blocks_are_initialised")
)  # fmt: skip

reclaim_blocks = scenario(
    "One folio of two blocks, which memory reclaim may drop: a writer, truncate, the flusher.",
    thread("writer", append, overwrite), thread("truncater", truncate), thread("flusher", background), *COMPLETION,
    worker("kswapd", reclaim, per=Folio), setup=file_on_disk,
    scope={FOLIOS: 1, ON_DISK: 3, APPEND_A: 1, APPEND_B: 1, TRUNCATE_A: 1, TRUNCATE_B: 4, IOENDS: 2}, bound=3, of=iomap,
    lock_order=LOCK_ORDER,
    properties=(*CONSEQUENCES, "uptodate_blocks_are_initialised", "cut_data_stays_cut", "the_block_of_eof_ends_in_zeros"),
)  # fmt: skip

large_truncate = scenario(
    "A large folio of two pages: truncate to and across them, a writer, the flusher, reclaim.",
    thread("writer", append, overwrite), thread("truncater", truncate), thread("flusher", background), *COMPLETION,
    worker("kswapd", reclaim, per=Folio), setup=file_on_disk,
    scope={
        FOLIOS: 1, PAGES: 2, ON_DISK: 3, OVERWRITE_POS: 0, OVERWRITE_LEN: 1, APPEND_B: 1, TRUNCATE_A: 1, TRUNCATE_B: 4,
        IOENDS: 2,
    }, bound=3, of=iomap, lock_order=LOCK_ORDER,
    properties=(*CONSEQUENCES, "cut_data_stays_cut", "the_block_of_eof_ends_in_zeros"),
)  # fmt: skip

reused_blocks = scenario(
    "Two folios of one block: truncate frees blocks, a writer and another file allocate them; crashes.",
    thread("writer", append), thread("truncater", truncate), thread("fsync", fsync, per=File),
    thread("flusher", background), worker("other", other_file), *COMPLETION, setup=file_on_disk,
    scope={BLOCKS: 1, CELLS: 1, ON_DISK: 2, APPEND_B: 1, TRUNCATE_A: 0, TRUNCATE_B: 1, OTHER_FILE: 1, IOENDS: 2},
    bound=3, of=iomap, lock_order=LOCK_ORDER,
    properties=(*FSYNC, "no_stale_data_is_exposed", "another_file_keeps_its_data"),
)  # fmt: skip

reused_under_writeback = scenario(
    "Two dirty folios: while the flusher writes, truncate frees a block, another file gets it, one append.",
    process("writer", append), process("truncater", truncate), process("flusher", background),
    worker("other", other_file), *COMPLETION, setup=dirty_file,
    scope={BLOCKS: 1, CELLS: 1, ON_DISK: 2, APPEND_B: 1, TRUNCATE_A: 1, TRUNCATE_B: 1, OTHER_FILE: 1, IOENDS: 2},
    of=iomap, lock_order=LOCK_ORDER,
    properties=(*CONSEQUENCES, "no_stale_data_is_exposed", "another_file_keeps_its_data"),
)  # fmt: skip

punch = scenario(
    "One folio of two blocks: a hole is punched across a block boundary, a writer, the flusher, reclaim.",
    thread("writer", overwrite), thread("puncher", punch_hole), thread("flusher", background),
    worker("other", other_file), *COMPLETION, worker("kswapd", reclaim, per=Folio), setup=file_on_disk,
    scope={FOLIOS: 1, ON_DISK: 4, PUNCH_LEN: 3, OVERWRITE_POS: 1, OTHER_FILE: 1, IOENDS: 2}, bound=3, of=iomap,
    lock_order=LOCK_ORDER,
    properties=(*CONSEQUENCES, "no_stale_data_is_exposed", "another_file_keeps_its_data", "uptodate_blocks_are_initialised"),
)  # fmt: skip

write_behind_eof = scenario(
    "Two folios of one block: truncate inside the first, a write into the second, the flusher; crashes.",
    thread("writer", sparse_write), like=default, without=("fsync",),
    scope={BLOCKS: 1, ON_DISK: 2, TRUNCATE_A: 1, TRUNCATE_B: 1, SPARSE_WRITES: 1, SPARSE_POS: 2, IOENDS: 2}, bound=3,
    properties=(*CONSEQUENCES, "cut_data_stays_cut")
)  # fmt: skip
