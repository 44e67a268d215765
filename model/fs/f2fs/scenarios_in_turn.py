"""Files of f2fs that one task uses alone, and worlds made for one step: a checkpoint between clusters, GC that fails."""

from __future__ import annotations

from checker.lang import interrupt, process, scenario, thread

from model.fs.f2fs.operations import F2FS_CLUSTERS_ON_DISK, F2FS_ON_DISK, F2FS_TRUNCATE, F2FS_WRITE_B, F2FS_WRITE_LEN
from model.fs.f2fs.operations import f2fs_background, f2fs_checkpoint, f2fs_collect, f2fs_compressed_file, f2fs_file_on_disk
from model.fs.f2fs.operations import f2fs_fsync_alone, f2fs_truncate, f2fs_write
from model.fs.f2fs.scenarios import F2FS_CLUSTERS, F2FS_LOCK_ORDER, F2FS_SCOPE, F2FS_WRITEBACK, f2fs
from model.fs.f2fs.segment import f2fs_write_end_io
from model.fs.f2fs.state import F2FS_CLUSTER_SIZE, F2FS_COMPRESSIBLE, F2FS_WHOLE_PAGES, Page
from model.state import ERRORS, FOLIOS

F2FS_IN_TURN = (*F2FS_CLUSTERS, "f2fs_data_is_inside_the_file", "f2fs_blocks_behind_eof_are_zero")

f2fs_cluster_in_turn = scenario(
    "A compressed cluster of two pages: one task writes parts of a page, truncates, calls fsync, is the flusher.",
    thread("task", f2fs_write, f2fs_truncate, f2fs_fsync_alone, f2fs_background),
    interrupt("irq", f2fs_write_end_io, per=Page),
    setup=f2fs_compressed_file,
    scope={**F2FS_SCOPE, F2FS_CLUSTER_SIZE: 2, F2FS_WHOLE_PAGES: 0},
    bound=4,
    of=f2fs,
    lock_order=F2FS_LOCK_ORDER,
    properties=F2FS_IN_TURN,
)

f2fs_raw_in_turn = scenario(
    "A cluster of two raw pages that does not compress: one task writes, truncates, calls fsync, is the flusher.",
    thread("task", f2fs_write, f2fs_truncate, f2fs_fsync_alone, f2fs_background),
    interrupt("irq", f2fs_write_end_io, per=Page),
    setup=f2fs_file_on_disk,
    scope={**F2FS_SCOPE, F2FS_ON_DISK: 2, F2FS_CLUSTER_SIZE: 2, F2FS_COMPRESSIBLE: 0},
    bound=4,
    of=f2fs,
    lock_order=F2FS_LOCK_ORDER,
    properties=(*F2FS_IN_TURN, "f2fs_blocks_end_at_eof"),
)

f2fs_cluster_of_four = scenario(
    "A compressed cluster of four pages, of which compression saves two blocks: one task writes, truncates, calls fsync.",
    thread("task", f2fs_write, f2fs_truncate, f2fs_fsync_alone),
    interrupt("irq", f2fs_write_end_io, per=Page),
    setup=f2fs_compressed_file,
    scope={**F2FS_SCOPE, FOLIOS: 4, F2FS_CLUSTER_SIZE: 4, F2FS_WRITE_LEN: 3, F2FS_TRUNCATE: 3},
    bound=3,
    of=f2fs,
    lock_order=F2FS_LOCK_ORDER,
    properties=F2FS_IN_TURN,
)

f2fs_cluster_from_raw = scenario(
    "A raw cluster of four pages that is written as a whole and compresses: one task writes and calls fsync.",
    thread("task", f2fs_write, f2fs_fsync_alone),
    interrupt("irq", f2fs_write_end_io, per=Page),
    setup=f2fs_file_on_disk,
    scope={**F2FS_SCOPE, FOLIOS: 4, F2FS_CLUSTER_SIZE: 4, F2FS_ON_DISK: 4, F2FS_WRITE_LEN: 4, F2FS_WRITE_B: 0},
    bound=3,
    of=f2fs,
    lock_order=F2FS_LOCK_ORDER,
    properties=F2FS_CLUSTERS,
)

f2fs_clusters_and_checkpoints = scenario(
    "Two compressed clusters that one write dirties, a pass over both, and a checkpoint between them.",
    process("writer", f2fs_write),
    thread("flusher", f2fs_background),
    thread("checkpoint", f2fs_checkpoint),
    interrupt("irq", f2fs_write_end_io, per=Page),
    setup=f2fs_compressed_file,
    scope={
        **F2FS_SCOPE, FOLIOS: 4, F2FS_CLUSTER_SIZE: 2, F2FS_CLUSTERS_ON_DISK: 2, F2FS_WRITE_LEN: 4, F2FS_WRITE_B: 0,
    },
    bound=2,
    of=f2fs,
    lock_order=F2FS_LOCK_ORDER,
    properties=F2FS_CLUSTERS,
)  # fmt: skip

f2fs_cluster_calls_end = scenario(
    "A compressed cluster of two pages and a write of a part of a page: it comes to its end.",
    thread("writer", f2fs_write),
    interrupt("irq", f2fs_write_end_io, per=Page),
    setup=f2fs_compressed_file,
    scope={**F2FS_SCOPE, F2FS_CLUSTER_SIZE: 2, F2FS_WHOLE_PAGES: 0},
    bound=2,
    of=f2fs,
    lock_order=F2FS_LOCK_ORDER,
    properties=(*F2FS_CLUSTERS, "f2fs_system_calls_end"),
)

f2fs_gc_errors = scenario(
    "One page that garbage collection moves, and one failure of the device or of reading a node; checkpoints.",
    thread("writer", f2fs_write),
    thread("flusher", f2fs_background),
    thread("checkpoint", f2fs_checkpoint),
    thread("gc", f2fs_collect),
    interrupt("irq", f2fs_write_end_io, per=Page),
    setup=f2fs_file_on_disk,
    scope={**F2FS_SCOPE, FOLIOS: 1, F2FS_WRITE_B: 0, ERRORS: 1},
    bound=3,
    of=f2fs,
    lock_order=F2FS_LOCK_ORDER,
    properties=F2FS_WRITEBACK,
)
